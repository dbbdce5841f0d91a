"""The state that truncated BPTT carries from one update to the next, in the parts that a process computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from seqcli.training.updates import Work

Arrays = Mapping[str, np.ndarray[Any, Any]]
State = Any  # a list of layers, each a tensor [., B, .] or a tuple of them; None: nothing is carried


class Carried:
    """What this process carries: a state for each part that it computes.

    Where a training goes on, it is at first the whole, of which each process then takes its rows: they may be more or
    fewer than before.
    """

    def __init__(self, arrays: Arrays | None = None, device: torch.device | None = None) -> None:
        """arrays: those of a whole state are among them, if there is one. device: that the model computes on."""
        self._whole: State = _state(arrays or {}, device)
        self._parts: dict[int, State] = {}
        self._count = self._rows = 0

    def of(self, work: Work) -> list[State]:
        """Return the states that the parts of some work go on from."""
        if work.first:
            return [None] * len(work.numbers)
        if self._whole is not None:
            return [_rows_of(self._whole, number, work.count) for number in work.numbers]
        return [self._parts.get(number) for number in work.numbers]

    def keep(self, work: Work, states: list[State]) -> None:
        """Carry other states from now on."""
        self._whole, self._parts = None, dict(zip(work.numbers, states, strict=True))
        self._count, self._rows = work.count, work.rows

    def parts(self) -> dict[int, Arrays]:
        """Return the states of the parts that have rows of their own, as arrays by name."""
        own = {number: state for number, state in self._parts.items() if number < self._rows or self._count == 1}
        return {number: _arrays(state) for number, state in own.items()}

    def whole(self, others: Callable[[], dict[int, Arrays]]) -> dict[str, np.ndarray[Any, Any]]:
        """Return the state of the whole batch as arrays by name; others: ask for the parts of the other processes."""
        if self._whole is not None or not self._parts:
            return _arrays(self._whole)
        if self._count == 1:
            return self.parts()[0]  # type: ignore[return-value]
        found: dict[str, np.ndarray[Any, Any]] = {}
        for number, arrays in {**self.parts(), **others()}.items():
            for name, array in arrays.items():
                shape = (array.shape[0], self._rows, *array.shape[2:])
                found.setdefault(name, np.empty(shape, array.dtype))[:, number :: self._count] = array
        return found


def _arrays(state: State) -> dict[str, np.ndarray[Any, Any]]:
    layers = [layer if isinstance(layer, tuple) else (layer,) for layer in state or []]
    return {f"carried.{i}.{j}": s.cpu().numpy() for i, layer in enumerate(layers) for j, s in enumerate(layer)}


def _state(arrays: Arrays, device: torch.device | None) -> State:
    carried: dict[int, list[torch.Tensor]] = {}
    places = [key.split(".")[1:] for key in arrays if key.startswith("carried.")]
    for i, j in sorted((int(i), int(j)) for i, j in places):
        carried.setdefault(i, []).append(torch.tensor(arrays[f"carried.{i}.{j}"], device=device))
    return [tuple(s) if len(s) > 1 else s[0] for s in carried.values()] or None


def _rows_of(state: State, number: int, count: int) -> State:
    """Return the rows of the `number`-th of `count` parts; where it has none, the one that it borrows."""

    def taken(s: torch.Tensor) -> torch.Tensor:
        return s[:, (number if number < s.shape[1] else 0) :: count].clone()

    return [tuple(map(taken, layer)) if isinstance(layer, tuple) else taken(layer) for layer in state or []] or None
