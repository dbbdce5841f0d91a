"""A bidirectional model as arrays: what both sides of a place say of it, with numpy alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from seqcli.errors import quoted
from seqcli.fill.settings import FillSpec
from seqcli.layers.packed import Packed, read, stack_of
from seqcli.layers.shapes import GATES
from seqcli.layers.steps import Array, Ids
from seqcli.store.weights import stored_weights, too_large
from seqcli.text.vocabulary import EOS

if TYPE_CHECKING:
    from seqcli.store.arrays import Table

TOGETHER = 1 << 13  # tokens read side by side: what the gates need of them stays within 100 MB


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


class FillArrays:
    """A bidirectional model as arrays."""

    def __init__(self, spec: FillSpec, arrays: dict[str, Any], name: str = "The model") -> None:
        """arrays: as `fill_table` lists them. name: what a message calls the model."""
        self.spec, self._name = spec, name
        self._embedding: Array = arrays["embedding.weight"]
        self._stacks = {stack: stack_of(spec.cell, arrays, f"stacks.{stack}", spec.layers) for stack in spec.stacks}
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
            packed = Packed([ids[row, : lengths[row]] for row in rows])
            which, steps = packed.places
            for out, part in zip(found, self._read(packed, between), strict=True):
                out[rows[which], steps] = part
        if not all(np.isfinite(out).all() for out in found):
            raise too_large(self._name)
        return found

    @np.errstate(over="ignore", invalid="ignore")  # told once, by vectors
    def _read(self, packed: Packed, between: bool) -> list[Array]:
        """Return the vectors of all tokens [N, E]; between: also those before each."""
        weight, size = self._join[0], self.spec.hidden_size
        behind = packed.back(1)
        later = slice(len(packed.ids) - len(behind), None)  # all tokens but the first of each text
        sides: list[Array] = []
        near: list[Array] = []
        for at, (name, layers) in enumerate(self._stacks.items()):
            turned = slice(None) if name == "onward" else packed.turned
            before = np.full(len(packed.ids), EOS)  # what a place is behind
            before[later] = packed.ids[turned][behind]
            x = self._embedding[before]
            states = read(packed, x, layers)
            sides.append((states @ weight[at * size : (at + 1) * size])[turned])
            if self._near:
                near.append(_near(packed, x, self._near[name])[turned])
        found = [self._met(sum(sides), sum(near))]
        if between:
            found.append(np.zeros_like(found[0]))
            if len(behind) and len(sides) == 2:
                direct = near[0][later] + near[1][behind] if near else 0
                found[1][later] = self._met(sides[0][later] + sides[1][behind], direct)
        return found

    def _met(self, sides: Array | int, direct: Array | int) -> Array:
        """sides [N, J], what stands directly beside [N, E] -> vectors [N, E]."""
        out: Array = np.maximum(sides + self._join[1], 0) @ self._project[0]
        out += self._project[1]
        out += direct
        return out

    def shared_logits(self, vectors: Array, ids: Ids) -> Array:
        """vectors [N, E], ids [C] -> the scores of the same words at each place [N, C], not normalised."""
        scores: Array = vectors @ self._output[ids].T
        return scores + self._bias[ids]

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


def _near(packed: Packed, x: Array, weights: Array) -> Array:
    """x [N, E]: what each place is behind; weights [W, E] -> the W words before each place, weighed and summed."""
    out: Array = x * weights[0]
    for back, weight in enumerate(weights[1:], 1):
        before = packed.back(back)
        out[len(x) - len(before) :] += x[before] * weight
    return out


def _groups(lengths: Ids) -> Iterator[Ids]:
    """Yield the rows of texts to read together, the longest first; those without a word are left out."""
    order = np.argsort(-lengths, kind="stable")
    order = order[lengths[order] > 0]
    if len(order):
        part = np.cumsum(lengths[order]) // TOGETHER
        yield from np.split(order, np.flatnonzero(np.diff(part)) + 1)
