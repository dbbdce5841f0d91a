"""One training from the first word to the last, as every face runs it; what differs between tasks, a trainer says."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from seqcli import launch
from seqcli.tasks import key_of
from seqcli.training.live_events import watched
from seqcli.training.plan import Plan, check_shares
from seqcli.training.precision import with_precision
from seqcli.training.resumption import BUDGETS, check_trained, is_longer, is_over, say_finished, say_processes
from seqcli.training.source import Source

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store import Draft, Record
    from seqcli.training.events import Evaluated, Event
    from seqcli.training.stop import Stop


@dataclass(frozen=True)
class Order:
    """What a face asks of a training: its text, the model's name, and what is there already.

    params: the settings by name, absent or None where they are not given. begin: the model, or file, to begin with.
    line: the words of the command that goes on with the training, for a person who stopped it. listener: hears every
    event.
    """

    source: Source
    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    like: str | None = None
    begin: str | None = None
    resume: bool = False
    replace: bool = False
    line: tuple[str, ...] = ()
    listener: Callable[[Event], object] | None = None


def tokens_per_second(training: Any) -> float:
    """Return the tokens a second of a training, evaluations included."""
    return float(training.progress.tokens / max(training.progress.seconds, 1e-9))


def updates_told(training: Any, counted: str = "tokens") -> str:
    """Return in words what a training did; counted: what its tokens are called."""
    p = training.progress
    return f"{p.update:,} updates, {tokens_per_second(training):,.0f} {counted}/s. Best at update {p.best_update:,}"


@dataclass(frozen=True)
class Made:
    """A training that is ready to run, and what is saved of it.

    entry: what the record says of the text. files: those that do not change, by role; evaluations replace those of
    `kept`. best: the files and held-out figures of the weights that were measured. measure: a held-out figure as a
    person reads it. sizes: what the model is made with beside its settings. finish: figures that are measured once, on
    the saved model, as its users will; late_files: files that are made once, of the saved model; seconds_after: about
    how long that takes. speed: of the training, tokens or words a second; what: it did, in words.
    """

    plan: Plan
    training: Any
    entry: dict[str, Any]
    files: dict[str, bytes]
    best: Callable[[Evaluated], tuple[dict[str, bytes], dict[str, Any]]]
    measure: Callable[[float], str]
    sizes: tuple[int, ...] = ()
    kept: tuple[str, ...] = ("weights",)
    keep_last: bool = False  # the weights of every evaluation, not only of a new best
    finish: Callable[[Record], dict[str, Any]] | None = None
    late_files: Callable[[Record], dict[str, bytes]] | None = None
    seconds_after: float = 0.0
    remark: Callable[[Evaluated], str | None] | None = None  # what else is to be said of an evaluation
    speed: Callable[[Any], float] = tokens_per_second
    what: Callable[[Any], str] = updates_told


class Done(NamedTuple):
    """A training that is over: its seconds, its speed (tokens or words a second), and in words why, and what it did."""

    seconds: float
    speed: float
    why: str
    what: str


class Trainer(Protocol):
    """What a room says of one training; made for one order, it keeps what it has read.

    Its class says in `settings`, `source` and `begins` what may be asked of it: kinds of settings, where its text comes
    from, and by which keywords it begins with what another training learned (training.keywords).
    """

    task: str
    unit: str  # what it counts: token or word

    def plan(self, record: Record | None) -> Plan:
        """Return the settings: those given, over those of the training that goes on or of a pattern."""
        ...

    def read(self, plan: Plan, record: Record | None) -> Plan:
        """Read the text and say what it is; return the plan with what the text decides."""
        ...

    def make(self, plan: Plan, draft: Draft) -> Made | Done:
        """Make the training, fitted to its time, from the start or where the draft's record stands.

        Done: a model that needs no loop, such as counted n-grams, is made and saved at once.
        """
        ...


@dataclass(frozen=True)
class Outcome:
    """What came of a training: the model as it is saved, and how long it took. seconds: of all the work."""

    record: Record
    directory: Path
    done: Done
    seconds: float
    unit: str

    def document(self) -> dict[str, Any]:
        """Return it as the one object of --json."""
        return {
            "model": self.record.name,
            "directory": str(self.directory),
            "seconds": self.seconds,
            "training_seconds": self.done.seconds,
            f"{self.unit}s_per_second": self.done.speed,
            "held_out": self.record.results["held_out"],
        }


def begun_again(session: Session, order: Order) -> Order:
    """Return the order of a command that torchrun has started again: to go on with what was saved before.

    A training that was over when a process was lost is not to be trained longer, by the minutes or epochs that it had.
    """
    if launch.attempt() == 0 or order.resume or order.name not in session.shelf.names():
        return order
    over = is_over(session.shelf.read(order.name))
    if over and order.replace:
        return order  # nothing was saved yet: it is the model that is to be replaced
    params = {name: value for name, value in order.params.items() if not (over and name in BUDGETS)}
    return replace(order, params=params, like=None, begin=None, resume=True, replace=False)


def train(session: Session, trainer: Trainer, order: Order) -> Outcome | None:
    """Run a training to its end; return what came of it, None where nothing was left to do.

    Raises SystemExit (130, 143, 129), after saving, when it was told to stop.
    """
    began = time.monotonic()
    plan = None if order.resume else trainer.plan(None)  # before the shelf: what is wrong with it is told first
    with session.shelf.open(order.name, replace=order.replace, resume=order.resume, task=trainer.task) as draft:
        check_trained(draft.record)
        return run(session, trainer, order, draft, plan or trainer.plan(draft.record), began)


def run(
    session: Session, trainer: Trainer, order: Order, draft: Draft, plan: Plan, began: float | None = None
) -> Outcome | None:
    """Run a training whose model is open to be written. began: when the work did, where that was earlier."""
    began = time.monotonic() if began is None else began
    record = draft.record
    check_shares(session, plan.run)
    plan = trainer.read(plan, record)
    if record is not None and is_over(record) and not is_longer(record, plan.run):
        say_finished(session, record)
        return None
    if record is None:
        plan = replace(plan, run=with_precision(session, plan.run))
    made = trainer.make(plan, draft)
    done = made if isinstance(made, Done) else _followed(session, trainer, order, draft, made, began)
    session.shelf.set_default(draft.name, only_first=True)
    assert draft.record is not None
    return Outcome(draft.record, draft.directory, done, time.monotonic() - began, trainer.unit)


def _followed(session: Session, trainer: Trainer, order: Order, draft: Draft, made: Made, began: float) -> Done:
    """Run the loop, saving as it goes, and measure what is kept."""
    from seqcli.store import pack
    from seqcli.training.checkpoint import checkpoint_of
    from seqcli.training.follow import Fit, ends
    from seqcli.training.stop import Stop

    training, p = made.training, made.training.progress
    say_processes(session, draft.record)
    training.ends = ends(session, made.plan.run.minutes, began, made.seconds_after)
    checkpoint = checkpoint_of(draft, trainer.task, made.plan, made.entry, made.files, (*made.kept, "history"))

    def keep(event: Evaluated) -> None:
        for role in made.kept:
            checkpoint.files.pop(role, None)  # old and new are not held at a time
        files, figures = made.best(event)
        checkpoint.files |= files
        checkpoint.results = {"held_out": figures | dict(event.parts)}

    watching = watched(session, order.name, order.listener)
    with Stop() as stop, watching as listener, _shared(trainer.task, made, stop):
        training.stop = stop.asked
        fit = Fit(session, checkpoint, stop, lambda: pack(training.state()), keep, order.line, made.measure)
        fit.unit, fit.keep_last, fit.listener = trainer.unit, made.keep_last, listener
        fit.remark = made.remark
        why = fit.follow(training.events(), p)
        if (made.finish or made.late_files) and stop.asked():
            fit.leave(p)
    if made.finish or made.late_files:
        assert draft.record is not None
        try:
            checkpoint.results["held_out"] |= made.finish(draft.record) if made.finish else {}
            checkpoint.files |= made.late_files(draft.record) if made.late_files else {}
        except (KeyboardInterrupt, SystemExit):
            session.note("The weights are saved, not yet measured. Go on with:", order.line)
            raise
        checkpoint.save(p, None)
    return Done(p.seconds, made.speed(training), why, made.what(training))


def _shared(task: str, made: Made, stop: Stop) -> AbstractContextManager[None]:
    """Let all processes that were started together share a training; alone, a process computes all of it."""
    if launch.processes() == 1:
        return nullcontext()
    from seqcli.training.leader import sharing

    return sharing(made.training, key_of(task, made.plan.spec.architecture), made.sizes, stop)
