"""A dialogue model as arrays: reads what was said, and tells word by word what may be said next."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqcli.dialogue.settings import DialogueSpec
from seqcli.dialogue.shapes import DISTANCES, dialogue_table, is_seen
from seqcli.layers.packed import Layer, Packed, read_both_ways
from seqcli.layers.shapes import WIDEST
from seqcli.layers.steps import Array, Ids
from seqcli.store.weights import stored_weights


@dataclass(frozen=True)
class Heard:
    """What was said so far, as the decoder sees it: of L words in all.

    context [C]: what the context layer made of it. looks: for each kind of attention its keys [L, H], and what a word's
    utterance adds to its score [L]. values [L, 2H + E]: what attention sums up. turns [L]: the utterance of each word.
    """

    context: Array
    looks: Sequence[tuple[Array, Array]]
    values: Array
    turns: Ids


@dataclass(frozen=True)
class Start:
    """What a reply begins with: the decoder's first state [R, H], and what is added to its every input [R, E]."""

    state: Array
    told: Array


class DialogueArrays:
    """A dialogue model that answers with numpy alone."""

    def __init__(self, spec: DialogueSpec, arrays: dict[str, Any]) -> None:
        """arrays: as `dialogue_table` lists them."""
        self.spec, self._arrays = spec, arrays
        self._embedding: Array = arrays["embedding.weight"]
        self._scale = np.float32(spec.input_scale)
        self._onward, self._returning = (Layer("gru", arrays, "encoder", ending=way) for way in ("", "_reverse"))
        self._context = Layer("gru", arrays, "context") if spec.hierarchical else None
        self._decoder = Layer("gru", arrays, "decoder")
        self.size = len(self._embedding)

    @classmethod
    def stored(cls, record: Any, vocabulary_size: int) -> DialogueArrays:
        """Return the model of a record of the store."""
        return cls(record.spec, stored_weights(record, dialogue_table(record.spec, vocabulary_size)))

    # -- what was said ------------------------------------------------------------------------------------------------

    def hear(self, utterances: Sequence[Sequence[int]], speakers: Sequence[int]) -> Heard:
        """Read what was said, ids with EOS last. speakers: who said each, and who will say the next."""
        turns = np.repeat(np.arange(len(utterances)), list(map(len, utterances)))
        if not len(turns):
            return self._heard(np.zeros((0, 2 * self._onward.size), np.float32), turns, np.zeros(0, np.int64), speakers)
        ends = np.cumsum(list(map(len, utterances)))
        starts = ends - list(map(len, utterances))
        packed = Packed(utterances)
        states = read_both_ways(packed, self._embedding[packed.ids] * self._scale, [self._onward], [self._returning])
        which, word = packed.places
        order = np.argsort(starts[which] + word)
        return self._heard(states[order], turns, packed.ids[order], speakers, starts, ends)

    def _heard(
        self,
        states: Array,
        turns: Ids,
        ids: Ids,
        speakers: Sequence[int],
        starts: Ids | None = None,
        ends: Ids | None = None,
    ) -> Heard:
        """states [L, 2H] -> what the decoder sees of them."""
        context = np.zeros(self.spec.context_size, np.float32)
        if starts is not None and ends is not None:
            size = self._onward.size
            vectors = np.concatenate([states[ends - 1, :size], states[starts, size:]], 1)
            context = self._summed_up(vectors, speakers)
        values = np.concatenate([states, self._embedding[ids]], 1)
        back, looks = len(speakers) - 1 - turns, []
        for name in self.spec.looks:
            keys = states @ self._arrays[f"keys.{name}.weight"].T * np.float32(self.spec.hidden_size**-0.5)
            nearness = np.zeros(len(turns), np.float32)
            if name == "earlier":
                same = np.array([speakers[turn] == speakers[-1] for turn in turns], np.int64)
                nearness += self._arrays["distance.weight"][same, np.clip(back - 2, 0, DISTANCES - 1)]
            nearness[~is_seen(name, back)] = -np.inf
            looks.append((keys, nearness))
        return Heard(context, looks, values, turns)

    def _summed_up(self, vectors: Array, speakers: Sequence[int]) -> Array:
        """vectors [U, 2H] -> what the context layer made of the utterances [C]."""
        last: Array = np.tanh(vectors[-1] @ self._arrays["last.weight"].T + self._arrays["last.bias"])
        if self._context is None:
            return last
        goes_on = [0.0, *(float(one == other) for one, other in itertools.pairwise(speakers))]
        x = np.concatenate([vectors, np.array(goes_on[: len(vectors)], np.float32)[:, None]], 1)
        from_input, state = self._context.inputs(x), self._context.start(1)
        for t in range(len(x)):
            state = self._context.step(from_input[t : t + 1], state)
        found: Array = last + state[0][0]
        return found

    # -- what comes next ----------------------------------------------------------------------------------------------

    def prior(self, heard: Heard) -> tuple[Array, Array]:
        """Return mean and deviation of what may be meant, before a reply is known [Z]."""
        arrays = self._arrays
        x = np.tanh(heard.context @ arrays["latent.before.weight"].T + arrays["latent.before.bias"])
        mean, log_variance = (
            x @ arrays[f"latent.prior.{name}.weight"].T + arrays[f"latent.prior.{name}.bias"]
            for name in ("mean", "log_variance")
        )
        return mean, np.exp(0.5 * np.clip(log_variance, -WIDEST, WIDEST))

    def start(self, heard: Heard, rows: int = 1, noise: Array | None = None) -> Start:
        """Return what `rows` replies begin with. noise [R, Z]: what is meant by each is drawn by; None: the mean."""
        known = np.repeat(heard.context[None], rows, 0)
        if self.spec.latent:
            mean, deviation = self.prior(heard)
            z = np.repeat(mean[None], rows, 0) if noise is None else mean + deviation * noise
            known = np.concatenate([known, z], 1)
        state = np.tanh(known @ self._arrays["start.weight"].T + self._arrays["start.bias"])
        return Start(state, known @ self._arrays["told.weight"].T)

    def step(self, ids: Ids, state: Array, told: Array, heard: Heard) -> tuple[Array, Array, Array]:
        """Read one token a row: ids [R], state [R, H] -> what the output layer reads [R, E], state, weights [R, L]."""
        [y] = self._decoder.step(self._decoder.inputs(self._embedding[ids] * self._scale + told), (state,))
        arrays, size = self._arrays, 2 * self.spec.encoder_size
        parts, added = [y], np.zeros((len(y), self.spec.embedding_size), np.float32)
        looked = np.zeros((len(y), len(heard.turns)), np.float32)
        for name, (keys, nearness) in zip(self.spec.looks, heard.looks, strict=True):
            weights = _looks(y @ keys.T + nearness)
            seen = weights @ heard.values
            parts.append(seen[:, :size])
            added += seen[:, size:] @ arrays[f"lexical.{name}.weight"].T
            looked += weights / len(heard.looks)
        hidden = np.tanh(np.concatenate(parts, 1) @ arrays["combine.weight"].T + arrays["combine.bias"])
        return hidden + added, y, looked

    def log_probabilities(self, hidden: Array) -> Array:
        """hidden [R, E] -> the natural log of every token's probability to come next [R, V]."""
        scores = hidden @ self._embedding.T + self._arrays["output_bias"]
        top = scores.max(1, keepdims=True)
        found: Array = scores - (top + np.log(np.exp(scores - top).sum(1, keepdims=True)))
        return found


def _looks(scores: Array) -> Array:
    """scores [R, L] -> weights [R, L]; what is left of 1 looks at nothing, whose score is 0."""
    top = np.maximum(scores.max(1, initial=0.0), 0.0)[:, None]
    weights: Array = np.exp(scores - top)
    weights /= weights.sum(1, keepdims=True) + np.exp(-top)
    return weights
