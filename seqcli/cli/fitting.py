"""What every trainer's command does alike: name the model, follow the events, save, and stop when told to."""

from __future__ import annotations

import json
import math
import os
import re
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from seqcli.cli.completion import complete_model
from seqcli.cli.options import MODELS_DIR, Session, option, reading_options
from seqcli.cli.terminal import Terminal, duration
from seqcli.errors import DamagedError, MisuseError, ModelError, SeqcliError, quoted
from seqcli.memory import available
from seqcli.spec import option_name, to_dict
from seqcli.text.form import Form

if TYPE_CHECKING:
    from seqcli.progress import Evaluated, Event, Progress, Progressed, Tried
    from seqcli.store import Draft, Record


BUDGETS = ("epochs", "minutes")  # the settings that say how long
CHECKPOINT_SECONDS = 120.0  # between two saves where no evaluation comes: what a crash may cost
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def training_options(command: Any) -> Any:
    """Add the options that every trainer has beside its settings."""
    for decorate in (
        option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.", panel="Output"),
        option("--replace", is_flag=True, help="Replace a model of this name, once the new one is saved."),
        option(
            "--resume",
            is_flag=True,
            help="Go on with a training that was interrupted; with --minutes or --epochs also with one that is over.",
        ),
        option(
            "--like",
            metavar="NAME",
            shell_complete=complete_model,
            help="Take every setting that is not given from this model.",
        ),
        reading_options,
        option("--valid", multiple=True, metavar="FILE", help="Held-out text, instead of a part cut from the text."),
        option("--name", metavar="NAME", help="Name of the model.  [default: the file's]"),
    ):
        command = decorate(command)
    return command


def check_resume(resume: bool, **beginnings: Any) -> None:
    """Raise MisuseError where a training is to go on and one of the options that only begin one is given."""
    if resume and any(beginnings.values()):
        *some, last = map(option_name, beginnings)
        raise MisuseError(f"--resume goes on with a model as it is; leave out {', '.join(some)} and {last}.")


def check_trained(record: Record | None) -> None:
    """Raise MisuseError for a model that no training made, so that none can go on."""
    if record is not None and "update" not in record.progress:  # an imported table or ARPA file, or one made of another
        raise MisuseError(
            f"{quoted(record.name)} was imported, not trained: --resume has nothing to go on with; leave it out and "
            "choose another --name."
        )


def is_over(record: Record | None) -> bool:
    """Return whether the training of a record came to its end.

    With a state it was told to stop at its last events, without BLEU while its translations were measured: what was
    left undone is done when it goes on.
    """
    if record is None or not record.progress.get("finished") or "state" in record.files:
        return False
    return record.task != "translation" or "bleu" in record.results.get("held_out", {})


def is_longer(record: Record | None, run: Any) -> bool:
    """Return whether a training that is over goes on, with a budget of its own in `run`."""
    return record is not None and is_over(record) and run is not record.run


def say_finished(session: Session, record: Record) -> None:
    """Say that nothing is left to do, and how a training that has a budget can go on all the same."""
    session.shelf.set_default(record.name, only_first=True)  # in case it was stopped before it came to that
    how = "; to train it longer, add --minutes or --epochs" if hasattr(record.run, "epochs") else ""
    session.terminal.note(f"{quoted(record.name)} is trained to its end; nothing is left to do{how}.")


def name_of(paths: Sequence[str]) -> str:
    """Return a model's name made from the first file's: books/Emma.txt.gz -> Emma."""
    stem = os.path.basename(os.path.abspath(paths[0])) if paths[0] != "-" else "stdin"
    stem = re.sub(r"(\.(gz|bz2|xz|txt|text|md|tok))+$", "", stem, flags=re.IGNORECASE)
    return re.sub("[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:64].rstrip(".") or "model"


@dataclass(frozen=True)
class Source:
    """Where the text of a training comes from, as it was typed."""

    texts: tuple[str, ...]
    valid: tuple[str, ...]
    form: Form


def ends(session: Session, minutes: float | None, began: float, after: float = 0.0) -> float | None:
    """Return by when a training is to be over, so that its command keeps to its minutes; None without minutes.

    began: when the command did. after: seconds of what comes behind the training.
    """
    if minutes is None:
        return None
    from seqcli.progress import LEAST_SHARE

    spent = time.monotonic() - began + after
    if spent > (1.0 - LEAST_SHARE) * 60 * minutes:
        session.terminal.note(
            f"Note: what is not training, such as reading, takes {duration(spent)}, more than half of --minutes "
            f"{minutes:g}; the training has the other half all the same."
        )
    return began + 60 * minutes - after


class Stop:
    """Hears Ctrl-C and its kin: the first asks the training to save and stop, the second stops it at once."""

    def __init__(self) -> None:
        self.signal = 0

    def __enter__(self) -> Stop:
        heard = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]  # nohup's stays ignored
        self._before = {number: signal.signal(number, self._hear) for number in heard}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def asked(self) -> bool:
        """Return whether somebody asked the training to stop."""
        return self.signal != 0

    def _hear(self, number: int, frame: object) -> None:
        if self.signal:
            raise SystemExit(128 + number)
        self.signal = number


