"""The one training loop: yields events, prints nothing, writes nothing.

All that chance decides in update u comes from (seed, u), and the order of an epoch from (seed, epoch): a position is
two numbers, and a resumed training has nothing to replay.
"""

from __future__ import annotations

import ctypes
import itertools
import math
import operator
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch

from seqcli.errors import DivergedError
from seqcli.threads import BETTER, FEWEST_UPDATES, TRIAL_SHARE, TURNS, Pace, processors, quickest, try_threads
from seqcli.training.carried import Arrays, Carried
from seqcli.training.device import tensors
from seqcli.training.events import Evaluated, Event, Gathered, Progressed, Started, Stopped, Tried
from seqcli.training.loss import Loss, Model
from seqcli.training.progress import Clock, Progress, most_updates
from seqcli.training.settings import RunSpec
from seqcli.training.shares import Shares
from seqcli.training.updates import Updates, Work

WARM_UP_SHARE, WARM_UP_MOST = 0.05, 100  # of the updates; Adam's second moments need some updates to mean anything, ...
WARM_UP_LEAST, SHORT_SHARE = 20, 0.3  # ... in a short training too, which may spend a third of itself on it
WARM_UP_GENTLE = 0.5  # of the updates: held-out text then costs 4 % more at most, not 23 %, on its way to 11 % less
ALIKE = 1.1  # times what held-out text cost where borrowed weights were learned: up to that it is much the same text
HOPELESS = 2.0  # times the cost of held-out text before any training: no training was seen to come back from it
KEPT_BYTES = 2**31 - 1  # freed memory that stays with the process; glibc takes a C int
WAITING_SHARE = 1 / 16  # of the time that processes compute: longer they do not wait for each other where ...
GATHERED_UPDATES = 2_000  # ... that leaves as many updates: fewer learn less, of however many tokens
FLOOR = 0.01  # the learning rate ends at this share of its height


def never() -> bool:
    """Nobody asks to stop."""
    return False


class Batches(Protocol):
    """What an epoch is made of."""

    updates_per_epoch: int

    def batch(self, epoch: int, index: int) -> Any:
        """Return one batch as arrays."""
        ...

    def shares(self, epoch: int, index: int, count: int) -> Shares:
        """Return one batch in so many shares of its rows, fewer where it has fewer."""
        ...


class Processes(Protocol):
    """The processes that share a training, as the one sees them that decides (training.leader)."""

    count: int

    def hand_out(
        self, batches: Sequence[Shares], first: bool, count: int, progress: Progress, rate: float | None
    ) -> None:
        """Give every process its work on the batches of an update, each in `count` shares.

        first: of an epoch, where no state is carried. rate: None for a trial, of which nothing is kept.
        """
        ...

    def parts(self) -> dict[int, Arrays]:
        """Return the states that the others carry, as arrays, by the number of the part."""
        ...


