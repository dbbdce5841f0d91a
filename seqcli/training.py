"""The one training loop: yields events, prints nothing, writes nothing.

All that chance decides in update u comes from (seed, u), and the order of an epoch from (seed, epoch): a position is
two numbers, and a resumed training has nothing to replay.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch

from seqcli.errors import DivergedError
from seqcli.models import Model
from seqcli.spec import RunSpec

WARM_UP_SHARE, WARM_UP_MOST = 0.05, 100  # of the updates; Adam's second moments need some updates to mean anything
FLOOR = 0.01  # the learning rate ends at this share of its height
CALIBRATION = 20  # updates, or ...
CALIBRATION_SHARE = 0.05  # ... share of the minutes after which a budget of minutes is planned by the speed seen
WARMING = 5  # updates left out of that speed: kernels are still being chosen
PLANS = 20  # times a training in which the rest of a budget of minutes is planned anew
EVALUATIONS = 10  # in a training: enough for a learning curve and for early stopping
EVALUATION_SHARE = 0.08  # of the minutes that evaluations may take


class Batches(Protocol):
    """What an epoch is made of."""

    updates_per_epoch: int

    def batch(self, epoch: int, index: int) -> Any:
        """Return one batch as arrays."""
        ...


@dataclass
class Progress:
    """Where a training stands: with the arrays of `state`, all that a resumed training needs to go on bit for bit."""

    update: int = 0
    tokens: int = 0
    seconds: float = 0.0
    planned_updates: int = 0  # the update at which the schedule ends
    planned_evaluations: int = 0  # spread evenly over the schedule, the last at its end
    plan_update: int = 0  # the last update at which the plan was made, ...
    plan_seconds: float = 0.0  # ... when that was, ...
    plan_share: float = 0.0  # ... and the share of the schedule that was done by then
    calibrated: bool = False  # a budget of minutes was planned by speed
    evaluation_seconds: float = 0.0  # what the last evaluation took
    best_nats: float | None = None  # per token, on held-out text
    best_update: int = 0
    bad_evaluations: int = 0  # in a row, without a new best
    finished: str = ""  # why, when it is

    @property
    def share(self) -> float:
        """The share of the schedule that is done, 0 to 1."""
        left = max(self.planned_updates - self.plan_update, 1)
        return min(self.plan_share + (1.0 - self.plan_share) * (self.update - self.plan_update) / left, 1.0)

    def plan(self, planned_updates: int) -> None:
        """Let the rest of the schedule end at an update; what is done of it stays done."""
        share = self.share if self.planned_updates else 0.0
        self.plan_update, self.plan_share, self.plan_seconds = self.update, share, self.seconds
        self.planned_updates = planned_updates


@dataclass(frozen=True)
class Started:
    """The plan is made."""

    progress: Progress


@dataclass(frozen=True)
class Progressed:
    """An update is done: its loss per token (of the training distribution), gradient length and learning rate."""

    progress: Progress
    loss: float
    gradient: float
    learning_rate: float


@dataclass(frozen=True)
class Evaluated:
    """Held-out text is measured: nats per token over `tokens`; best where there was no better before."""

    progress: Progress
    nats: float
    tokens: int
    best: bool
    train_nats: float | None


@dataclass(frozen=True)
class Stopped:
    """The training is over, and why."""

    progress: Progress
    why: str


Event = Started | Progressed | Evaluated | Stopped


@dataclass
class Training:
    """A model in training: the loop is `events()`, what it stands on can be saved between any two events."""

    model: Any  # an nn.Module that is a Model
    batches: Batches
    held_out: Any  # iterated anew for each evaluation
    run: RunSpec
    progress: Progress = field(default_factory=Progress)
    carried: Any = None  # the state that truncated BPTT carries to the next update

    def __post_init__(self) -> None:
        self._parameters = [p for p in self.model.parameters() if p.requires_grad]
        self._optimiser = torch.optim.AdamW(
            self._parameters,
            lr=self.run.learning_rate,
            betas=(0.9, 0.99),  # 0.999 remembers longer than a training of a few minutes lasts
            weight_decay=self.run.weight_decay,
            fused=True,
        )
        self._losses: list[float] = []

    def weights(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return the parameters as arrays, by name."""
        return {name: p.detach().numpy() for name, p in self.model.named_parameters()}

    def state(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return everything that the next update depends on, besides `progress`: float32 arrays by name."""
        arrays = {f"weights.{name}": array for name, array in self.weights().items()}
        for name, p in self.model.named_parameters():
            for key, value in self._optimiser.state.get(p, {}).items():
                arrays[f"{key}.{name}"] = value.numpy().reshape(-1) if value.ndim == 0 else value.numpy()
        for i, layer in enumerate(self.carried or []):
            for j, s in enumerate(layer if isinstance(layer, tuple) else (layer,)):
                arrays[f"carried.{i}.{j}"] = s.numpy()
        return arrays

    def restore(self, arrays: dict[str, np.ndarray[Any, Any]], progress: dict[str, Any]) -> None:
        """Take up a training where `state` and `progress` were taken. Raises KeyError where something is missing."""
        self.progress = Progress(**progress)
        carried: list[list[torch.Tensor]] = []
        with torch.no_grad():
            for name, p in self.model.named_parameters():
                p.copy_(torch.from_numpy(arrays[f"weights.{name}"]))
                if self.progress.update:
                    step = torch.tensor(float(arrays[f"step.{name}"][0]))
                    moments = {k: torch.from_numpy(arrays[f"{k}.{name}"].copy()) for k in ("exp_avg", "exp_avg_sq")}
                    self._optimiser.state[p] = {"step": step, **moments}
        for key in sorted(k for k in arrays if k.startswith("carried.")):
            if key.endswith(".0"):
                carried.append([])
            carried[-1].append(torch.from_numpy(arrays[key].copy()))
        self.carried = [tuple(s) if len(s) > 1 else s[0] for s in carried] or None

    def events(self) -> Iterator[Event]:
        """Train to the end of the plan, or until held-out text stops getting better.

        Yields Started, Progressed after every update, Evaluated where the plan says, Stopped. Raises DivergedError
        when a loss, gradient or held-out figure is no longer a number; nothing of that update is kept.
        """
        p, clock = self.progress, _Clock(self.progress.seconds)
        if p.best_nats is None:
            yield self._evaluated(clock, None)  # a training that diverges at once still leaves a model
            self._plan_first()
        yield Started(p)
        while not p.finished:
            before = p.share
            yield self._update(clock)
            if p.update >= p.planned_updates:
                p.finished = "the schedule is complete"
            if p.finished or int(p.share * p.planned_evaluations) > int(before * p.planned_evaluations):
                event = self._evaluated(clock, self._mean_loss())
                if p.bad_evaluations >= self.run.patience and not p.finished:
                    p.finished = f"no new best in {self.run.patience} evaluations"
                yield event
            if self.run.minutes is not None and not p.finished:
                self._plan_again(before)
        yield Stopped(p, p.finished)

    # -- one update -----------------------------------------------------------------------------------------------

    def _update(self, clock: _Clock) -> Progressed:
        p, run = self.progress, self.run
        epoch, index = divmod(p.update, self.batches.updates_per_epoch)
        torch.manual_seed(run.seed * 1_000_003 + p.update)
        rate = self._learning_rate()
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        batch = tuple(torch.from_numpy(a) for a in self.batches.batch(epoch, index))
        self.model.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=run.precision == "bfloat16"):
            loss, carried = self.model.loss(batch, self.carried if index else None, p.update)
        self._optimiser.zero_grad(set_to_none=True)
        loss.objective.backward()
        length = float(torch.nn.utils.clip_grad_norm_(self._parameters, run.clip))
        per_token = float(loss.nats) / max(loss.tokens, 1)
        if not (math.isfinite(length) and math.isfinite(per_token)):
            raise DivergedError(
                f"The training diverged at update {p.update + 1} (loss {per_token:g}, gradient {length:g}, learning "
                f"rate {rate:g}); the last good weights are kept: train again with a lower --learning-rate."
            )
        self._optimiser.step()
        self.carried = carried
        self._losses.append(per_token)
        p.update, p.tokens, p.seconds = p.update + 1, p.tokens + loss.tokens, clock.seconds()
        return Progressed(p, per_token, length, rate)

    def _learning_rate(self) -> float:
        """A short linear warm-up, then half a cosine that lands on the end of the plan."""
        p, run = self.progress, self.run
        warm_up = max(min(WARM_UP_MOST, p.planned_updates * WARM_UP_SHARE), 1.0)
        height = FLOOR + (1.0 - FLOOR) * 0.5 * (1.0 + math.cos(math.pi * p.share))
        return run.learning_rate * height * min((p.update + 1) / warm_up, 1.0)

    def _mean_loss(self) -> float:
        mean = sum(self._losses) / max(len(self._losses), 1)
        self._losses.clear()
        return mean

    # -- held-out text --------------------------------------------------------------------------------------------

    def _evaluated(self, clock: _Clock, train_nats: float | None) -> Evaluated:
        p, before = self.progress, clock.seconds()
        nats, tokens = evaluate(self.model, self.held_out)
        if not math.isfinite(nats):
            raise DivergedError(
                f"The held-out loss is no number after update {p.update}; the last good weights are kept: "
                "train again with a lower --learning-rate."
            )
        per_token = nats / tokens
        best = p.best_nats is None or per_token < p.best_nats
        p.bad_evaluations = 0 if best else p.bad_evaluations + 1
        if best:
            p.best_nats, p.best_update = per_token, p.update
        p.seconds = clock.seconds()
        p.evaluation_seconds = p.seconds - before
        p.plan_seconds += p.evaluation_seconds  # the speed of updates is measured without it
        return Evaluated(p, per_token, tokens, best, train_nats)

    # -- the plan -------------------------------------------------------------------------------------------------

    def _plan_first(self) -> None:
        """Plan by epochs; a budget of minutes is planned in earnest once the speed is known."""
        p, minutes = self.progress, self.run.minutes
        epochs = max(math.ceil(self.run.epochs or 1), 1)
        p.planned_evaluations = epochs * -(-EVALUATIONS // epochs)  # so that one falls on the end of every epoch
        if minutes is not None:
            affordable = int(minutes * 60 * EVALUATION_SHARE / max(p.evaluation_seconds, 1e-3))
            p.planned_evaluations = max(min(EVALUATIONS, affordable), 1)
        p.plan(self._most_updates())

    def _most_updates(self) -> int:
        epochs = math.inf if self.run.epochs is None else self.run.epochs
        return max(int(min(math.ceil(epochs * self.batches.updates_per_epoch), 2**53)), 1)

    def _plan_again(self, before: float) -> None:
        """Fit what is left of the schedule to the minutes left, at the speed seen since the last plan."""
        p, budget = self.progress, 60 * (self.run.minutes or 0.0)
        due = int(p.share * PLANS) > int(before * PLANS)
        if not p.calibrated:
            due = p.update >= CALIBRATION or p.seconds > CALIBRATION_SHARE * budget + p.evaluation_seconds
        if due:
            p.calibrated = True
            evaluations = p.planned_evaluations - int(p.share * p.planned_evaluations)
            left = budget - p.seconds - evaluations * p.evaluation_seconds
            speed = (p.update - p.plan_update) / max(p.seconds - p.plan_seconds, 1e-6)
            p.plan(min(p.update + max(int(left * speed), 1), self._most_updates()))
        elif p.update == WARMING:
            p.plan_update, p.plan_seconds = p.update, p.seconds


class _Clock:
    """Seconds of this training, those before a resume included."""

    def __init__(self, before: float) -> None:
        self._start = time.perf_counter() - before

    def seconds(self) -> float:
        return time.perf_counter() - self._start


@torch.no_grad()
def evaluate(model: Model, held_out: Any) -> tuple[float, int]:
    """Return (nats, tokens) of a text under a model, in float32, summed in float64."""
    model.train(False)
    nats, tokens, state = 0.0, 0, None
    for piece in held_out:
        state = None if piece.first else state
        batch = (torch.from_numpy(piece.inputs), torch.from_numpy(piece.targets))
        loss, state = model.loss(batch, state)
        nats, tokens = nats + float(loss.nats), tokens + loss.tokens
    return nats, tokens

