"""A bidirectional model as arrays: what both sides of a place say of it, with numpy alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from seqcli.errors import quoted
from seqcli.fill.settings import FillSpec
from seqcli.layers.shapes import GATES
from seqcli.layers.steps import Array, Ids, cell
from seqcli.store.weights import stored_weights, too_large
from seqcli.text.vocabulary import EOS

if TYPE_CHECKING:
    from seqcli.store.arrays import Table

TOGETHER = 1 << 13  # tokens read side by side at most: what the gates need of them stays within 100 MB


def fill_table(spec: FillSpec, vocabulary_size: int) -> Table:
    """Return the arrays that a model of these settings consists of: name -> (dtype, shape)."""
    width, hidden, gates = spec.embedding_size, spec.hidden_size, GATES[spec.cell]
    shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (vocabulary_size, width)}
    for stack in spec.stacks:
        for i in range(spec.layers):
            layer = f"stacks.{stack}.layers.{i}"
            shapes[f"{layer}.weight_ih_l0"] = (gates * hidden, hidden if i else width)
            shapes[f"{layer}.weight_hh_l0"] = (gates * hidden, hidden)
            shapes[f"{layer}.bias_ih_l0"] = shapes[f"{layer}.bias_hh_l0"] = (gates * hidden,)
        if spec.window:
            shapes[f"near.{stack}"] = (spec.window, width)
    shapes |= {"join.weight": (spec.joined_size, len(spec.stacks) * hidden), "join.bias": (spec.joined_size,)}
    shapes |= {"project.weight": (width, spec.joined_size), "project.bias": (width,)}
    if not spec.tied:
        shapes["output.weight"] = (vocabulary_size, width)
    shapes["output_bias"] = (vocabulary_size,)
    return {name: ("F32", shape) for name, shape in shapes.items()}


class _Layer:
    """One recurrent layer: its products, input and state apart."""

    def __init__(self, kind: str, arrays: dict[str, Any], name: str) -> None:
        self._cell, self._parts = kind, 2 if kind == "lstm" else 1
        self._input = np.ascontiguousarray(arrays[f"{name}.weight_ih_l0"].T)
        self._state = np.ascontiguousarray(arrays[f"{name}.weight_hh_l0"].T)
        bias, self._bias = arrays[f"{name}.bias_ih_l0"], arrays[f"{name}.bias_hh_l0"]
        if kind != "gru":  # whose reset gate stands between the two
            bias, self._bias = bias + self._bias, None
        self._input_bias = bias

    def read(self, x: Array, going: list[int]) -> Array:
        """x [T, B, E] -> the states behind each of its steps [T, B, H]; the first going[t] rows have a step t."""
        steps, batch, _ = x.shape
        size = len(self._state)
        out = np.zeros((steps, batch, size), np.float32)
        from_input = (x.reshape(steps * batch, -1) @ self._input).reshape(steps, batch, -1)
        from_input += self._input_bias
        state: tuple[Array, ...] = tuple(np.zeros((batch, size), np.float32) for _ in range(self._parts))
        for t, rows in enumerate(going):
            state = tuple(part[:rows] for part in state)
            from_state = state[0] @ self._state
            if self._bias is not None:
                from_state += self._bias
            state = cell(self._cell, "tanh", from_input[t, :rows], from_state, state)
            out[t, :rows] = state[0]
        return out


class FillArrays:
    """A bidirectional model as arrays."""

    def __init__(self, spec: FillSpec, arrays: dict[str, Any], name: str = "The model") -> None:
        """arrays: as `fill_table` lists them. name: what a message calls the model."""
        self.spec, self._name = spec, name
        self._embedding: Array = arrays["embedding.weight"]
        self._stacks = {
            stack: [_Layer(spec.cell, arrays, f"stacks.{stack}.layers.{i}") for i in range(spec.layers)]
            for stack in spec.stacks
        }
        self._near = {stack: arrays[f"near.{stack}"] for stack in spec.stacks if spec.window}
        self._join = arrays["join.weight"].T, arrays["join.bias"]
        self._project = arrays["project.weight"].T, arrays["project.bias"]
        self._output: Array = self._embedding if spec.tied else arrays["output.weight"]
        self._bias: Array = arrays["output_bias"]

    @classmethod
    def stored(cls, record: Any, vocabulary_size: int) -> FillArrays:
        """Return the model of a record of the store."""
        return cls(record.spec, stored_weights(record, fill_table(record.spec, vocabulary_size)), quoted(record.name))

    def vectors(self, ids: Ids, lengths: Ids) -> Array:
        """Return what both sides of each place say of the word there, which neither of them has read.

        ids [B, T]: a text a row, without the ends of units before and behind it, lengths [B]: of each text; what stands
        behind its end is never looked at. -> [B, T, E], zeros behind the end. Texts are read many at a time, those of
        one length together; the answer for one does not depend on its neighbours.
        """
        return self._vectors(ids, lengths, False)[0]

    def vectors_between(self, ids: Ids, lengths: Ids) -> tuple[Array, Array]:
        """Return the same, and what both sides of each gap say: of a word that may be missing before each place.

        -> [B, T, E] twice; the second has zeros before the first word of a text, beside which stands nothing.
        """
        at, between = self._vectors(ids, lengths, True)
        return at, between

    def _vectors(self, ids: Ids, lengths: Ids, between: bool) -> list[Array]:
        ids, lengths = np.asarray(ids), np.asarray(lengths)
        found = [np.zeros((*ids.shape, self.spec.embedding_size), np.float32) for _ in range(1 + between)]
        for rows in _groups(lengths):
            steps = np.arange(int(lengths[rows[0]]))
            inside = steps < lengths[rows, None]
            read = self._read(np.where(inside, ids[rows, : len(steps)], EOS), lengths[rows], between)
            for out, part in zip(found, read, strict=True):
                for at, row in enumerate(rows):
                    out[row, : lengths[row]] = part[: lengths[row], at]
        if not all(np.isfinite(out).all() for out in found):
            raise too_large(self._name)
        return found

    @np.errstate(over="ignore", invalid="ignore")  # told once, by vectors
    def _read(self, ids: Ids, lengths: Ids, between: bool = False) -> list[Array]:
        """ids [B, T] with the longest text first, lengths [B] -> vectors [T, B, E]; between: also before each place."""
        steps = np.arange(ids.shape[1])
        going = [int(n) for n in (lengths > steps[:, None]).sum(1)]
        weight, _ = self._join
        size = self.spec.hidden_size
        sides: list[Array] = []
        near: list[Array] = []
        for at, (name, layers) in enumerate(self._stacks.items()):
            turned = steps if name == "onward" else (lengths[:, None] - 1 - steps).clip(0)  # [B, T] or [T]
            words = ids if name == "onward" else np.take_along_axis(ids, turned, 1)
            before = np.concatenate([np.full((len(ids), 1), EOS), words[:, :-1]], 1).T  # [T, B]: what a place is behind
            x = self._embedding[before]
            states = x
            for layer in layers:
                states = layer.read(states, going)
            part = states.reshape(-1, size) @ weight[at * size : (at + 1) * size]
            sides.append(self._placed(part.reshape(*states.shape[:2], -1), turned))
            if self._near:
                near.append(self._placed(_near(x, self._near[name]), turned))
        found = [self._met(sum(sides), sum(near))]
        if between:
            found.append(np.zeros_like(found[0]))
            if len(steps) > 1 and len(sides) == 2:
                direct = near[0][1:] + near[1][:-1] if near else 0
                found[1][1:] = self._met(sides[0][1:] + sides[1][:-1], direct)
        return found

    def _met(self, sides: Array | int, direct: Array | int) -> Array:
        """sides [T, B, J], what stands directly beside [T, B, E] -> vectors [T, B, E]."""
        bias = self._join[1]
        assert isinstance(sides, np.ndarray)
        joined = np.maximum(sides + bias, 0).reshape(-1, len(bias))
        out: Array = (joined @ self._project[0] + self._project[1]).reshape(*sides.shape[:2], -1)
        return out + direct

    def shared_logits(self, vectors: Array, ids: Ids) -> Array:
        """vectors [N, E], ids [C] -> the scores of the same words at each place [N, C], not normalised."""
        scores: Array = vectors @ self._output[ids].T
        return scores + self._bias[ids]

    @staticmethod
    def _placed(x: Array, turned: Ids) -> Array:
        """Return steps [T, B, D] of a side at the places of the text; turned: of the other direction [B, T]."""
        return x if turned.ndim == 1 else np.take_along_axis(x, turned.T[..., None], 0)

    def logits(self, vectors: Array, ids: Ids) -> Array:
        """vectors [N, E], ids [N, C] -> the scores of some words at each place [N, C], not normalised."""
        scores: Array = np.einsum("ncd,nd->nc", self._output[ids], vectors, optimize=True)
        return scores + self._bias[ids]

    def log_probabilities(self, vectors: Array) -> Array:
        """vectors [N, E] -> natural log of every token's probability at each place [N, V].

        Raises DamagedError where finite weights are so large that their products are not.
        """
        scores = self._scores(vectors)
        scores -= scores.max(-1, keepdims=True)
        scores -= np.log(np.exp(scores).sum(-1, keepdims=True, dtype=np.float64)).astype(np.float32)
        return scores

    def log_probabilities_of(self, vectors: Array, ids: Ids) -> Array:
        """vectors [N, E], ids [N] -> natural log of the probability of one token at each place [N]."""
        scores = self._scores(vectors)
        wanted, top = scores[np.arange(len(ids)), ids], scores.max(1)
        scores -= top[:, None]
        found: Array = wanted - top - np.log(np.exp(scores, out=scores).sum(1))
        return found

    def _scores(self, vectors: Array) -> Array:
        """vectors [N, E] -> scores before their normalisation [N, V]."""
        with np.errstate(over="ignore", invalid="ignore"):
            scores: Array = vectors @ self._output.T
            scores += self._bias
        if not np.isfinite(scores).all():
            raise too_large(self._name)
        return scores


def _near(x: Array, weights: Array) -> Array:
    """x [T, B, E]: what each place is behind; weights [W, E] -> the W words before each place, weighed and summed."""
    out = np.zeros_like(x)
    for back, weight in enumerate(weights[: len(x)]):
        out[back:] += x[: len(x) - back] * weight
    return out


def _groups(lengths: Ids) -> Iterator[Ids]:
    """Yield the rows of texts to read together, the longest first; those without a word are left out."""
    order = np.argsort(-lengths, kind="stable")
    order = order[lengths[order] > 0]
    at = 0
    while at < len(order):
        count = max(TOGETHER // int(lengths[order[at]]), 1)
        yield order[at : at + count]
        at += count
