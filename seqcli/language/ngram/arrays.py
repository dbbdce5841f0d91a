"""Answers from a stored n-gram model: what may come next, and how likely a text is; numpy only, no dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import DamagedError, quoted
from seqcli.text.vocabulary import EOS

Array = NDArray[Any]
Reals = NDArray[np.float64]
Nodes = NDArray[np.int64]
Table = dict[str, tuple[str, tuple[int, ...]]]
PART = 1 << 15  # tokens of a text scored at once: what the search reads stays in the cache
HIGHEST_ORDER = 8
LARGEST_BACKOFF = 88.0  # its log; seven of them are still finite as a float64, and no real model comes near


def table(order: int, vocabulary_size: int, sizes: Sequence[int]) -> Table:
    """Return the arrays of a model: name -> (dtype, shape); sizes: the number of n-grams of orders 2, 3, ...

    Logs are natural. See `seqcli.language.ngram` for how they hang together.
    """
    found: Table = {}
    for n, size in enumerate((vocabulary_size, *sizes), 1):
        found[f"log_probabilities.{n}"] = ("F32", (size,))
        if n > 1:
            found[f"words.{n}"] = ("I32", (size,))
        if n < order:
            found[f"log_backoffs.{n}"] = ("F32", (size,))
            found[f"children.{n}"] = ("I32", (size + 1,))
    return found


def check(arrays: Mapping[str, Array], order: int, vocabulary_size: int, where: str) -> None:
    """Raise DamagedError unless arrays are the trie of a model: names, types, shapes, offsets, sorted words, logs."""
    sizes = [len(arrays.get(f"words.{n}", ())) for n in range(2, order + 1)]
    names = {"F32": np.float32, "I32": np.int32}
    expected = table(order, vocabulary_size, sizes)
    for name, (dtype, shape) in expected.items():
        if name not in arrays:
            raise DamagedError(f"{where} is damaged: the tensor {quoted(name)} is missing.")
        found = arrays[name]
        if found.dtype != names[dtype] or found.shape != shape:
            what = f"{found.dtype} {list(found.shape)}, expected {dtype} {list(shape)}"
            raise DamagedError(f"{where} is damaged: the tensor {quoted(name)} is {what}.")
    odd = sorted(set(arrays) - set(expected))
    if odd:
        raise DamagedError(f"{where} is damaged: the tensor {quoted(odd[0])} does not belong to it.")
    for n in range(1, order + 1):
        fault = _fault(arrays, n, vocabulary_size)
        if fault:
            raise DamagedError(f"{where} is damaged: its {n}-grams {fault}.")


def _fault(arrays: Mapping[str, Array], n: int, vocabulary_size: int) -> str | None:
    """Return what is wrong with the n-grams of one order, or None."""
    if arrays[f"log_probabilities.{n}"].max(initial=-1.0) > 1e-6:  # a rounded 1 is 1
        return "have probabilities above 1"
    if n == 1:
        return None
    if arrays[f"log_backoffs.{n - 1}"].max(initial=0.0) > LARGEST_BACKOFF:
        return "have contexts with backoffs beyond all bounds"
    words, starts = arrays[f"words.{n}"], arrays[f"children.{n - 1}"]
    if starts[0] != 0 or starts[-1] != len(words) or bool((starts[1:] < starts[:-1]).any()):
        return "are not where their contexts say"
    if len(words) and not (words.min() >= 0 and words.max() < vocabulary_size):
        return "hold tokens that the vocabulary has not"
    rising = np.ones(len(words) + 1, np.bool_)
    rising[1:-1] = words[1:] > words[:-1]
    rising[starts] = True
    return None if rising.all() else "are not sorted"


def stored_arrays(record: Any, vocabulary_size: int) -> dict[str, Array]:
    """Return the arrays of a record of the store. Raises DamagedError for those that are no model."""
    arrays: dict[str, Array] = record.arrays("counts")
    check(arrays, record.spec.order, vocabulary_size, record.where("counts"))
    return arrays


class NgramArrays:
    """An n-gram model as arrays: reads tokens one step at a time, side by side, and tells what may come next.

    Its state is the nodes [B, order - 1] of the last 1, 2, ... tokens as contexts, -1 where there is no such n-gram. An
    n-gram of two or more that ends in EOS is none: it has no continuations, and the log of its backoff is 0.
    """

    def __init__(self, order: int, arrays: Mapping[str, Array]) -> None:
        """arrays: as `table` lists them, checked; logs may be float64 too."""
        self.order = order
        self._logs = [arrays[f"log_probabilities.{n}"] for n in range(1, order + 1)]
        self._words = [arrays[f"words.{n}"] for n in range(2, order + 1)]
        self._children = [arrays[f"children.{n}"] for n in range(1, order)]
        self._backoffs = [arrays[f"log_backoffs.{n}"] for n in range(1, order)]

    @classmethod
    def stored(cls, record: Any, vocabulary_size: int) -> NgramArrays:
        """Return the model of a record of the store. Raises DamagedError for arrays that are no model."""
        return cls(record.spec.order, stored_arrays(record, vocabulary_size))

    def start(self, batch: int) -> Nodes:
        """Return the state before anything was read."""
        return np.full((batch, self.order - 1), -1, np.int64)

    def step(self, ids: NDArray[np.int64], state: Nodes) -> tuple[Nodes, Nodes]:
        """Read one token a row: ids [B], state -> state, twice: what comes next depends on all of it."""
        after = np.full_like(state, -1)
        if self.order > 1:
            after[:, 0] = ids
        for n in range(1, self.order - 1):
            after[:, n] = self._find(n - 1, state[:, n - 1], ids)
        return after, after

    def log_probabilities(self, state: Nodes) -> Reals:
        """Return the natural log of every token's probability behind each row of a state. -> [B, V]"""
        found = np.tile(self._logs[0].astype(np.float64), (len(state), 1))
        for row, nodes in zip(found, state.tolist(), strict=True):
            for n, node in enumerate(nodes):
                if node >= 0:
                    low, high = self._children[n][node : node + 2]
                    row += self._backoffs[n][node]
                    row[self._words[n][low:high]] = self._logs[n + 1][low:high]
        return found

    def read(self, texts: Sequence[Sequence[int]]) -> tuple[Nodes, Nodes]:
        """Return the state behind each text, EOS at its begin if it is read from there, twice. -> [B, order - 1]"""
        state = self.start(len(texts))
        last = max(self.order - 1, 1)
        for place in range(-last, 0):
            going = [i for i, text in enumerate(texts) if len(text) >= -place]
            state[going], _ = self.step(np.array([texts[i][place] for i in going], np.int64), state[going])
        return state, state

    def token_log_probabilities(self, texts: Sequence[Sequence[int]]) -> list[Reals]:
        """Return the natural log of the probability of each token of each text but its first, which must be EOS."""
        lengths = [len(text) for text in texts]
        ids = np.fromiter((token for text in texts for token in text), np.int32, sum(lengths))
        scores = np.concatenate([np.zeros(0), *self.text_log_probabilities(ids)])
        ends = np.cumsum(lengths)
        return [scores[end - length + 1 : end] for end, length in zip(ends, lengths, strict=True)]

    def text_log_probabilities(self, ids: NDArray[np.int32]) -> Iterator[Reals]:
        """Yield, part by part, the natural log of the probability of each token of a text in which EOS ends units."""
        for low in range(0, len(ids), PART):
            before = ids[max(low - self.order + 1, 0) : low]
            part = np.concatenate([before, ids[low : low + PART]]).astype(np.int64)
            yield self._scores(part)[len(before) :]

    def nats(self, ids: NDArray[np.int32], report: Callable[[int], object]) -> float:
        """Return the summed negative log of the probability of each token of a text; report: told the tokens done."""
        total, done = 0.0, 0
        for part in self.text_log_probabilities(ids):
            total -= float(part.sum())
            done += len(part)
            report(done)
        return total

    def _scores(self, ids: NDArray[np.int64]) -> Reals:
        """Return the natural log of the probability of each token, as if EOS stood before the first."""
        found = self._logs[0][ids].astype(np.float64)
        nodes = ids  # [N]: the n-gram that ends at each token
        for n in range(self.order - 1):
            contexts = np.empty_like(nodes)
            contexts[0] = -1 if n else EOS
            contexts[1:] = nodes[:-1]
            nodes = self._find(n, contexts, ids)
            backed_off = found + np.where(contexts >= 0, self._backoffs[n][contexts], 0.0)
            if not len(self._logs[n + 1]):
                return backed_off  # no unit of the text was so long
            found = np.where(nodes >= 0, self._logs[n + 1][nodes], backed_off)
        return found

    def token_logs(self, state: Nodes, ids: NDArray[np.int64]) -> Reals:
        """Return the natural log of the probability of one token behind each row of a state. ids [N] -> [N]"""
        found = self._logs[0][ids].astype(np.float64)
        for n in range(self.order - 1):
            nodes = self._find(n, state[:, n], ids)
            backed_off = found + np.where(state[:, n] >= 0, self._backoffs[n][state[:, n]], 0.0)
            found = np.where(nodes >= 0, self._logs[n + 1][nodes], backed_off)
        return found

    def _find(self, n: int, contexts: Nodes, ids: NDArray[np.int64]) -> Nodes:
        """Return the n-gram of a context and the token behind it: node contexts [N], ids [N] -> node [N], or -1."""
        words, children = self._words[n], self._children[n]
        found = np.full(len(ids), -1, np.int64)
        places = np.flatnonzero(contexts >= 0)
        wanted, at = ids[places], contexts[places]
        low, end = children[at].astype(np.int64), children[at + 1].astype(np.int64)
        high = end.copy()
        while len(going := np.flatnonzero(low < high)):
            middle = (low[going] + high[going]) >> 1
            less = words[middle] < wanted[going]
            low[going[less]] = middle[less] + 1
            high[going[~less]] = middle[~less]
        there = np.flatnonzero(low < end)
        there = there[words[low[there]] == wanted[there]]
        found[places[there]] = low[there]
        return found
