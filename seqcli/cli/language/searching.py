"""What tune does: trials run one after the other, each written down when it is over, so that a search can go on."""

from __future__ import annotations

import json
import os
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from seqcli.cli.fitting import Stop
from seqcli.cli.language.outcome import perplexity_text
from seqcli.cli.language.train import make_training
from seqcli.cli.options import Session
from seqcli.cli.preparing import Plan
from seqcli.cli.terminal import Terminal, duration
from seqcli.errors import DamagedError, DivergedError, MisuseError, ModelError, quoted
from seqcli.spec import LanguageSpec, RunSpec, option_name, to_dict
from seqcli.tuning import Trial, candidates, go_on, ranked, rounds

if TYPE_CHECKING:
    from seqcli.text.corpus import Corpus

ENDING = ".tune.jsonl"
HELD_OUT = 20_000  # tokens that trials are measured on: the differences between models are right to some 0.5 %


class Journal:
    """The trials of a search as JSON lines beside the models; the first line says what is searched.

    It is held, as a model is in a training, until it is closed.
    """

    def __init__(self, session: Session, name: str, resume: bool, replace: bool) -> None:
        """Raises ModelError for a search that is there already or in use, or is to go on and is not there."""
        from seqcli.store.default import check_name
        from seqcli.store.files import Claim, explained, make_directory

        check_name(name)
        root = session.shelf.root
        self.path = os.path.join(root, name + ENDING)
        self.header: dict[str, Any] | None = None
        self.trials: list[Trial] = []
        self._check(resume, replace)
        with explained("write", root):
            make_directory(root)
            self._claim = Claim(root, follow=True, of=name + ENDING)
        try:
            self._check(resume, replace)  # again: another process may have been quicker
            if resume:
                self._read()
        except BaseException:
            self._claim.release()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._claim.release()

    def _check(self, resume: bool, replace: bool) -> None:
        there = os.path.lexists(self.path)
        if there and not (resume or replace):
            raise ModelError(f"{quoted(self.path, 160)} exists; add --resume to go on, or --replace to begin anew.")
        if resume and not there:
            raise ModelError(f"There is no {quoted(self.path, 160)} to go on with; leave out --resume.")

    def begin(self, header: dict[str, Any]) -> None:
        """Begin to write, or make sure that the same is searched. Raises MisuseError where it is not."""
        if self.header is not None:
            odd = [key for key in header if self.header.get(key) != header[key]]
            if odd:
                raise MisuseError(
                    f"The search in {quoted(self.path, 160)} began with another {', '.join(odd)}; give the same text "
                    "and settings, or --replace."
                )
        from seqcli.store.files import write_whole

        lines = [header, *(trial._asdict() for trial in self.trials)]
        write_whole(self.path, [json.dumps(line).encode() + b"\n" for line in lines])

    def add(self, trial: Trial) -> None:
        """Write a trial down. Raises ModelError."""
        try:
            with open(self.path, "ab") as stream:
                stream.write(json.dumps(trial._asdict()).encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise ModelError(f"Cannot write {quoted(self.path, 160)}: {error.strerror}; make room there.") from error
        self.trials.append(trial)

    def _read(self) -> None:
        """Read what was written; a last line that was cut short is left out."""
        from seqcli.store.files import open_regular
        from seqcli.store.shapes import TRIAL, checked
        from seqcli.store.strict import parse_json

        try:
            with open(open_regular(self.path), "rb") as stream:
                whole = stream.read().split(b"\n")[:-1]
            lines = [parse_json(line) for line in whole]
            if not all(isinstance(line, dict) for line in lines):
                raise ValueError("a line is no object")
            for line in lines[1:]:
                for key, kind in TRIAL.items():
                    checked(line, key, kind)
            self.header, self.trials = lines[0], [Trial(**line) for line in lines[1:]]
        except OSError as error:
            raise ModelError(f"Cannot read {quoted(self.path, 160)}: {error.strerror}; check the path.") from error
        except (ValueError, TypeError, IndexError) as error:
            raise DamagedError(f"{quoted(self.path, 160)} is no search that tune wrote; use --replace.") from error


class Search:
    """A search on one text."""

    def __init__(self, session: Session, plan: Plan, corpus: Corpus, journal: Journal) -> None:
        short = replace(corpus.held_out, ids=corpus.held_out.ids[:HELD_OUT])
        self._session, self._plan, self._journal, self._stop = session, plan, journal, Stop()
        self._corpus = replace(corpus, held_out=short)
        self._silent = Session(session.models_dir, Terminal())
        self._silent.terminal.quiet = True

    def run(self, minutes: float, count: int, fixed: set[str]) -> list[Trial]:
        """Run the trials that are not done yet; return the last of each settings, the best first."""
        usual = {**to_dict(self._plan.spec), **to_dict(self._plan.run)}
        tried = candidates(usual, fixed, count, self._plan.run.seed)
        stages = rounds(minutes, len(tried))
        total, last = sum(stage.trials for stage in stages), dict[int, Trial]()
        numbers = list(range(len(tried)))
        with self._stop:
            for at, stage in enumerate(stages):
                here = [self._trial(number, at, stage.minutes, tried[number], total) for number in numbers]
                last |= {trial.number: trial for trial in here}
                numbers = go_on(here, stages[at + 1].trials) if at + 1 < len(stages) else []
        return ranked(last.values())

    def _trial(self, number: int, at: int, minutes: float, settings: dict[str, Any], total: int) -> Trial:
        """Return a trial, from the journal where it is done. Raises SystemExit when it was told to stop."""
        for trial in self._journal.trials:
            if (trial.round, trial.number) == (at, number):
                if trial.settings != settings:
                    raise DamagedError(f"{quoted(self._journal.path, 160)} is of another search; use --replace.")
                return trial
        try:
            with self._session.terminal.bar(None, "training", "update") as bar:
                trial = self._train(number, at, minutes, settings, bar)
        except InterruptedError:
            done = len(self._journal.trials)
            self._session.terminal.note(f"{done} trials are kept. Go on with the same command and --resume.")
            raise SystemExit(128 + self._stop.signal) from None
        self._journal.add(trial)
        place = len(self._journal.trials)
        cost = "learned nothing" if trial.nats_per_token is None else perplexity_text(trial.nats_per_token)
        shown = " ".join(f"{option_name(key)} {value}" for key, value in settings.items())
        self._session.terminal.note(f"{place:3}/{total}  {duration(60 * minutes)}: {cost}  {shown}")
        return trial

    def _train(self, number: int, at: int, minutes: float, settings: dict[str, Any], bar: Any) -> Trial:
        parts = [
            {key: value for key, value in settings.items() if key in {f.name for f in fields(cls)}}
            for cls in (LanguageSpec, RunSpec)
        ]
        spec = replace(self._plan.spec, **parts[0])
        run = replace(self._plan.run, minutes=minutes, epochs=None, **parts[1])
        from seqcli.progress import Stopped

        training = make_training(self._silent, Plan(self._plan.text, spec, run), self._corpus, None)
        p, training.stop = training.progress, self._stop.asked
        try:
            for event in training.events():
                bar.to(p.update, p.end)
                if self._stop.asked() and not isinstance(event, Stopped):
                    raise InterruptedError
        except DivergedError:
            pass  # what it had learned before counts
        nats = p.best_nats if p.best_update else None
        return Trial(number, at, minutes, settings, nats, p.update, p.tokens)
