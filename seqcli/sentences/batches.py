"""Sentences of token ids as arrays: batches of about the same length and the same number of tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from seqcli.text.vocabulary import EOS
from seqcli.training.held_out import Array, padded
from seqcli.training.shares import Shares, columns

HELD_OUT_TOKENS = 4_096  # measured side by side; the figures do not depend on it
JITTER = 2.0  # tokens that lengths are blurred by when sentences are sorted: who meets whom changes with every epoch


class HeldOut:
    """A batch of an evaluation."""

    first = True

    def __init__(self, batch: Array) -> None:
        self.batch = batch


class Sentences:
    """Sentences as one array of ids, every sentence ended by EOS, and where each begins."""

    def __init__(self, ids: NDArray[np.int32]) -> None:
        """ids [N], the last of them EOS."""
        self.ids = ids
        self.ends = np.flatnonzero(np.asarray(ids) == EOS) + 1
        self.starts = np.concatenate([[0], self.ends[:-1]]).astype(np.int64)

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def lengths(self) -> Array:
        """Tokens of each sentence, its end included."""
        found: Array = self.ends - self.starts
        return found

    def rows(self, places: Sequence[int] | Array) -> list[list[int]]:
        """Return the ids of some sentences, EOS at their ends."""
        return [self.ids[self.starts[i] : self.ends[i]].tolist() for i in places]

    def batch(self, places: Sequence[int] | Array) -> Array:
        """Return some sentences side by side: [T + 1, B] from EOS on, PADDING behind their ends."""
        return padded([[EOS, *row] for row in self.rows(places)])


class SentenceBatches:
    """Sentences in batches of about the same length, whose tokens are about as many in every batch."""

    def __init__(self, sentences: Sentences, batch_size: int, longest: int, seed: int) -> None:
        """batch_size: sentences of mean length in a batch. longest: tokens; longer sentences are left out."""
        lengths = sentences.lengths
        self._places = np.flatnonzero(lengths <= longest + 1)  # the end is no token of the text
        self._lengths, self._sentences, self._seed = lengths[self._places], sentences, seed
        self.updates_per_epoch = max(round(len(self._places) / batch_size), 1)
        self._epoch, self._batches = -1, list[Array]()

    def batch(self, epoch: int, index: int) -> Array:
        """Return the batch of one update, [T + 1, B]."""
        if epoch != self._epoch:
            self._begin(epoch)
        return self._sentences.batch(self._places[self._batches[index]])

    def shares(self, epoch: int, index: int, count: int) -> Shares:
        """Return the sentences of one update in so many shares."""
        return columns(self.batch(epoch, index), count)

    def _begin(self, epoch: int) -> None:
        """Draw the batches of an epoch: sentences by blurred length, cut where the tokens are in equal parts."""
        rng = np.random.default_rng([self._seed, epoch])
        order = np.argsort(self._lengths + JITTER * rng.random(len(self._lengths)), kind="stable")
        sums, inner = np.cumsum(self._lengths[order]), np.arange(1, self.updates_per_epoch)
        ends = np.searchsorted(sums, inner / self.updates_per_epoch * sums[-1])
        ends = np.maximum.accumulate(np.maximum(ends, 1) - inner) + inner  # no batch is empty
        parts = np.split(order, np.minimum(ends, len(order) - self.updates_per_epoch + inner))
        self._batches, self._epoch = [parts[i] for i in rng.permutation(len(parts))], epoch


class HeldOutSentences:
    """Sentences to be measured, those of about one length side by side."""

    def __init__(self, sentences: Sentences) -> None:
        self._sentences = sentences

    def __iter__(self) -> Iterator[HeldOut]:
        lengths = self._sentences.lengths
        order = np.argsort(-lengths, kind="stable")
        low = 0
        while low < len(order):
            count = max(HELD_OUT_TOKENS // int(lengths[order[low]]), 1)
            yield HeldOut(self._sentences.batch(order[low : low + count]))
            low += count
