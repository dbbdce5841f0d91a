"""Where a training stands, what it tells, and how its schedule lands on a budget of epochs or minutes."""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

CALIBRATION = 20  # updates, or ...
CALIBRATION_SHARE = 0.05  # ... share of the minutes after which a budget of minutes is planned by the speed seen
WARMING = 5  # updates left out of that speed: kernels are still being chosen
PLANS = 50  # times a training in which the rest of a budget of minutes is planned anew: late enough to land on it
EVALUATIONS = 10  # in a training: enough for a learning curve and for early stopping
ENDLESS = 2**53  # updates: more than any training has
LEAST_SHARE = 0.5  # of the minutes that are for training, however long the reading took: less would be wasted
EVALUATION_SHARE = 0.08  # of the minutes that evaluations may take
IMPATIENT = 0.5  # share of a schedule from which evaluations without a new best count, where much was learned before


class Budget(Protocol):
    """What a training may cost: passes over the text, minutes, or whichever ends first."""

    @property
    def epochs(self) -> float | None:
        """Passes over the text, None for as many as the minutes allow."""
        ...

    @property
    def minutes(self) -> float | None:
        """Minutes of training, evaluation included; None for as many as the epochs take."""
        ...


@dataclass
class Progress:
    """Where a training stands: with the arrays of its state, all that a resumed training needs to go on bit for bit."""

    update: int = 0
    tokens: int = 0
    seconds: float = 0.0
    planned_updates: int = 0  # the update at which the schedule ends
    planned_evaluations: int = 0  # spread evenly over the schedule, the last at its end
    plan_update: int = 0  # the last update at which the plan was made, ...
    plan_seconds: float = 0.0  # ... when that was, ...
    plan_share: float = 0.0  # ... and the share of the schedule that was done by then
    begun_update: int = 0  # where this schedule began: above 0 in a training that goes on after its end, ...
    begun_seconds: float = 0.0  # ... and when
    allowed_seconds: float | None = None  # what is left of the minutes for training; None: all of them
    learned: bool = False  # something before this schedule: patience waits for its second half
    known_nats: float | None = None  # per token, of the held-out text where borrowed weights were learned
    gentle: bool = False  # the text is like the one that they know: they are not to be unlearned
    calibrated: bool = False  # when the schedule ends is known: by minutes, once it was planned by speed
    evaluation_due: bool = True  # before anything else; the first one measures the untrained model
    evaluation_seconds: float = 0.0  # what the last evaluation took
    learning_rate: float = 0.0  # of the last update
    threads: int = 0  # of the last update
    processes: int = 1  # that shared it
    batches: int = 1  # that an update learns from, but for the last of an epoch
    training_loss: float = 0.0  # summed over ...
    training_updates: int = 0  # ... the updates since the last evaluation
    best_nats: float | None = None  # per token, on held-out text
    best_update: int = 0
    bad_evaluations: int = 0  # in a row, without a new best
    finished: str = ""  # why, when it is

    @property
    def end(self) -> int | None:
        """The update at which the schedule ends, None before it is known."""
        return self.planned_updates if self.calibrated else None

    @property
    def share(self) -> float:
        """The share of the schedule that is done, 0 to 1."""
        left = max(self.planned_updates - self.plan_update, 1)
        return min(self.plan_share + (1.0 - self.plan_share) * (self.update - self.plan_update) / left, 1.0)

    @property
    def done(self) -> float:
        """The share of the training that is done, of one that goes on after its end all: nothing is annealed anew."""
        return 1.0 if self.begun_update else self.share

    @property
    def seconds_left(self) -> float | None:
        """Seconds to the end of the schedule at the speed seen since the last plan; None before they are known."""
        done = self.update - self.plan_update
        if self.seconds <= self.plan_seconds or not done or not self.calibrated:
            return None
        evaluations = self.planned_evaluations - int(self.share * self.planned_evaluations)
        speed = done / (self.seconds - self.plan_seconds)
        return (self.planned_updates - self.update) / speed + evaluations * self.evaluation_seconds

    def longer(self) -> Progress:
        """Return where a training stands that is over and goes on, from what it kept, with a schedule of its own."""
        return Progress(
            update=self.update,
            tokens=self.tokens,
            seconds=self.seconds,
            plan_update=self.update,
            begun_update=self.update,
            begun_seconds=self.seconds,
            learned=True,
        )

    def count_in(self, ratio: float) -> None:
        """Count in updates of another length, of which `ratio` times as many are as long."""
        for name in ("update", "planned_updates", "plan_update", "begun_update", "best_update"):
            setattr(self, name, round(getattr(self, name) * ratio))

    def plan(self, planned_updates: int) -> None:
        """Let the rest of the schedule end at an update; what is done of it stays done."""
        share = self.share if self.planned_updates else 0.0
        self.plan_update, self.plan_share, self.plan_seconds = self.update, share, self.seconds
        self.planned_updates = planned_updates

    def end_by(self, moment: float | None, budget: Budget) -> None:
        """Let a schedule by minutes, not planned yet, end at a moment of time.monotonic(); half of them are its own."""
        if moment is not None and budget.minutes is not None and not self.planned_updates:
            self.allowed_seconds = max(moment - time.monotonic(), LEAST_SHARE * 60 * budget.minutes)

    def plan_first(self, budget: Budget, updates_per_epoch: int) -> None:
        """Plan by epochs; a budget of minutes is planned in earnest once the speed is known."""
        epochs = max(math.ceil(budget.epochs or 1), 1)
        self.planned_evaluations = epochs * -(-EVALUATIONS // epochs)  # so that one falls on the end of every epoch
        if budget.minutes is not None:
            affordable = int(self.budget_seconds(budget) * EVALUATION_SHARE / max(self.evaluation_seconds, 1e-3))
            self.planned_evaluations = max(min(EVALUATIONS, affordable), 1)
        self.calibrated = budget.minutes is None
        self.plan(self.begun_update + most_updates(budget, updates_per_epoch))

    def budget_seconds(self, budget: Budget) -> float:
        """Return the seconds that a budget of minutes leaves for this schedule, evaluations included."""
        return 60 * (budget.minutes or 0.0) if self.allowed_seconds is None else self.allowed_seconds

    def plan_again(self, before: float, budget: Budget, updates_per_epoch: int) -> None:
        """Fit what is left of the schedule to the minutes left, at the speed seen since the last plan.

        before: the share that was done before the last update.
        """
        seconds, spent = self.budget_seconds(budget), self.seconds - self.begun_seconds
        updates = self.update - self.begun_update
        due = int(self.share * PLANS) > int(before * PLANS)
        if not self.calibrated:
            due = updates >= CALIBRATION or spent > CALIBRATION_SHARE * seconds + self.evaluation_seconds
        if due:
            self.calibrated = True
            evaluations = self.planned_evaluations - int(self.share * self.planned_evaluations)
            left = seconds - spent - evaluations * self.evaluation_seconds
            speed = (self.update - self.plan_update) / max(self.seconds - self.plan_seconds, 1e-6)
            most = self.begun_update + most_updates(budget, updates_per_epoch)
            self.plan(min(self.update + max(int(left * speed), 1), max(most, self.update)))
        elif updates == WARMING:
            self.plan_update, self.plan_seconds = self.update, self.seconds

    def advance(self, loss: float, tokens: int, seconds: float) -> None:
        """Note an update that is done: its loss per token, its tokens, and the seconds of training so far."""
        before = self.share
        self.update, self.tokens, self.seconds = self.update + 1, self.tokens + tokens, seconds
        self.training_loss, self.training_updates = self.training_loss + loss, self.training_updates + 1
        if self.update >= self.planned_updates:
            self.finished = "the schedule is complete"
        due = int(self.share * self.planned_evaluations) > int(before * self.planned_evaluations)
        self.evaluation_due = due or bool(self.finished)

    def count_save(self, seconds: float) -> None:
        """Note what the save behind an evaluation took: the next will, and updates are no slower for it."""
        self.evaluation_seconds += seconds
        self.seconds, self.plan_seconds = self.seconds + seconds, self.plan_seconds + seconds

    def judge(
        self, nats: float, patience: int, seconds: float, better: Callable[[float, float], bool] = operator.lt
    ) -> bool:
        """Note a held-out figure, nats per token; return whether it is the best so far, `better` than the best before.

        After `patience` figures in a row that are not, the training is finished.
        """
        best = self.best_nats is None or better(nats, self.best_nats)
        counts = not self.learned or self.share >= IMPATIENT
        self.bad_evaluations = 0 if best else self.bad_evaluations + counts
        if best:
            self.best_nats, self.best_update = nats, self.update
        self.evaluation_seconds = seconds - self.seconds
        self.plan_seconds += self.evaluation_seconds  # the speed of updates is measured without it
        self.seconds, self.evaluation_due = seconds, False
        self.training_loss, self.training_updates = 0.0, 0
        if self.bad_evaluations >= patience and not self.finished:
            self.finished = f"no new best in {patience} evaluations"
        return best


def most_updates(budget: Budget, updates_per_epoch: int) -> int:
    """Return how many updates the epochs of a budget are; no end without them."""
    if budget.epochs is None:
        return ENDLESS
    return max(math.ceil(min(budget.epochs * updates_per_epoch, ENDLESS)), 1)


class Clock:
    """Seconds of a training, those before a resume included."""

    def __init__(self, before: float) -> None:
        self._start = time.perf_counter() - before

    def seconds(self) -> float:
        """Return the seconds so far."""
        return time.perf_counter() - self._start
