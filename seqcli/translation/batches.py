"""Pairs of token ids as arrays: batches of sentences of about the same length, padded at their ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from seqcli.text.vocabulary import EOS
from seqcli.training.held_out import Ids, Piece, padded
from seqcli.training.shares import Shares, columns
from seqcli.translation.subword_regularisation import Recutting

Array = NDArray[np.int64]
MOST_TOKENS = 12_000  # of a batch, padding included: bounds the memory that long sentences need
HELD_OUT_ROWS = 64  # pairs measured side by side


class PairBatches:
    """Pairs in batches by length of source, then target; which pairs of one length meet changes with every epoch."""

    def __init__(
        self, source: Ids, target: Ids, batch_size: int, seed: int, recut: tuple[Recutting, Recutting] | None = None
    ) -> None:
        """source, target: ids of each sentence, EOS at the end. recut: they are drawn anew from these."""
        self._source, self._target, self._seed, self._recut = source, target, seed, recut
        lengths = _lengths(source, target)
        self._cuts = _cuts(lengths[:, np.lexsort(lengths[::-1])], batch_size)
        self.updates_per_epoch = len(self._cuts) - 1
        self._epoch, self._order, self._batches = -1, np.zeros(0, np.int64), np.zeros(0, np.int64)

    def batch(self, epoch: int, index: int) -> tuple[Array, Array]:
        """Return (source [S, B], target [T + 1, B], EOS first) of one update; PADDING stands behind the end."""
        if epoch != self._epoch:
            self._begin(epoch)
        place = int(self._batches[index])
        return batch_of(self._source, self._target, self._order[self._cuts[place] : self._cuts[place + 1]])

    def shares(self, epoch: int, index: int, count: int) -> Shares:
        """Return the pairs of one update in so many shares."""
        return columns(self.batch(epoch, index), count)

    def _begin(self, epoch: int) -> None:
        """Draw what an epoch draws. Cut anew, sentences have other lengths, and so other neighbours."""
        rng = np.random.default_rng([self._seed, epoch])
        if self._recut is not None:
            places = range(len(self._source))
            self._source, self._target = ([side.draw(i, rng) for i in places] for side in self._recut)
        lengths = _lengths(self._source, self._target)
        self._order = np.lexsort((rng.random(lengths.shape[1]), *lengths[::-1]))
        self._batches, self._epoch = rng.permutation(self.updates_per_epoch), epoch


class HeldOutPairs:
    """Pairs to be measured, those of about one length side by side."""

    def __init__(self, source: Ids, target: Ids) -> None:
        self._source, self._target = source, target
        self._order = np.lexsort((list(map(len, target)), list(map(len, source))))

    def __iter__(self) -> Iterator[Piece]:
        for i in range(0, len(self._order), HELD_OUT_ROWS):
            yield Piece(*batch_of(self._source, self._target, self._order[i : i + HELD_OUT_ROWS]), first=True)


def batch_of(source: Ids, target: Ids, places: Sequence[int] | Array) -> tuple[Array, Array]:
    """Return the pairs at some places as a batch: source [S, B], target [T + 1, B] with EOS before each."""
    return padded([source[int(i)] for i in places]), padded([[EOS, *target[int(i)]] for i in places])


def _lengths(source: Ids, target: Ids) -> Array:
    """Return the tokens of every source and of every target. -> [2, N]"""
    return np.array([list(map(len, source)), list(map(len, target))])


def _cuts(lengths: Array, batch_size: int) -> list[int]:
    """Return where the batches of pairs in this order begin, and the end of the last. lengths [2, N]"""
    cuts = [0]
    longest = np.zeros(2, np.int64)
    for i in range(lengths.shape[1]):
        longest = np.maximum(longest, lengths[:, i])
        count = i + 1 - cuts[-1]
        if count > batch_size or (count > 1 and count * int(longest.sum()) > MOST_TOKENS):
            cuts.append(i)
            longest = lengths[:, i]
    return [*cuts, lengths.shape[1]]
