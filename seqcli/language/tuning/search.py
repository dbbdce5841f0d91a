"""What tune does: trials run one after the other, each written down when it is over, so that a search can go on."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from seqcli.errors import DamagedError, DivergedError, quoted
from seqcli.language.figures import perplexity_text
from seqcli.language.settings import LanguageSpec
from seqcli.language.training import make_training
from seqcli.language.tuning.halving import Trial, candidates, go_on, ranked, rounds
from seqcli.quantities import duration
from seqcli.session import Silent
from seqcli.settings import option_name, to_dict
from seqcli.training.plan import Plan
from seqcli.training.settings import RunSpec
from seqcli.training.stop import Stop

if TYPE_CHECKING:
    from seqcli.language.tuning.journal import Journal
    from seqcli.session import Session
    from seqcli.text.corpus import Corpus

HELD_OUT = 20_000  # tokens that trials are measured on: the differences between models are right to some 0.5 %


class Search:
    """A search on one text."""

    def __init__(self, session: Session, plan: Plan, corpus: Corpus, journal: Journal) -> None:
        short = replace(corpus.held_out, ids=corpus.held_out.ids[:HELD_OUT])
        self._plan, self._session, self._journal, self._stop = plan, session, journal, Stop()
        self._corpus = replace(corpus, held_out=short)
        self._silent = Silent(session.shelf)

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
            with self._session.bar(None, "training", "update") as bar:
                trial = self._train(number, at, minutes, settings, bar)
        except InterruptedError:
            done = len(self._journal.trials)
            self._session.note(f"{done} trials are kept. Go on with the same command and --resume.")
            raise SystemExit(128 + self._stop.signal) from None
        self._journal.add(trial)
        place = len(self._journal.trials)
        cost = "learned nothing" if trial.nats_per_token is None else perplexity_text(trial.nats_per_token)
        shown = " ".join(f"{option_name(key)} {value}" for key, value in settings.items())
        self._session.note(f"{place:3}/{total}  {duration(60 * minutes)}: {cost}  {shown}")
        return trial

    def _train(self, number: int, at: int, minutes: float, settings: dict[str, Any], bar: Any) -> Trial:
        parts = [
            {key: value for key, value in settings.items() if key in {f.name for f in fields(cls)}}
            for cls in (LanguageSpec, RunSpec)
        ]
        spec = replace(self._plan.spec, **parts[0])
        run = replace(self._plan.run, minutes=minutes, epochs=None, **parts[1])
        from seqcli.training.events import Stopped

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
