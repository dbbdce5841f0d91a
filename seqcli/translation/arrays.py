"""A translator as arrays: reads sources side by side, and tells step by step what may come next in the target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqcli.layers.packed import Layer, Packed, read_both_ways, stack_of, stack_shapes
from seqcli.layers.steps import Array, Ids, State
from seqcli.store.arrays import Table
from seqcli.store.weights import stored_weights
from seqcli.translation.settings import TranslationSpec

BLOCK = 32  # tokens of the vocabulary looked at together in search of the best
NEVER = np.float32(-1e30)  # a score that nothing has: finite, so that sums with it stay numbers
SAFE = 60.0  # highest score of a row whose exponentials float32 can sum as they are
TABLE_ROWS = 32  # rows decoded at once from which a table of the input products of all tokens pays


def translation_table(spec: TranslationSpec, source_size: int, target_size: int, joint: bool) -> Table:
    """Return the arrays that a translator of these settings consists of: name -> (dtype, shape)."""
    width, states, hidden = spec.embedding_size, 2 * spec.encoder_size, spec.hidden_size
    shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (target_size, width)}
    if not joint:
        shapes["source_embedding.weight"] = (source_size, width)
    for name, size in (
        ("encoder.onward", spec.encoder_size),
        ("encoder.returning", spec.encoder_size),
        ("decoder", hidden),
    ):
        shapes |= stack_shapes(name, spec.cell, width, size, spec.layers)
    if spec.reads_attention:
        shapes |= stack_shapes("reader", spec.cell, hidden + states, hidden, 1)
    started = spec.decoder_layers * hidden
    shapes |= {"start.weight": (started, states), "start.bias": (started,)}
    if spec.attention != "none":
        shapes["attention.keys.weight"] = (hidden, states)
    if spec.attention == "additive":
        shapes |= {"attention.query.weight": (hidden, hidden), "attention.query.bias": (hidden,)}
        shapes["attention.energy.weight"] = (1, hidden)
    seen = hidden + (states if spec.attention != "none" else 0)
    shapes |= {"combine.weight": (width, seen), "combine.bias": (width,)}
    if spec.sees_words:
        shapes["lexical.weight"] = (width, width)
    if not spec.tied:
        shapes["output.weight"] = (target_size, width)
    shapes["output_bias"] = (target_size,)
    return {name: ("F32", shape) for name, shape in shapes.items()}


@dataclass
class Memory:
    """Sources as the decoder sees them: what attention scores and sums up, for A sources of at most S tokens."""

    keys: Array  # [A, S, H]
    values: Array  # [A, S, D]: see TranslatorArrays._values
    outside: Array  # [A, S]: 0, or NEVER behind a source's end

    def take(self, places: Ids) -> Memory:
        """Return some of the sources."""
        return Memory(self.keys[places], self.values[places], self.outside[places])


class TranslatorArrays:
    """A translator that answers with numpy alone."""

    def __init__(self, spec: TranslationSpec, arrays: dict[str, Any]) -> None:
        """arrays: as `translation_table` lists them."""
        self.spec = spec
        self._embedding: Array = arrays["embedding.weight"]
        self._source_embedding: Array = arrays.get("source_embedding.weight", self._embedding)
        self._onward, self._returning, self._decoder = (
            stack_of(spec.cell, arrays, name, spec.layers)
            for name in ("encoder.onward", "encoder.returning", "decoder")
        )
        self._reader = Layer(spec.cell, arrays, "reader.layers.0") if spec.reads_attention else None
        self._start = arrays["start.weight"].T, arrays["start.bias"]
        self._keys = arrays["attention.keys.weight"].T if spec.attention != "none" else None
        self._query = None
        if spec.attention == "additive":
            self._query = arrays["attention.query.weight"].T, arrays["attention.query.bias"]
            self._energy: Array = arrays["attention.energy.weight"][0]
        self._lexical = arrays["lexical.weight"].T if spec.sees_words else None
        combine, hidden = arrays["combine.weight"], spec.hidden_size
        self._from_state = np.ascontiguousarray(combine[:, :hidden].T)
        self._from_states = np.ascontiguousarray(combine[:, hidden:].T)
        self._combine_bias: Array = arrays["combine.bias"]
        self.target_size = len(self._embedding)
        self.padded_size = padded = math.ceil(self.target_size / BLOCK) * BLOCK
        self._output = np.zeros((padded, spec.embedding_size), np.float32)
        self._output[: self.target_size] = self._embedding if spec.tied else arrays["output.weight"]
        self._output_bias = np.full(padded, NEVER)
        self._output_bias[: self.target_size] = arrays["output_bias"]
        self._inputs: Array | None = None

    @classmethod
    def stored(cls, record: Any, source_size: int, target_size: int) -> TranslatorArrays:
        """Return the model of a record of the store."""
        table = translation_table(record.spec, source_size, target_size, record.text.joint)
        return cls(record.spec, stored_weights(record, table))

    # -- the source -----------------------------------------------------------------------------------------------

    def encode(self, sources: Sequence[Sequence[int]]) -> tuple[Memory, State]:
        """Read sources, each of at least one id. -> what the decoder looks at, and its first state."""
        packed = Packed(sources)
        states = read_both_ways(packed, self._source_embedding[packed.ids], self._onward, self._returning)
        return self._memory(states, packed), self._first_state(states, packed)

    def _values(self, states: Array, ids: Ids) -> Array:
        """states [N, 2H], ids [N] -> what attention sums up: the states, and the embeddings as the output adds them.

        Where only the output layer reads the states, they come as it adds them.
        """
        values = states if self._reader else states @ self._from_states
        if self._lexical is None:
            return values
        return np.concatenate([values, self._source_embedding[ids] @ self._lexical], 1)

    def _memory(self, states: Array, packed: Packed) -> Memory:
        """states [N, 2H] -> what attention needs of them, a source a row."""
        shape = packed.count, len(packed.steps)
        outside = np.full(shape, NEVER)
        outside[packed.places] = 0
        if self._keys is None:
            return Memory(np.zeros((*shape, 0), np.float32), np.zeros((*shape, 0), np.float32), outside)
        sides = []
        for seen in (states @ self._keys, self._values(states, packed.ids)):
            side = np.zeros((*shape, seen.shape[1]), np.float32)
            side[packed.places] = seen
            sides.append(side)
        return Memory(sides[0], sides[1], outside)

    def _first_state(self, states: Array, packed: Packed) -> State:
        mean = packed.mean(states)
        first = np.split(np.tanh(mean @ self._start[0] + self._start[1]), self.spec.decoder_layers, 1)
        if self.spec.cell != "lstm":
            return [(h,) for h in first]
        return [(h, np.zeros_like(h)) for h in first]

    # -- the target -----------------------------------------------------------------------------------------------

    @np.errstate(over="ignore", invalid="ignore")
    def step(self, ids: Ids, state: State, memory: Memory, places: tuple[Ids, Ids]) -> tuple[Array, State, Array]:
        """Read one target token a row: ids [R], state -> what the output layer reads [R, E], state, weights [R, S].

        places: for each row its source in memory, and which of that source's rows it is.
        """
        from_input = self._first_inputs(ids)
        after: State = []
        for layer, before in zip(self._decoder, state, strict=False):
            if after:
                from_input = layer.inputs(after[-1][0])
            after.append(layer.step(from_input, before))
        y = after[-1][0]
        weights = np.zeros((len(ids), memory.outside.shape[1]), np.float32)
        if self._keys is not None:
            weights, contexts = self._attend(y, memory, places)
        if self._lexical is not None:
            contexts, words = np.split(contexts, [-self.spec.embedding_size], 1)
        if self._reader is not None:
            after.append(self._reader.step(self._reader.inputs(np.concatenate([y, contexts], 1)), state[-1]))
            y, contexts = after[-1][0], contexts @ self._from_states
        hidden: Array = y @ self._from_state
        hidden += self._combine_bias
        if self._keys is not None:
            hidden += contexts
        np.tanh(hidden, out=hidden)
        if self._lexical is not None:
            hidden += words
        return hidden, after, weights

    def scores(self, hidden: Array, scratch: Array | None = None) -> tuple[Array, Array]:
        """hidden [R, E] -> scores before their normalisation [R, V], the log of the sum of their exponentials [R].

        Behind V, up to a multiple of BLOCK, stands NEVER. scratch [2, R or more, V]: where the scores and their
        exponentials are written, so that no step need ask the system for the memory.
        """
        rows = len(hidden)
        scores, powers = np.empty((2, rows, len(self._output)), np.float32) if scratch is None else scratch[:, :rows]
        np.matmul(hidden, self._output.T, out=scores)
        scores += self._output_bias
        top = scores.max(1).astype(np.float64)
        if np.abs(top).max(initial=0.0) < SAFE:  # nearly always: their exponentials are neither endless nor nothing
            return scores, np.log(np.exp(scores, out=powers).sum(1))
        np.exp(scores - top[:, None], out=powers)
        return scores, top + np.log(powers.sum(1, dtype=np.float64))

    def _first_inputs(self, ids: Ids) -> Array:
        """Return what the embeddings of ids add to the first layer's gates."""
        if self._inputs is None and len(ids) < TABLE_ROWS:
            return self._decoder[0].inputs(self._embedding[ids])
        if self._inputs is None:
            self._inputs = self._decoder[0].inputs(self._embedding)
        return self._inputs[ids]

    def _attend(self, y: Array, memory: Memory, places: tuple[Ids, Ids]) -> tuple[Array, Array]:
        """y [R, H] -> weights [R, S], contexts [R, D]: rows of one source are scored by one product."""
        queries = y if self._query is None else y @ self._query[0] + self._query[1]
        side = np.zeros((len(memory.keys), int(places[1].max()) + 1, queries.shape[1]), np.float32)  # [A, K, H]
        side[places] = queries
        if self._query is None:
            scores = side @ memory.keys.transpose(0, 2, 1)
        else:
            scores = np.tanh(side[:, :, None] + memory.keys[:, None]) @ self._energy
        scores += memory.outside[:, None]
        scores -= scores.max(-1, keepdims=True)
        weights = np.exp(scores, out=scores)
        weights /= weights.sum(-1, keepdims=True)
        return weights[places], (weights @ memory.values)[places]
