"""Next-word probabilities from a stored language model's arrays, with numpy alone: an answer never waits for torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seqcli.errors import quoted
from seqcli.language.settings import LanguageSpec
from seqcli.layers.shapes import GATES, PAST_KEYS
from seqcli.layers.steps import cell
from seqcli.store.record import Record
from seqcli.store.weights import stored_weights, too_large

if TYPE_CHECKING:
    from seqcli.layers.steps import Array, Ids, State
    from seqcli.store.arrays import Table

_ATTENTION = ("query", "key", "output")
SCORES = 1 << 22  # at a time where tokens are scored: 16 MB, enough rows for a quick product


def language_table(spec: LanguageSpec, vocabulary_size: int) -> Table:
    """Return the arrays that a language model of these settings consists of: name -> (dtype, shape)."""
    embedding, hidden, gates = spec.embedding_size, spec.hidden_size, GATES[spec.architecture]
    shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (vocabulary_size, embedding)}
    for i in range(spec.layers):
        layer, size = f"recurrent.layers.{i}", hidden if i else embedding
        shapes[f"{layer}.weight_ih_l0"] = (gates * hidden, size)
        shapes[f"{layer}.weight_hh_l0"] = (gates * hidden, hidden)
        shapes[f"{layer}.bias_ih_l0"] = shapes[f"{layer}.bias_hh_l0"] = (gates * hidden,)
    if spec.attention:
        shapes |= dict.fromkeys(("attention.query.weight", "attention.key.weight"), (PAST_KEYS, hidden))
        shapes["attention.output.weight"] = (hidden, hidden)
    if spec.tied and hidden != embedding:
        shapes |= {"projection.weight": (embedding, hidden), "projection.bias": (embedding,)}
    if not spec.tied:
        shapes["output.weight"] = (vocabulary_size, hidden)
    shapes["output_bias"] = (vocabulary_size,)
    return {name: ("F32", shape) for name, shape in shapes.items()}


class LanguageArrays:
    """A language model as arrays: reads tokens one step at a time, side by side, and tells what may come next."""

    def __init__(self, spec: LanguageSpec, arrays: dict[str, Any], name: str = "The model") -> None:
        """arrays: as `language_table` lists them. name: what a message calls the model."""
        self.spec, self._name = spec, name
        self._embedding: Array = arrays["embedding.weight"]
        self._layers = [
            (
                np.ascontiguousarray(arrays[f"recurrent.layers.{i}.weight_ih_l0"].T),
                np.ascontiguousarray(arrays[f"recurrent.layers.{i}.weight_hh_l0"].T),
                arrays[f"recurrent.layers.{i}.bias_ih_l0"],
                arrays[f"recurrent.layers.{i}.bias_hh_l0"],
            )
            for i in range(spec.layers)
        ]
        self._attention = tuple(arrays[f"attention.{name}.weight"].T for name in _ATTENTION if spec.attention)
        self._projection = (
            (arrays["projection.weight"].T, arrays["projection.bias"]) if "projection.bias" in arrays else None
        )
        self._output: Array = self._embedding if spec.tied else arrays["output.weight"]
        self._bias: Array = arrays["output_bias"]

    @classmethod
    def stored(cls, record: Any, vocabulary_size: int) -> LanguageArrays:
        """Return the model of a record of the store."""
        arrays = stored_weights(record, language_table(record.spec, vocabulary_size))
        return cls(record.spec, arrays, quoted(record.name))

    def start(self, batch: int) -> State:
        """Return the state before anything was read."""
        parts = 2 if self.spec.architecture == "lstm" else 1
        size, window = self.spec.hidden_size, self.spec.attention
        state = [tuple(np.zeros((batch, size), np.float32) for _ in range(parts)) for _ in self._layers]
        if window:
            state.append((np.zeros((batch, window, size), np.float32), np.zeros((batch, window), np.float32)))
        return state

    @np.errstate(over="ignore", invalid="ignore")  # told once, by log_probabilities
    def step(self, ids: Ids, state: State) -> tuple[Array, State]:
        """Read one token a row: ids [B], state -> what the output layer reads [B, D], state."""
        x: Array = self._embedding[ids]
        after: State = []
        for (w_in, w, b_in, b), before in zip(self._layers, state, strict=False):
            from_input, from_state = x @ w_in + b_in, before[0] @ w + b
            after.append(cell(self.spec.architecture, self.spec.activation, from_input, from_state, before))
            x = after[-1][0]
        if self._attention:
            x, past = self._look_back(x, *state[-1])
            after.append(past)
        if self._projection:
            x = x @ self._projection[0] + self._projection[1]
        return x, after

    def _look_back(self, x: Array, states: Array, real: Array) -> tuple[Array, tuple[Array, Array]]:
        """x [B, H], the past: states [B, W, H], real [B, W] -> x with what it saw [B, H], the past with x in it."""
        query, key, output = self._attention
        scores = np.einsum("bk,bwk->bw", x @ query, states @ key) * PAST_KEYS**-0.5
        scores = np.where(real > 0, scores, -np.inf)
        highest = np.maximum(scores.max(1, keepdims=True), 0)  # nothing, which may be looked at too, has the score 0
        weights = np.exp(scores - highest)
        weights /= weights.sum(1, keepdims=True) + np.exp(-highest)
        context = np.einsum("bw,bwh->bh", weights, states)
        states = np.concatenate([states[:, 1:], x[:, None]], 1)
        real = np.concatenate([real[:, 1:], np.ones_like(real[:, :1])], 1)
        return x + context @ output, (states, real)

    def log_probabilities(self, hidden: Array) -> Array:
        """hidden [B, D] -> natural log of every token's probability [B, V].

        Raises DamagedError where finite weights are so large that their products are not.
        """
        scores = self._scores(hidden)
        self._check(scores)
        scores -= scores.max(-1, keepdims=True)
        scores -= np.log(np.exp(scores).sum(-1, keepdims=True, dtype=np.float64)).astype(np.float32)
        return scores

    def _scores(self, hidden: Array) -> Array:
        """hidden [B, D] -> scores before their normalisation [B, V]."""
        with np.errstate(over="ignore", invalid="ignore"):
            scores: Array = hidden @ self._output.T
            scores += self._bias
        return scores

    def _log_probabilities_of(self, hidden: Array, targets: Ids) -> Array:
        """hidden [N, D], targets [N] -> natural log of each target's probability [N]."""
        scores = self._scores(hidden)
        wanted = scores[np.arange(len(targets)), targets]
        highest = scores.max(1)
        with np.errstate(invalid="ignore"):
            scores -= highest[:, None]
            logs: Array = wanted - highest - np.log(np.exp(scores, out=scores).sum(1))
        self._check(logs)
        return logs

    def read(self, texts: Sequence[Sequence[int]]) -> tuple[Array, State]:
        """Read several texts side by side, each from the start and at least one token long.

        -> what the output layer reads behind each text's last token [B, D], and the states there. Texts that have ended
        keep their state, so that the answer for one does not depend on its neighbours.
        """
        lengths = np.array([len(text) for text in texts])
        order = np.argsort(-lengths, kind="stable")
        state = self.start(len(texts))
        hidden = np.zeros(
            (len(texts), self.spec.embedding_size if self.spec.tied else self.spec.hidden_size), np.float32
        )
        for t in range(int(lengths.max())):
            going = order[: int(np.count_nonzero(lengths > t))]
            ids = np.array([texts[i][t] for i in going])
            hidden[going], after = self.step(ids, [tuple(s[going] for s in layer) for layer in state])
            for layer, new in zip(state, after, strict=True):
                for whole, rows in zip(layer, new, strict=True):
                    whole[going] = rows
        return hidden, state

    def token_log_probabilities(self, texts: Sequence[Sequence[int]]) -> list[Array]:
        """Return the natural log of the probability of each token of each text but its first, given those before it."""
        lengths = np.array([len(text) for text in texts])
        order = np.argsort(-lengths, kind="stable")
        found = [np.zeros(len(text) - 1, np.float32) for text in texts]
        state = self.start(len(texts))
        most = max(SCORES // len(self._bias), len(texts))
        waiting: list[Array] = []  # what the output layer reads of steps not yet scored: it is quicker with many rows
        places: list[tuple[int, int]] = []  # the text and step of each of those rows
        for t in range(int(lengths.max()) - 1):
            count = int(np.count_nonzero(lengths > t + 1))
            if len(places) + count > most:
                self._score(texts, waiting, places, found)
            state = [tuple(s[:count] for s in layer) for layer in state]
            hidden, state = self.step(np.array([texts[i][t] for i in order[:count]]), state)
            waiting.append(hidden)
            places += [(i, t) for i in order[:count]]
        self._score(texts, waiting, places, found)
        return found

    def _score(
        self, texts: Sequence[Sequence[int]], waiting: list[Array], places: list[tuple[int, int]], found: list[Array]
    ) -> None:
        """Find the log-probability of the token behind each place, and empty the lists."""
        if places:
            targets = np.array([texts[i][t + 1] for i, t in places])
            for (i, t), value in zip(places, self._log_probabilities_of(np.concatenate(waiting), targets), strict=True):
                found[i][t] = value
        waiting.clear()
        places.clear()

    def _check(self, found: Array) -> None:
        """Raise DamagedError where finite weights are so large that their products are not."""
        if not np.isfinite(found).all():
            raise too_large(self._name)


def carried_table(record: Record) -> Mapping[str, tuple[str, tuple[int, ...]]]:
    """Return what the layers of a language model hand from one stretch of text to the next."""
    from seqcli.language.batches import streams_of  # here: an answer does without it

    spec, run = record.spec, record.run
    if not isinstance(spec, LanguageSpec):
        return {}
    batch = streams_of(record.corpus["tokens"], run.batch_size, run.unroll)
    parts = 2 if spec.architecture == "lstm" else 1
    shapes: dict[tuple[int, int], tuple[int, ...]]
    shapes = {(i, j): (1, batch, spec.hidden_size) for i in range(spec.layers) for j in range(parts)}
    if spec.attention:
        shapes |= {
            (spec.layers, 0): (spec.attention, batch, spec.hidden_size),
            (spec.layers, 1): (spec.attention, batch),
        }
    return {f"carried.{i}.{j}": ("F32", shape) for (i, j), shape in shapes.items()}
