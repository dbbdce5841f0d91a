"""The one training loop: yields events, prints nothing, writes nothing.

All that chance decides in update u comes from (seed, u), and the order of an epoch from (seed, epoch): a position is
two numbers, and a resumed training has nothing to replay.
"""

from __future__ import annotations

import ctypes
import itertools
import math
import operator
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch

from seqcli.errors import DivergedError
from seqcli.threads import BETTER, FEWEST_UPDATES, TRIAL_SHARE, Pace, processors, quickest, try_threads
from seqcli.training.events import Evaluated, Event, Progressed, Started, Stopped, Tried
from seqcli.training.loss import Loss, Model
from seqcli.training.progress import Clock, Progress, most_updates
from seqcli.training.settings import RunSpec

WARM_UP_SHARE, WARM_UP_MOST = 0.05, 100  # of the updates; Adam's second moments need some updates to mean anything, ...
WARM_UP_LEAST, SHORT_SHARE = 20, 0.3  # ... in a short training too, which may spend a third of itself on it
WARM_UP_GENTLE = 0.5  # of the updates: held-out text then costs 4 % more at most, not 23 %, on its way to 11 % less
ALIKE = 1.1  # times what held-out text cost where borrowed weights were learned: up to that it is much the same text
HOPELESS = 2.0  # times the cost of held-out text before any training: no training was seen to come back from it
KEPT_BYTES = 2**31 - 1  # freed memory that stays with the process; glibc takes a C int
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


