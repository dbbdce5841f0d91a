"""Texts of several lengths read by recurrent layers from both ends, with numpy alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqcli.layers.shapes import GATES
from seqcli.layers.steps import Array, Ids, cell

Shapes = dict[str, tuple[int, ...]]


def stack_shapes(name: str, architecture: str, input_size: int, size: int, layers: int) -> Shapes:
    """Return the arrays of a stack of recurrent layers: name -> shape."""
    shapes: Shapes = {}
    for i in range(layers):
        layer, rows = f"{name}.layers.{i}", GATES[architecture] * size
        shapes[f"{layer}.weight_ih_l0"] = (rows, size if i else input_size)
        shapes[f"{layer}.weight_hh_l0"] = (rows, size)
        shapes[f"{layer}.bias_ih_l0"] = shapes[f"{layer}.bias_hh_l0"] = (rows,)
    return shapes


class Packed:
    """Tokens of several sources as one row each, those of one step together: a longer source stands before a shorter.

    So a step's rows are the first of the step's before it, and no row is padding.
    """

    def __init__(self, sources: Sequence[Sequence[int] | Ids]) -> None:
        self.count = len(sources)
        lengths = np.array([len(source) for source in sources])
        order = np.argsort(-lengths, kind="stable")
        self._order, self._lengths = order, lengths[order]
        going = (self._lengths[:, None] > np.arange(self._lengths[0])).sum(0)  # [S]
        ends = np.cumsum(going)
        self.steps = [slice(int(end - count), int(end)) for end, count in zip(ends, going, strict=True)]
        self._row = row = np.concatenate([np.arange(count) for count in going])
        step = np.repeat(np.arange(len(going)), going)
        self.places = order[row], step  # [N]: which source, and which of its tokens
        self.turned: Ids = (ends - going)[self._lengths[row] - 1 - step] + row  # [N]: the token as far from the end
        self.ids = np.zeros(len(row), np.int64)
        for i, source in enumerate(np.argsort(order)):
            self.ids[(ends - going)[: len(sources[i])] + source] = sources[i]

    def back(self, count: int) -> Ids:
        """Return which token stands `count` before each of the last ones, that have such [M]."""
        starts = np.array([step.start for step in self.steps])
        step = self.places[1][starts[count] :] if count < len(starts) else self.places[1][:0]
        before: Ids = starts[step - count] + self._row[len(self._row) - len(step) :]
        return before

    def mean(self, states: Array) -> Array:
        """states [N, D] -> their mean over each source [count, D]."""
        total = np.zeros((self.count, states.shape[1]), np.float32)
        for step in self.steps:
            total[: step.stop - step.start] += states[step]
        mean = np.empty_like(total)
        mean[self._order] = total / self._lengths[:, None].astype(np.float32)
        return mean


class Layer:
    """One recurrent layer: its products, input and state apart."""

    def __init__(
        self, architecture: str, arrays: dict[str, Any], name: str, width: int | None = None, ending: str = ""
    ) -> None:
        """width: numbers of the input that `inputs` is given; `more` [.., gates * H] is the product of the others.

        ending: of the arrays' names.
        """
        self._cell = architecture
        weight = arrays[f"{name}.weight_ih_l0{ending}"]
        self._input = np.ascontiguousarray(weight[:, :width].T)
        self.more: Array = np.ascontiguousarray(weight[:, len(self._input) :].T)
        self._state = np.ascontiguousarray(arrays[f"{name}.weight_hh_l0{ending}"].T)
        bias, self._bias = arrays[f"{name}.bias_ih_l0{ending}"], arrays[f"{name}.bias_hh_l0{ending}"]
        if architecture != "gru":  # whose reset gate stands between the two
            bias, self._bias = bias + self._bias, None
        self._input_bias = bias

    @property
    def size(self) -> int:
        """Numbers in the state."""
        return len(self._state)

    def start(self, rows: int) -> tuple[Array, ...]:
        """Return the state before anything was read."""
        return tuple(np.zeros((rows, self.size), np.float32) for _ in range(2 if self._cell == "lstm" else 1))

    def inputs(self, x: Array) -> Array:
        """x [..., E] -> what it adds to the gates [..., gates * H]."""
        product: Array = x @ self._input
        product += self._input_bias
        return product

    def step(self, from_input: Array, state: tuple[Array, ...]) -> tuple[Array, ...]:
        """Return the state [B, H] after one step."""
        from_state = state[0] @ self._state
        if self._bias is not None:
            from_state += self._bias
        return cell(self._cell, "tanh", from_input, from_state, state)


def stack_of(architecture: str, arrays: dict[str, Any], name: str, layers: int) -> list[Layer]:
    """Return the layers of a stack."""
    return [Layer(architecture, arrays, f"{name}.layers.{i}") for i in range(layers)]


def read(packed: Packed, x: Array, layers: Sequence[Layer]) -> Array:
    """x [N, E] of all texts, step by step -> states [N, H] of the last layer."""
    for layer in layers:
        from_input, state = layer.inputs(x), layer.start(packed.count)
        x = np.zeros((len(x), layer.size), np.float32)
        for step in packed.steps:
            going = step.stop - step.start
            state = layer.step(from_input[step], tuple(s[:going] for s in state))
            x[step] = state[0]
    return x


def read_both_ways(packed: Packed, x: Array, onward: Sequence[Layer], returning: Sequence[Layer]) -> Array:
    """x [N, E] -> states [N, 2H]: of each token as read from the beginning, then as read from the end."""
    back = read(packed, x[packed.turned], returning)
    return np.concatenate([read(packed, x, onward), back[packed.turned]], 1)