@dataclass
class Checkpoint:
    """What is saved of a training: the record's fixed parts, the files that do not change, and the best weights."""

    draft: Draft
    fixed: dict[str, Any]  # task, architecture, text, spec, run, corpus: as Draft.save takes them
    files: dict[str, bytes]  # by role; "weights" (or its like) and "history" are replaced as the training goes
    results: dict[str, Any] = field(default_factory=dict)
    saved: float = field(default_factory=time.monotonic)

    def save(self, progress: Progress, state: bytes | None) -> None:
        """Save the training where it stands; without a state, that of a finished one, which cannot be resumed."""
        files = self.files if state is None else {**self.files, "state": state}
        self.draft.save(**self.fixed, results=self.results, progress=asdict(progress), files=files)
        self.saved = time.monotonic()

    def append(self, event: Evaluated, unit: str) -> None:
        """Add an evaluation to the history."""
        p = event.progress
        row = {
            "update": p.update,
            f"{unit}s": p.tokens,
            "seconds": round(p.seconds, 3),
            "learning_rate": p.learning_rate,
            "threads": p.threads,
            "training_loss": event.train_nats,
            "held_out": event.nats,
            "best": event.best,
        }
        before = self.files.get("history", b"")
        if before and b'"threads"' not in before:
            del row["threads"]  # begun before these were told: all lines of a history have the same keys
        self.files["history"] = before + json.dumps(row).encode() + b"\n"


@dataclass
class Fit:
    """One training as a command runs it: its events, what is shown of them, and what is saved when."""

    terminal: Terminal
    checkpoint: Checkpoint
    stop: Stop
    state: Callable[[], bytes]  # all that a resumed training needs, packed
    keep_best: Callable[[Evaluated], None]  # takes weights and results of a new best into the checkpoint
    resume_line: list[str]  # words
    measure: Callable[[float], str]  # a held-out figure as a person reads it
    unit: str = "token"
    keep_last: bool = False  # takes the weights of every evaluation, not only of a new best

    def follow(self, events: Iterable[Event], progress: Progress) -> str:
        """Run a training to its end and return why it ended.

        Raises SystemExit (130, 143, 129), after saving, when it was told to stop.
        """
        from seqcli.progress import Evaluated, Progressed, Stopped, Tried

        with self.terminal.bar(None, "training", "update", own_time=True) as bar:
            try:
                for event in events:
                    if isinstance(event, Progressed):
                        progress.learning_rate = event.learning_rate
                        bar.to(event.progress.update, event.progress.end, _beside(event))
                    elif isinstance(event, Evaluated):
                        self._evaluated(event)
                        bar.note(self.terminal, self._line(event))
                    elif isinstance(event, Tried):
                        bar.note(self.terminal, _threads_line(event))
                    elif isinstance(event, Stopped):
                        self.checkpoint.save(progress, None)
                        return event.why
                    if self.stop.asked():
                        break
                    if time.monotonic() - self.checkpoint.saved > CHECKPOINT_SECONDS:
                        self.checkpoint.save(progress, self.state())
            except InterruptedError:
                pass  # told to stop in the middle of an evaluation: it is made when the training goes on
        self.checkpoint.save(progress, self.state())
        self.leave(progress)

    def leave(self, progress: Progress) -> NoReturn:
        """Say how to go on with a training that is saved, and exit as the signal asks."""
        self.terminal.note(f"Saved at update {progress.update:,}. Go on with:", self.resume_line)
        raise SystemExit(128 + self.stop.signal)

    def _evaluated(self, event: Evaluated) -> None:
        self.checkpoint.append(event, self.unit)
        if event.best or self.keep_last:
            self.keep_best(event)
        if not event.progress.finished:
            began = time.perf_counter()
            self.checkpoint.save(event.progress, self.state())
            event.progress.count_save(time.perf_counter() - began)

    def _line(self, event: Evaluated) -> str:
        p = event.progress
        left = "" if p.seconds_left is None or p.finished else f", {duration(p.seconds_left)} left"
        best = "" if event.best else f" (best: update {p.best_update:,})"
        return (
            f"{p.share:4.0%}  update {p.update:,}, {duration(p.seconds)}: "
            f"held-out {self.measure(event.nats)}{best}{left}"
        )


