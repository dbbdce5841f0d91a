"""What an update does to a model's weights: gradient, clipping, AdamW, and their running mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from seqcli.layers.part import Part, computing
from seqcli.training.adamw import AdamW
from seqcli.training.device import device_of, tensors
from seqcli.training.loss import Loss
from seqcli.training.precision import computed_in

if TYPE_CHECKING:
    from seqcli.training.settings import RunSpec
    from seqcli.training.shares import Shares

Arrays = Mapping[str, np.ndarray[Any, Any]]
BATCH_SEEDS = 2**40  # between the random starts of two batches of one update: no number of an update is as high


@dataclass(frozen=True)
class Work:
    """What a process computes of a batch of `rows` rows: the parts of these numbers, of `count`, one after the other.

    targets: the tokens that the whole batch predicts. first: of an epoch, where no state is carried.
    """

    batches: Sequence[Any]
    first: bool
    numbers: Sequence[int] = (0,)
    count: int = 1
    rows: int = 0
    targets: Any = None

    @classmethod
    def of(cls, batches: Sequence[Shares], first: bool, rank: int, processes: int, count: int) -> list[Work]:
        """Return the work of one of several processes on the batches of an update.

        Of each that is every so many-th of `count` shares, with borrowed ones. first: the first batch is of an epoch.
        """
        found = []
        for place, shares in enumerate(batches):
            passes = -(-len(shares.batches) // processes)
            numbers = [rank + processes * number for number in range(passes)]
            parts = [shares.batches[number if number < len(shares.batches) else 0] for number in numbers]
            found.append(cls(parts, first and not place, numbers, count, shares.rows, shares.targets))
        return found


class Sharing(Protocol):
    """What makes the gradients of several processes one."""

    def total(self, x: torch.Tensor) -> torch.Tensor:
        """Sum a tensor over all processes, in place."""
        ...

    def summed(self, values: list[float]) -> Callable[[], list[float]]:
        """Begin to sum numbers over all processes; return what waits for the sums."""
        ...

    def backward(self, objective: torch.Tensor, last: bool) -> None:
        """Add to the gradients; with the last, begin to sum them over all processes."""
        ...

    def divide(self, by: float) -> None:
        """Let every parameter have the gradient of all processes, divided."""
        ...


class Alone:
    """One process, whose gradients are its own."""

    def __init__(self, parameters: Sequence[torch.Tensor]) -> None:
        self._parameters = parameters

    def total(self, x: torch.Tensor) -> torch.Tensor:
        """Return it."""
        return x

    def summed(self, values: list[float]) -> Callable[[], list[float]]:
        """Return what returns them."""
        return lambda: values

    def backward(self, objective: torch.Tensor, last: bool) -> None:
        """Add to the gradients."""
        torch.autograd.backward(objective)

    def divide(self, by: float) -> None:
        """Divide the gradients."""
        for p in self._parameters:
            if p.grad is not None:
                p.grad.div_(by)


class Updates:
    """The weights of a model in training. The same in every process that shares it, as the gradients are."""

    def __init__(self, model: Any, run: RunSpec) -> None:
        self.device = device_of(run.device)
        self.model, self.run = model.to(self.device), run
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.sharing: Sharing = Alone(self.parameters)
        # torch's own also notes, for kinds of devices that are not there, where it was called from: 1 ms
        self._seed = torch.default_generator.manual_seed if self.device.type == "cpu" else torch.manual_seed
        self._optimiser = AdamW(self.parameters, run.weight_decay)
        self._mean = [p.detach().clone() for p in self.parameters] if run.average else []

    # -- one update -----------------------------------------------------------------------------------------------

    def gradient(self, works: Sequence[Work], states: Sequence[Any], number: int) -> tuple[Loss, list[Any]]:
        """Return the loss of an update's batches, of which the gradients are then known, and the states to carry on.

        states: carried to each part of the first work; those returned are of the last. number: of the update, from 0:
        with the seed it decides all that is left to chance.
        """
        self.model.train()
        for p in self.parameters:
            p.grad = None
        if len(works) == works[0].count == 1:
            loss, after = self._loss(works[0], 0, states[0], number)
            torch.autograd.backward(loss.objective)
            return loss, [after]
        return self._shared_gradient(works, states, number)

    def _shared_gradient(self, works: Sequence[Work], states: Sequence[Any], number: int) -> tuple[Loss, list[Any]]:
        """Return the same where others have a part of the batches, or they are computed in several passes.

        Objectives are means over predicted tokens: each counts as often as it has tokens.
        """
        sums, carried = list[float](), dict(zip(works[0].numbers, states, strict=True))
        for order, work in enumerate(works):
            for place, part in enumerate(work.numbers):
                loss, carried[part] = self._loss(work, place, carried.get(part), number, order)
                names, own = sorted(loss.parts), part < work.rows  # else its rows are borrowed
                values = [float(loss.tokens), float(loss.nats), *(loss.parts[name] for name in names)]
                sums = [a + b * own for a, b in zip_longest(sums, values, fillvalue=0.0)]
                last = work is works[-1] and place == len(work.numbers) - 1
                if last:
                    whole = self.sharing.summed(sums)
                self.sharing.backward(loss.objective * (loss.tokens * own), last)
        tokens, nats, *parts = whole()
        self.sharing.divide(max(tokens, 1.0))
        total = torch.tensor(nats, dtype=torch.float64)
        summed = Loss(loss.objective, total, int(tokens), dict(zip(names, parts, strict=True)))
        return summed, [carried[part] for part in works[-1].numbers]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let this process compute its share as if there were no others, who are told nothing."""
        sharing, self.sharing = self.sharing, Alone(self.parameters)
        try:
            yield
        finally:
            self.sharing = sharing

    def _loss(self, work: Work, place: int, state: Any, number: int, order: int = 0) -> tuple[Loss, Any]:
        """Return the loss of one part of the work, and the state to carry. order: of the batch in its update."""
        seed, part = self.run.seed * 1_000_003 + number + order * BATCH_SEEDS, None
        if work.count > 1:
            own = torch.Generator().manual_seed(seed * work.count + work.numbers[place])
            targets = torch.from_numpy(work.targets).to(self.device)
            part = Part(work.numbers[place], work.count, work.rows, targets, self.sharing.total, own)
        self._seed(seed)
        with computing(part), computed_in(self.run.precision, self.device):
            found: tuple[Loss, Any] = self.model.loss(tensors(work.batches[place], self.device), state, number)
        return found

    def clipped(self) -> float:
        """Shorten a gradient that is too long; return how long it was."""
        return float(torch.nn.utils.clip_grad_norm_(self.parameters, self.run.clip))

    def step(self, rate: float, done: int) -> None:
        """Let the weights follow the gradient. done: updates before this one, in this schedule."""
        self._optimiser.step(rate)
        if self._mean:
            decay = min(self.run.average, (1 + done) / (10 + done))  # the first weights are soon forgotten
            with torch.no_grad():
                torch._foreach_lerp_(self._mean, self.parameters, 1.0 - decay)

    # -- what is kept ---------------------------------------------------------------------------------------------

    def weights(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return what is measured and kept, the parameters or their running mean, as arrays by name."""
        mean = dict(zip(map(id, self.parameters), self._mean, strict=False))
        return {name: mean.get(id(p), p.detach()).cpu().numpy() for name, p in self.model.named_parameters()}

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Let the model have the weights that are kept, for as long as it is measured."""
        for p, mean in zip(self.parameters, self._mean, strict=False):
            p.data, mean.data = mean.data, p.data
        try:
            yield
        finally:
            for p, mean in zip(self.parameters, self._mean, strict=False):
                p.data, mean.data = mean.data, p.data

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return everything that the next update depends on beside its batch: float32 arrays by name."""
        arrays = {f"weights.{name}": p.detach().cpu().numpy() for name, p in self.model.named_parameters()}
        if self._mean:
            arrays |= {f"mean.{name}": array for name, array in self.weights().items()}
        for name, p in self.model.named_parameters():
            for key, value in self._optimiser.state.get(p, {}).items():
                array = value.cpu().numpy()
                arrays[f"{key}.{name}"] = array.reshape(-1) if array.ndim == 0 else array
        return arrays

    def take_up(self, arrays: Arrays, updated: bool) -> None:
        """Take up what `arrays` returned; updated: there was an update since the optimiser began."""
        with torch.no_grad():
            for name, p in self.model.named_parameters():
                p.copy_(torch.tensor(arrays[f"weights.{name}"]))
                if updated:
                    step = torch.tensor(float(arrays[f"step.{name}"][0]), device=p.device)
                    moments = {
                        k: torch.tensor(arrays[f"{k}.{name}"], device=p.device) for k in ("exp_avg", "exp_avg_sq")
                    }
                    self._optimiser.state[p] = {"step": step, **moments}
            names = {id(p): name for name, p in self.model.named_parameters()}
            for p, mean in zip(self.parameters, self._mean, strict=False):
                mean.copy_(torch.tensor(arrays[f"mean.{names[id(p)]}"]))

    def begin_from(self, arrays: Arrays) -> None:
        """Begin with weights that were kept, by the parameters' names; the optimiser begins anew."""
        with torch.no_grad():
            for name, p in self.model.named_parameters():
                p.copy_(torch.tensor(arrays[name]))
            for p, mean in zip(self.parameters, self._mean, strict=False):
                mean.copy_(p)