@dataclass
class Training:
    """A model in training: the loop is `events()`, what it stands on can be saved between any two events."""

    model: Any  # an nn.Module that is a Model
    batches: Batches
    held_out: Any  # iterated anew for each evaluation
    run: RunSpec
    progress: Progress = field(default_factory=Progress)
    carried: Any = None  # the state that truncated BPTT carries to the next update
    stop: Callable[[], bool] = never  # asked during an evaluation, which may take seconds
    better: Callable[[float, float], bool] = operator.lt  # of two held-out figures, whether the first is
    ends: float | None = None  # by when a training by minutes is to be over, as time.monotonic() tells it
    surcharge: Callable[[], float] | None = None  # nats per token, added to a held-out figure where it is judged
    figures: Callable[[], Mapping[str, float]] | None = None  # what else is known of held-out text once it is measured

    def __post_init__(self) -> None:
        self._parameters = [p for p in self.model.parameters() if p.requires_grad]
        self._optimiser = torch.optim.AdamW(
            self._parameters,
            lr=self.run.learning_rate,
            betas=(0.9, 0.99),  # 0.999 remembers longer than a training of a few minutes lasts
            weight_decay=self.run.weight_decay,
            fused=True,
        )
        self._mean = [p.detach().clone() for p in self._parameters] if self.run.average else []
        self._pace = Pace()

    def weights(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return what is measured and kept, the parameters or their running mean, as arrays by name."""
        mean = dict(zip(map(id, self._parameters), self._mean, strict=False))
        return {name: mean.get(id(p), p.detach()).numpy() for name, p in self.model.named_parameters()}

    def state(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return everything that the next update depends on, besides `progress`: float32 arrays by name."""
        arrays = {f"weights.{name}": p.detach().numpy() for name, p in self.model.named_parameters()}
        if self._mean:
            arrays |= {f"mean.{name}": array for name, array in self.weights().items()}
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
        with torch.no_grad():
            for name, p in self.model.named_parameters():
                p.copy_(torch.tensor(arrays[f"weights.{name}"]))
                if self.progress.update > self.progress.begun_update:
                    step = torch.tensor(float(arrays[f"step.{name}"][0]))
                    moments = {k: torch.tensor(arrays[f"{k}.{name}"]) for k in ("exp_avg", "exp_avg_sq")}
                    self._optimiser.state[p] = {"step": step, **moments}
            names = {id(p): name for name, p in self.model.named_parameters()}
            for p, mean in zip(self._parameters, self._mean, strict=False):
                mean.copy_(torch.tensor(arrays[f"mean.{names[id(p)]}"]))
        carried: dict[int, list[torch.Tensor]] = {}
        places = [key.split(".")[1:] for key in arrays if key.startswith("carried.")]
        for i, j in sorted((int(i), int(j)) for i, j in places):
            carried.setdefault(i, []).append(torch.tensor(arrays[f"carried.{i}.{j}"]))
        self.carried = [tuple(s) if len(s) > 1 else s[0] for s in carried.values()] or None

    def go_longer(self, arrays: dict[str, np.ndarray[Any, Any]], progress: dict[str, Any]) -> None:
        """Go on behind the end of a training, from the weights that it kept, with a schedule of its own."""
        self.progress = Progress(**progress).longer()
        with torch.no_grad():
            for name, p in self.model.named_parameters():
                p.copy_(torch.tensor(arrays[name]))
            for p, mean in zip(self._parameters, self._mean, strict=False):
                mean.copy_(p)

    def events(self) -> Iterator[Event]:
        """Train to the end of the plan, or until held-out text stops getting better.

        Yields Started, Progressed after every update, Evaluated where the plan says, Tried where threads were chosen,
        Stopped. Raises DivergedError when a loss, gradient or held-out figure is no longer a number (nothing of that
        update is kept), InterruptedError when `stop` says so during an evaluation, which is then still due.
        """
        p = self.progress
        keep_freed_memory()
        yield Started(p)
        p.threads = self.run.threads or processors()
        torch.set_num_threads(p.threads)
        if self._may_try():
            yield from self._try_threads(Clock(p.seconds), "first")
        evaluate(self.model, itertools.islice(self.held_out, 1))  # once for nothing: a first call is slow
        clock = Clock(p.seconds)
        p.end_by(self.ends, self.run)
        while not p.finished or p.evaluation_due:
            if p.evaluation_due:
                yield self._evaluated(clock)
            if not p.planned_updates:
                p.plan_first(self.run, self.batches.updates_per_epoch)
            if not p.finished:
                since, tokens = time.perf_counter(), p.tokens
                yield self._update(clock)
                fell = self._pace.fell(p.tokens - tokens, time.perf_counter() - since)
                if self._may_try() and (fell or (self._pace.long_ago and self.run.threads is None)):
                    yield from self._try_threads(clock, "fell" if fell else "")
        yield Stopped(p, p.finished)

    # -- threads --------------------------------------------------------------------------------------------------

    def _may_try(self) -> bool:
        """Whether there are numbers of threads to compare, and updates enough for that to pay."""
        p, most = self.progress, self.run.threads or processors()
        long = self.run.minutes is not None or most_updates(self.run, self.batches.updates_per_epoch) >= FEWEST_UPDATES
        return most > 1 and long and not p.finished

    def _try_threads(self, clock: Clock, why: str) -> Iterator[Tried]:
        """Compare numbers of threads by the next update, of which nothing is kept, and take the quickest if one may.

        why: "first", "fell", or nothing, where only another number is worth an event.
        """
        p, run, before = self.progress, self.run, clock.seconds()
        allowed = math.inf if run.minutes is None else TRIAL_SHARE * 60 * run.minutes
        means = try_threads(self._backward, run.threads or processors(), allowed)
        found, used = quickest(means), p.threads
        p.threads = run.threads or found
        torch.set_num_threads(p.threads)
        p.seconds = clock.seconds()
        p.plan_seconds += p.seconds - before  # the speed of updates is measured without it
        self._pace = Pace(p.seconds - before)
        slower = means.get(p.threads, math.inf) > BETTER * means[found]
        if slower if run.threads else why or p.threads != used:
            yield Tried(p, means, p.threads, run.threads is not None)

    # -- one update -----------------------------------------------------------------------------------------------

    def _update(self, clock: Clock) -> Progressed:
        p, run = self.progress, self.run
        rate = self._learning_rate()
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        loss, carried = self._backward()
        length = float(torch.nn.utils.clip_grad_norm_(self._parameters, run.clip))
        per_token = float(loss.nats) / max(loss.tokens, 1)
        if not (math.isfinite(length) and math.isfinite(per_token)):
            raise DivergedError(
                f"The training diverged at update {p.update + 1} (loss {per_token:g}, gradient {length:g}, learning "
                f"rate {rate:g}); the last good weights are kept: train again with a lower --learning-rate."
            )
        self._optimiser.step()
        if self._mean:
            done = p.update - p.begun_update
            decay = min(run.average, (1 + done) / (10 + done))  # the first weights are soon forgotten
            with torch.no_grad():
                torch._foreach_lerp_(self._mean, self._parameters, 1.0 - decay)
        self.carried = carried
        before = p.share
        p.advance(per_token, loss.tokens, clock.seconds())
        if run.minutes is not None and not p.finished:
            p.plan_again(before, run, self.batches.updates_per_epoch)
        return Progressed(p, per_token, length, rate, {k: v / max(loss.tokens, 1) for k, v in loss.parts.items()})

    def _backward(self) -> tuple[Loss, Any]:
        """Return the loss of the next update, of which the gradients are then known, and the state that it carries."""
        p, run = self.progress, self.run
        epoch, index = divmod(p.update, self.batches.updates_per_epoch)
        torch.manual_seed(run.seed * 1_000_003 + p.update)
        batch = tensors(self.batches.batch(epoch, index))
        self.model.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=run.precision == "bfloat16"):
            loss, carried = self.model.loss(batch, self.carried if index else None, p.update)
        self._optimiser.zero_grad(set_to_none=True)
        loss.objective.backward()
        return loss, carried

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
        with self._measured():
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

    @contextmanager
    def _measured(self) -> Iterator[None]:
        """Let the model have the weights that are kept, for as long as it is measured."""
        for p, mean in zip(self._parameters, self._mean, strict=False):
            p.data, mean.data = mean.data, p.data
        try:
            yield
        finally:
            for p, mean in zip(self._parameters, self._mean, strict=False):
                p.data, mean.data = mean.data, p.data

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


def tensors(batch: Any) -> Any:
    """Return a batch with its arrays as tensors, whatever tuples it is made of."""
    return torch.from_numpy(batch) if isinstance(batch, np.ndarray) else tuple(map(tensors, batch))


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
    nats, tokens, state = 0.0, 0, None
    for piece in held_out:
        if stop():
            raise InterruptedError
        state = None if piece.first else state
        loss, state = model.loss(tensors(piece.batch), state)
        nats, tokens = nats + float(loss.nats), tokens + loss.tokens
        if parts is not None:
            parts |= {name: parts.get(name, 0.0) + value for name, value in loss.parts.items()}
        if report:
            report(tokens)
    return nats, tokens
