"""Token ids become arrays: stretches of a text to train on, and rows to be measured on, with what is beside them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from seqcli.text.vocabulary import EOS, UNK
from seqcli.training.held_out import PADDING, Array, Piece
from seqcli.training.shares import Shares, columns

SEGMENT = 256  # tokens measured in one row of an evaluation
BESIDE = 64  # tokens read on each side of a row before its first and its last one are measured
ROWS = 64  # rows measured side by side; the figures do not depend on it


class Stretches:
    """A text in stretches of `unroll` tokens, the token before and behind each beside it, in an order of chance.

    Every epoch cuts them at other places (from seed and epoch). The end of a unit is read, never asked for: no gap has
    it. The text is a ring, so that its last stretch is as long as the others.
    """

    def __init__(
        self, ids: NDArray[np.int32], batch_size: int, unroll: int, seed: int, hidden_words: float = 0.0
    ) -> None:
        """ids [N]. hidden_words: share of the words that are read as unknown; they are asked for all the same."""
        self._ids, self._seed, self._hidden = ids, seed, hidden_words
        self._length = min(unroll, len(ids))
        self._count = -(-len(ids) // self._length)
        self._rows = min(batch_size, self._count)
        self.updates_per_epoch = -(-self._count // self._rows)
        self._epoch, self._starts = -1, np.zeros(0, np.int64)

    def batch(self, epoch: int, index: int) -> tuple[Array, Array]:
        """Return (inputs [T + 2, B], targets [T, B]) of one update."""
        if epoch != self._epoch:
            rng = np.random.default_rng([self._seed, epoch])
            self._starts = (rng.permutation(self._count) * self._length) + int(rng.integers(self._length))
            self._epoch = epoch
        starts = self._starts[index * self._rows : (index + 1) * self._rows]
        places = np.arange(-1, self._length + 1)[:, None] + starts
        words = self._ids[places % len(self._ids)].astype(np.int64)
        hidden = np.random.default_rng([self._seed, epoch, index]).random(words.shape) < self._hidden
        return np.where(hidden & (words != EOS), UNK, words), wanted_of(words[1:-1])

    def shares(self, epoch: int, index: int, count: int) -> Shares:
        """Return the stretches of one update in so many shares."""
        batch = self.batch(epoch, index)
        return columns(batch, count, batch[1])


class Segments:
    """A text as rows of 256 tokens to be measured, with 64 read on each side of them.

    The rows are fixed by the text alone: its figures cannot depend on how many are measured side by side. Every word is
    asked for exactly once; before the first one and behind the last stands the end of a unit.
    """

    def __init__(self, ids: NDArray[np.int32], rows: int = ROWS) -> None:
        self._ids, self._rows = ids, rows

    def __iter__(self) -> Iterator[Piece]:
        for (before, size, behind), same in groupby(range(0, len(self._ids), SEGMENT), self._shape):
            starts = np.fromiter(same, np.int64)
            for i in range(0, len(starts), self._rows):
                yield self._piece(starts[i : i + self._rows], before, size, behind)

    def _shape(self, start: int) -> tuple[int, int, int]:
        """Return how many tokens a row reads before those it measures, of those, and behind them."""
        size = min(SEGMENT, len(self._ids) - start)
        return min(start, BESIDE), size, min(len(self._ids) - start - size, BESIDE)

    def _piece(self, starts: Array, before: int, size: int, behind: int) -> Piece:
        steps = np.arange(-before - 1, size + behind + 1)[:, None]
        places = starts + steps
        inside = (places >= 0) & (places < len(self._ids))
        inputs = np.where(inside, self._ids[places.clip(0, len(self._ids) - 1)], EOS).astype(np.int64)
        measured = (steps[1:-1] >= 0) & (steps[1:-1] < size)
        return Piece(inputs, np.where(measured, wanted_of(inputs[1:-1]), PADDING), first=True)


def wanted_of(ids: Array) -> Array:
    """Return what is asked for: every token but the end of a unit."""
    return np.where(ids == EOS, PADDING, ids)
