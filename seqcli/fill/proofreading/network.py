"""What the network says of a text: of every word, and of what else could stand there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from seqcli.text.vocabulary import EOS

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
COMMON = 512  # of the commonest tokens a normaliser is made: they hold most of the probability nearly everywhere
ROWS = 1 << 14  # pairs of a place and a word scored at a time: the rows of both stay within 32 MB


class Arrays(Protocol):
    """A bidirectional model as arrays."""

    def vectors(self, ids: Ints, lengths: Ints) -> Floats:
        """ids [B, T], lengths [B] -> what both sides say of each place [B, T, E]."""
        ...

    def vectors_between(self, ids: Ints, lengths: Ints) -> tuple[Floats, Floats]:
        """Return those, and what stands before each place, which is between two words from the second on [B, T, E]."""
        ...

    def logits(self, vectors: Floats, ids: Ints) -> Floats:
        """vectors [N, E], ids [N, C] -> scores [N, C], not normalised."""
        ...

    def shared_logits(self, vectors: Floats, ids: Ints) -> Floats:
        """vectors [N, E], ids [C] -> scores of the same words at each place [N, C], not normalised."""
        ...


class Network:
    """A bidirectional model asked about single words."""

    def __init__(self, arrays: Arrays, size: int) -> None:
        """size: of its vocabulary."""
        self._arrays = arrays
        self._common = np.arange(EOS + 1, min(size, COMMON))

    def read(self, rows: Sequence[Ints], between: bool = False) -> tuple[Floats, Floats]:
        """Return the vectors of the words of some texts, one behind the other, and those before each. -> [N, E] twice

        between: the second ones are wanted; else they are empty.
        """
        lengths = np.array([len(row) for row in rows], np.int64)
        inside = np.arange(int(lengths.max(initial=0))) < lengths[:, None]
        ids = np.full(inside.shape, EOS, np.int64)
        ids[inside] = np.concatenate(rows) if len(rows) else np.zeros(0, np.int64)
        if between:
            at, before = self._arrays.vectors_between(ids, lengths)
            return at[inside], before[inside]
        at = self._arrays.vectors(ids, lengths)[inside]
        return at, at[:0]

    def scores(self, vectors: Floats, places: Ints, ids: Ints) -> Floats:
        """vectors [N, E], places [M] among them, ids [M] -> the score of each word at its place [M]."""
        found = np.empty(len(places), np.float32)
        for i in range(0, len(places), ROWS):
            some = slice(i, i + ROWS)
            found[some] = self._arrays.logits(vectors[places[some]], ids[some, None])[:, 0]
        return found

    def shared(self, vectors: Floats, ids: Ints) -> Floats:
        """vectors [N, E], ids [C] -> the scores of the same words at each place [N, C]."""
        return self._arrays.shared_logits(vectors, ids)

    def totals(self, vectors: Floats) -> Floats:
        """Return the log of the summed exponentials of the common tokens' scores at each place [N]: a normaliser."""
        found = np.empty(len(vectors), np.float32)
        for i in range(0, len(vectors), 2048):
            some = vectors[i : i + 2048]
            scores = self._arrays.shared_logits(some, self._common)
            most = scores.max(axis=1, keepdims=True)
            found[i : i + 2048] = np.log(np.exp(scores - most).sum(axis=1)) + most[:, 0]
        return found
