"""A training followed to its end: its events shown, its best weights kept, its state saved."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from seqcli.quantities import duration
from seqcli.training.checkpoint import CHECKPOINT_SECONDS

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.training.checkpoint import Checkpoint
    from seqcli.training.events import Evaluated, Event, Gathered, Progressed, Tried
    from seqcli.training.progress import Progress
    from seqcli.training.stop import Stop


def ends(session: Session, minutes: float | None, began: float, after: float = 0.0) -> float | None:
    """Return by when a training is to be over, so that its command keeps to its minutes; None without minutes.

    began: when the command did. after: seconds of what comes behind the training.
    """
    if minutes is None:
        return None
    from seqcli.training.progress import LEAST_SHARE

    spent = time.monotonic() - began + after
    if spent > (1.0 - LEAST_SHARE) * 60 * minutes:
        session.note(
            f"Note: what is not training, such as reading, takes {duration(spent)}, more than half of --minutes "
            f"{minutes:g}; the training has the other half all the same."
        )
    return began + 60 * minutes - after


@dataclass
class Fit:
    """One training as a command runs it: its events, what is shown of them, and what is saved when."""

    session: Session
    checkpoint: Checkpoint
    stop: Stop
    state: Callable[[], bytes]  # all that a resumed training needs, packed
    keep_best: Callable[[Evaluated], None]  # takes weights and results of a new best into the checkpoint
    resume_line: Sequence[str]  # words
    measure: Callable[[float], str]  # a held-out figure as a person reads it
    unit: str = "token"
    listener: Callable[[Event], object] | None = None  # hears every event
    keep_last: bool = False  # takes the weights of every evaluation, not only of a new best
    remark: Callable[[Evaluated], str | None] | None = None  # what else is to be said of an evaluation

    def follow(self, events: Iterable[Event], progress: Progress) -> str:
        """Run a training to its end and return why it ended.

        Raises SystemExit (130, 143, 129), after saving, when it was told to stop.
        """
        from seqcli.training.events import Evaluated, Gathered, Progressed, Stopped, Tried

        with self.session.bar(None, "training", "update", own_time=True) as bar:
            try:
                for event in events:
                    if self.listener:
                        self.listener(event)
                    if isinstance(event, Progressed):
                        progress.learning_rate = event.learning_rate
                        bar.to(event.progress.update, event.progress.end, _beside(event))
                    elif isinstance(event, Evaluated):
                        self._evaluated(event)
                        bar.note(self._line(event))
                        if self.remark and (said := self.remark(event)):
                            bar.note(said)
                    elif isinstance(event, Tried):
                        bar.note(_threads_line(event))
                    elif isinstance(event, Gathered):
                        bar.note(_batches_line(event))
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
        self.session.note(f"Saved at update {progress.update:,}. Go on with:", self.resume_line)
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


def _batches_line(event: Gathered) -> str:
    """Return why an update learns from several batches, as a person reads it."""
    return (
        f"Network: an update of one batch takes {event.seconds:.2g} s, of which a process computes "
        f"{event.computing:.2g}; each learns from {event.progress.batches} batches (--accumulate 1: from one)."
    )


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