def _beside(event: Progressed) -> str:
    left = event.progress.seconds_left
    loss = [] if math.isnan(event.loss) else [f"loss {event.loss:.3f}"]
    return ", ".join(loss + ([f"{duration(left)} left"] if left is not None and left < math.inf else []))


def _threads_line(event: Tried) -> str:
    """Return what a trial of threads found, as a person reads it."""
    taken = ", ".join(f"{seconds:.2g} s with {count}" for count, seconds in sorted(event.seconds.items()))
    if not event.kept:
        return f"Threads: {event.threads}, as an update takes {taken}."
    best = min(event.seconds, key=lambda count: event.seconds[count])
    return (
        f"Note: --threads {best} would be quicker than the {event.threads} that this training keeps: an update takes "
        f"{taken}, as others use the processors."
    )


class Done(NamedTuple):
    """A training that is over: its seconds and tokens, and in words why, and what was done."""

    seconds: float
    tokens: int
    why: str
    what: str

    @property
    def speed(self) -> float:
        """Tokens per second."""
        return self.tokens / max(self.seconds, 1e-9)


def take_up(training: Any, record: Record, arrays: Callable[[], Any]) -> None:
    """Let a training go on where a record stands; arrays: reads its state. Raises DamagedError if it does not fit."""
    try:
        training.restore(arrays(), record.progress)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise DamagedError(f"{record.where('state')} does not fit the model; train anew with --replace.") from error


def document_of(
    draft: Draft, seconds: float, training_seconds: float, speed: float, unit: str = "token"
) -> dict[str, Any]:
    """Return the object of --json at the end of a training; seconds: of all the work, speed: units a second."""
    assert draft.record is not None
    return {
        "model": draft.name,
        "directory": str(draft.directory),
        "seconds": seconds,
        "training_seconds": training_seconds,
        f"{unit}s_per_second": speed,
        "held_out": draft.record.results["held_out"],
    }


def resume_line(session: Session, command: str, source: Source, name: str) -> list[str]:
    """Return the words of the command that goes on with an interrupted training."""
    valid = [word for path in source.valid for word in ("--valid", path)]
    words = ["seqcli", command, *source.texts, *valid, "--name", name]
    words += source.form.options()
    words += [] if session.models_dir == MODELS_DIR else ["--models-dir", session.models_dir]
    return [*words, "--resume"]


def check_same(recorded: Any, changes: dict[str, Any]) -> None:
    """Raise MisuseError where a resumed training is given settings that it was not begun with."""
    before = to_dict(recorded)
    odd = [f"{option_name(k)} {before[k]} → {v}" for k, v in changes.items() if before[k] != v and k != "threads"]
    if odd:
        raise MisuseError(
            f"A resumed training keeps its settings ({', '.join(odd)}); leave them out, or use --replace."
        )


def check_corpus(recorded: dict[str, Any], sha256: str, held_out_sha256: str, name: str) -> None:
    """Raise ModelError where the text is not the one that the model was begun with."""
    for key, found in (("sha256", sha256), ("held_out_sha256", held_out_sha256)):
        if recorded.get(key) != found:
            what = "text" if key == "sha256" else "held-out text (--valid)"
            change = f"sha256 {str(recorded.get(key))[:12]} → {found[:12]}"
            raise ModelError(
                f"The {what} is not the one that {quoted(name)} began with ({change}); give the same file."
            )


def check_memory(needed: int, smaller: str = "--hidden-size, --embedding-size or --vocabulary-size") -> None:
    """Raise SeqcliError, before anything is allocated, for a training that needs more bytes than there are."""
    free = available()
    if free is not None and needed > free:
        raise SeqcliError(
            f"This training needs about {needed / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free; "
            f"use a smaller {smaller}."
        )
