"""What an update does to a model's weights: gradient, clipping, AdamW, and their running mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from seqcli.layers.part import Part, computing

if TYPE_CHECKING:
    from seqcli.training.loss import Loss
    from seqcli.training.settings import RunSpec

Arrays = Mapping[str, np.ndarray[Any, Any]]


class Sharing(Protocol):
    """What makes the gradients of several processes one."""

    def part(self, rows: int, seed: int) -> Part:
        """Return which part of a batch of so many rows is this process's."""
        ...

    def backward(self, loss: Loss, part: Part) -> Loss:
        """Let every parameter have the gradient of the whole batch; return the loss of the whole batch."""
        ...


class Updates:
    """The weights of a model in training. The same in every process that shares it, as the gradients are."""

    def __init__(self, model: Any, run: RunSpec) -> None:
        self.model, self.run = model, run
        self.sharing: Sharing | None = None
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self._optimiser = torch.optim.AdamW(
            self.parameters,
            lr=run.learning_rate,
            betas=(0.9, 0.99),  # 0.999 remembers longer than a training of a few minutes lasts
            weight_decay=run.weight_decay,
            fused=True,
        )
        self._mean = [p.detach().clone() for p in self.parameters] if run.average else []

    # -- one update -----------------------------------------------------------------------------------------------

    def gradient(self, batch: Any, carried: Any, number: int, rows: int) -> tuple[Loss, Any]:
        """Return the loss of a batch, of which the gradients are then known, and the state to carry to the next.

        number: of the update, from 0: with the seed it decides all that is left to chance. rows: of the whole batch,
        where this process has a part of it.
        """
        seed = self.run.seed * 1_000_003 + number
        part = self.sharing.part(rows, seed) if self.sharing else None
        torch.manual_seed(seed)
        batch = tensors(batch)
        self.model.train()
        with computing(part), torch.autocast("cpu", torch.bfloat16, enabled=self.run.precision == "bfloat16"):
            loss, carried = self.model.loss(batch, carried, number)
        self._optimiser.zero_grad(set_to_none=True)
        if part is not None and self.sharing is not None:
            return self.sharing.backward(loss, part), carried
        loss.objective.backward()
        return loss, carried

    def clipped(self) -> float:
        """Shorten a gradient that is too long; return how long it was."""
        return float(torch.nn.utils.clip_grad_norm_(self.parameters, self.run.clip))

    def step(self, rate: float, done: int) -> None:
        """Let the weights follow the gradient. done: updates before this one, in this schedule."""
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._optimiser.step()
        if self._mean:
            decay = min(self.run.average, (1 + done) / (10 + done))  # the first weights are soon forgotten
            with torch.no_grad():
                torch._foreach_lerp_(self._mean, self.parameters, 1.0 - decay)

    # -- what is kept ---------------------------------------------------------------------------------------------

    def weights(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return what is measured and kept, the parameters or their running mean, as arrays by name."""
        mean = dict(zip(map(id, self.parameters), self._mean, strict=False))
        return {name: mean.get(id(p), p.detach()).numpy() for name, p in self.model.named_parameters()}

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
        arrays = {f"weights.{name}": p.detach().numpy() for name, p in self.model.named_parameters()}
        if self._mean:
            arrays |= {f"mean.{name}": array for name, array in self.weights().items()}
        for name, p in self.model.named_parameters():
            for key, value in self._optimiser.state.get(p, {}).items():
                arrays[f"{key}.{name}"] = value.numpy().reshape(-1) if value.ndim == 0 else value.numpy()
        return arrays

    def take_up(self, arrays: Arrays, updated: bool) -> None:
        """Take up what `arrays` returned; updated: there was an update since the optimiser began."""
        with torch.no_grad():
            for name, p in self.model.named_parameters():
                p.copy_(torch.tensor(arrays[f"weights.{name}"]))
                if updated:
                    step = torch.tensor(float(arrays[f"step.{name}"][0]))
                    moments = {k: torch.tensor(arrays[f"{k}.{name}"]) for k in ("exp_avg", "exp_avg_sq")}
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


def tensors(batch: Any) -> Any:
    """Return a batch with its arrays as tensors, whatever tuples it is made of."""
    return torch.from_numpy(batch) if isinstance(batch, np.ndarray) else tuple(map(tensors, batch))


# -- the state that truncated BPTT carries: a list of layers, each a tensor [., B, .] or a tuple of them ---------------


def carried_arrays(carried: Any) -> dict[str, np.ndarray[Any, Any]]:
    """Return a carried state as arrays by name."""
    layers = [layer if isinstance(layer, tuple) else (layer,) for layer in carried or []]
    return {f"carried.{i}.{j}": s.numpy() for i, layer in enumerate(layers) for j, s in enumerate(layer)}


def carried_state(arrays: Arrays) -> Any:
    """Return the carried state that is among arrays by name; None where there is none."""
    carried: dict[int, list[torch.Tensor]] = {}
    places = [key.split(".")[1:] for key in arrays if key.startswith("carried.")]
    for i, j in sorted((int(i), int(j)) for i, j in places):
        carried.setdefault(i, []).append(torch.tensor(arrays[f"carried.{i}.{j}"]))
    return [tuple(s) if len(s) > 1 else s[0] for s in carried.values()] or None


def each_tensor(carried: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """Return a carried state with each of its tensors changed."""
    return [tuple(map(change, layer)) if isinstance(layer, tuple) else change(layer) for layer in carried or []] or None