@dataclass
class Training:
    """A model in training: the loop is `events()`, what it stands on can be saved between any two events."""

    model: Any  # an nn.Module that is a Model
    batches: Batches
    held_out: Any  # iterated anew for each evaluation
    run: RunSpec
    progress: Progress = field(default_factory=Progress)
    carried: Carried = field(default_factory=Carried)  # by truncated BPTT, to the next update
    stop: Callable[[], bool] = never  # asked during an evaluation, which may take seconds
    better: Callable[[float, float], bool] = operator.lt  # of two held-out figures, whether the first is
    ends: float | None = None  # by when a training by minutes is to be over, as time.monotonic() tells it
    surcharge: Callable[[], float] | None = None  # nats per token, added to a held-out figure where it is judged
    figures: Callable[[], Mapping[str, float]] | None = None  # what else is known of held-out text once it is measured

    def __post_init__(self) -> None:
        self.updates = Updates(self.model, self.run)
        self.processes: Processes | None = None  # those that share every update; None: this one alone
        self._pace = Pace()

    def weights(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return what is measured and kept, the parameters or their running mean, as arrays by name."""
        return self.updates.weights()

    def state(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return everything that the next update depends on, besides `progress`: float32 arrays by name."""
        return {**self.updates.arrays(), **self.carried.whole(self.processes.parts if self.processes else dict)}

    def restore(self, arrays: dict[str, np.ndarray[Any, Any]], progress: dict[str, Any]) -> None:
        """Take up a training where `state` and `progress` were taken. Raises KeyError where something is missing."""
        self.progress = Progress(**progress)
        self.updates.take_up(arrays, self.progress.update > self.progress.begun_update)
        self.carried = Carried(arrays, self.updates.device)

    def go_longer(self, arrays: dict[str, np.ndarray[Any, Any]], progress: dict[str, Any]) -> None:
        """Go on behind the end of a training, from the weights that it kept, with a schedule of its own."""
        self.progress = Progress(**progress).longer()
        self.updates.begin_from(arrays)

    def events(self) -> Iterator[Event]:
        """Train to the end of the plan, or until held-out text stops getting better.

        Yields Started, Progressed after every update, Evaluated where the plan says, Tried where threads were chosen,
        Gathered where an update learns from several batches, Stopped. Raises DivergedError when a loss, gradient or
        held-out figure is no longer a number (nothing of that update is kept), InterruptedError when `stop` says so
        during an evaluation, which is then still due.
        """
        p = self.progress
        keep_freed_memory()
        yield Started(p)
        p.threads = self._most_threads
        p.processes = self.processes.count if self.processes else 1
        torch.set_num_threads(p.threads)
        if self._may_try():
            yield from self._try_threads(Clock(p.seconds), "first")
        if self._may_gather():
            yield from self._gather(Clock(p.seconds))
        evaluate(self.model, itertools.islice(self.held_out, 1))  # once for nothing: a first call is slow
        clock = Clock(p.seconds)
        p.end_by(self.ends, self.run)
        while not p.finished or p.evaluation_due:
            if p.evaluation_due:
                yield self._evaluated(clock)
            if not p.planned_updates:
                p.plan_first(self.run, self._updates_per_epoch)
            if not p.finished:
                since, tokens = time.perf_counter(), p.tokens
                yield self._update(clock)
                fell = self._pace.fell(p.tokens - tokens, time.perf_counter() - since)
                if self._may_try() and (fell or (self._pace.long_ago and self.run.threads is None)):
                    yield from self._try_threads(clock, "fell" if fell else "")
        yield Stopped(p, p.finished)

    # -- threads --------------------------------------------------------------------------------------------------

    @property
    def _most_threads(self) -> int:
        """Those that are given, else as many as there are processors; of several processes, none takes another's."""
        given = self.run.threads or processors()
        return min(given, processors()) if self.processes else given

    def _may_try(self) -> bool:
        """Whether there are numbers of threads to compare, and updates enough for that to pay."""
        p, most = self.progress, self._most_threads
        long = self.run.minutes is not None or most_updates(self.run, self._updates_per_epoch) >= FEWEST_UPDATES
        return most > 1 and long and not p.finished and self.updates.device.type == "cpu"

    def _try_threads(self, clock: Clock, why: str) -> Iterator[Tried]:
        """Compare numbers of threads by the next update, of which nothing is kept, and take the quickest if one may.

        why: "first", "fell", or nothing, where only another number is worth an event.
        """
        p, run, before = self.progress, self.run, clock.seconds()
        allowed = math.inf if run.minutes is None else TRIAL_SHARE * 60 * run.minutes
        means = try_threads(self._gradient, self._most_threads, allowed)
        found, used = quickest(means), p.threads
        p.threads = self._most_threads if run.threads else found
        torch.set_num_threads(p.threads)
        p.seconds = clock.seconds()
        p.plan_seconds += p.seconds - before  # the speed of updates is measured without it
        self._pace = Pace(p.seconds - before)
        slower = means.get(p.threads, math.inf) > BETTER * means[found]
        if slower if run.threads else why or p.threads != used:
            yield Tried(p, means, p.threads, run.threads is not None)

    # -- batches of an update -------------------------------------------------------------------------------------

    def _may_gather(self) -> bool:
        """Whether an update may learn from several batches: nobody said from how many, and nothing is learned yet."""
        p, run = self.progress, self.run
        free = run.minutes is not None and run.epochs is None and run.accumulate is None
        return self.processes is not None and free and not p.planned_updates and not p.finished

    def _gather(self, clock: Clock) -> Iterator[Gathered]:
        """Let an update learn from several batches where the processes wait longer for each other than they compute.

        They then wait a small share of that, unless it leaves the training too few updates.
        """
        p, before = self.progress, clock.seconds()
        longest = 60 * (self.run.minutes or 0.0) / GATHERED_UPDATES
        if median_seconds(self._gradient, 1) > longest:
            return
        whole = median_seconds(self._gradient)
        work = self._gradient()[1]
        with self.updates.alone():
            own = median_seconds(lambda: self.updates.gradient([work], self.carried.of(work), p.update))
        waiting = whole - own
        if waiting > own:
            wanted = min(math.ceil(waiting / (WAITING_SHARE * own)), self.batches.updates_per_epoch)
            p.batches = max(min(wanted, int((longest - waiting) / own)), 1)
        p.seconds = clock.seconds()
        p.plan_seconds += p.seconds - before
        if p.batches > 1:
            yield Gathered(p, whole, own)

    # -- one update -----------------------------------------------------------------------------------------------

    def _update(self, clock: Clock) -> Progressed:
        p, run, rate = self.progress, self.run, self._learning_rate()
        loss, work, states = self._gradient(rate, p.batches)
        length = self.updates.clipped()
        per_token = float(loss.nats) / max(loss.tokens, 1)
        if not (math.isfinite(length) and math.isfinite(per_token)):
            raise DivergedError(
                f"The training diverged at update {p.update + 1} (loss {per_token:g}, gradient {length:g}, learning "
                f"rate {rate:g}); the last good weights are kept: train again with a lower --learning-rate."
            )
        self.updates.step(rate, p.update - p.begun_update)
        self.carried.keep(work, states)
        before = p.share
        p.advance(per_token, loss.tokens, clock.seconds())
        if run.minutes is not None and not p.finished:
            p.plan_again(before, run, self._updates_per_epoch)
        return Progressed(p, per_token, length, rate, {k: v / max(loss.tokens, 1) for k, v in loss.parts.items()})

    def _gradient(self, rate: float | None = None, batches: int = 1) -> tuple[Loss, Work, list[Any]]:
        """Return the loss of the next update, of which the gradients are then known, its last work and what it carries.

        rate: the learning rate at which the other processes are to make the update; None: it is a trial. batches: of
        the update, those that the epoch has no more left out.
        """
        p, processes = self.progress, self.processes.count if self.processes else 1
        epoch, update = divmod(p.update, self._updates_per_epoch)
        indices = range(update * p.batches, min(update * p.batches + batches, self.batches.updates_per_epoch))
        count = processes * (self.run.accumulate or 1)
        if count == len(indices) == 1:
            works = [Work([self.batches.batch(epoch, indices[0])], not update)]
        else:
            shares = [self.batches.shares(epoch, index, count) for index in indices]
            if self.processes:
                self.processes.hand_out(shares, not update, count, p, rate)
            works = Work.of(shares, not update, 0, processes, count)
        loss, states = self.updates.gradient(works, self.carried.of(works[0]), p.update)
        return loss, works[-1], states

    @property
    def _updates_per_epoch(self) -> int:
        return -(-self.batches.updates_per_epoch // self.progress.batches)

    def _learning_rate(self) -> float:
        """A short linear warm-up, then half a cosine that lands on the end of the plan."""
        p, run = self.progress, self.run
        planned = p.planned_updates - p.begun_update
        least = min(WARM_UP_LEAST, planned * SHORT_SHARE)
        warm_up = max(min(WARM_UP_MOST, planned * WARM_UP_SHARE), least, 1.0)
        if p.gentle:
            warm_up = max(planned * WARM_UP_GENTLE, 1.0)
        height = FLOOR + (1.0 - FLOOR) * 0.5 * (1.0 + math.cos(math.pi * p.share))
        return run.learning_rate * height * min((p.update - p.begun_update + 1) / warm_up, 1.0)

    def _evaluated(self, clock: Clock) -> Evaluated:
        p, parts = self.progress, dict[str, float]()
        with self.updates.measured():
            nats, tokens = evaluate(self.model, self.held_out, self.stop, parts=parts)
        if not math.isfinite(nats):
            raise DivergedError(
                f"The held-out loss is no number after update {p.update}; the last good weights are kept: "
                "train again with a lower --learning-rate."
            )
        train_nats = p.training_loss / p.training_updates if p.training_updates else None
        judged = nats / tokens + (self.surcharge() if self.surcharge else 0.0)
        best = p.judge(judged, self.run.patience, clock.seconds(), self.better)
        if p.known_nats is not None and not p.update:
            p.gentle = nats / tokens < ALIKE * p.known_nats
        self._check_learning(judged)
        more = self.figures() if self.figures else {}
        per_token = {name: value / tokens for name, value in parts.items()}
        return Evaluated(p, nats / tokens, tokens, best, train_nats, {**per_token, **more})

    def _check_learning(self, per_token: float) -> None:
        """Raise DivergedError where held-out text never got better than before any training, and will not."""
        p, untrained = self.progress, self.progress.best_nats or 0.0
        if self.better is not operator.lt:
            return  # a figure that rises has no cost to compare with
        nothing = p.bad_evaluations >= self.run.patience and not p.learned
        lost = per_token > HOPELESS * untrained or nothing
        if p.update > p.begun_update and p.best_update == p.begun_update and lost:
            raise DivergedError(
                f"The training learns nothing: after update {p.update} held-out text costs {per_token:.4g} nats per "
                f"token, {untrained:.4g} before any; those first weights are kept: train again with a --learning-rate "
                f"below {self.run.learning_rate:g}, or with text that is more like it."
            )


def median_seconds(work: Callable[[], object], turns: int = TURNS) -> float:
    """Return what something takes in the median of some turns, after one that is not counted."""
    taken = []
    for _ in range(1 + turns):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken[1:])


def keep_freed_memory() -> None:
    """Let glibc keep large blocks that are freed: to fault them in anew at every update takes a fifth of the time."""
    with suppress(AttributeError, OSError, TypeError):  # another C library has no mallopt, and no need of it
        libc = ctypes.CDLL(None)
        libc.mallopt(-3, KEPT_BYTES)  # M_MMAP_THRESHOLD
        libc.mallopt(-1, KEPT_BYTES)  # M_TRIM_THRESHOLD


@torch.no_grad()
def evaluate(
    model: Model,
    held_out: Any,
    stop: Callable[[], bool] = never,
    report: Callable[[int], None] | None = None,
    parts: dict[str, float] | None = None,
) -> tuple[float, int]:
    """Return (nats, tokens) of a text under a model, in float32, summed in float64.

    report gets the tokens measured so far. parts: gets the sums of what the loss names beside its nats.
    Raises InterruptedError as soon as `stop` says so.
    """
    model.train(False)
    device = next(parameter.device for _, parameter in model.named_parameters())
    nats, tokens, state = 0.0, 0, None
    for piece in held_out:
        if stop():
            raise InterruptedError
        state = None if piece.first else state
        loss, state = model.loss(tensors(piece.batch, device), state)
        nats, tokens = nats + float(loss.nats), tokens + loss.tokens
        if parts is not None:
            parts |= {name: parts.get(name, 0.0) + value for name, value in loss.parts.items()}
        if report:
            report(tokens)
    return nats, tokens
