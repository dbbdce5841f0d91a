"""Token ids become arrays: BPTT blocks to train on, segments to be measured on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from seqcli.text.spool import PART, let_go
from seqcli.text.vocabulary import EOS
from seqcli.training.held_out import PADDING, Array, Piece
from seqcli.training.shares import Shares, columns

SEGMENT = 1024  # tokens predicted in one row of an evaluation
WARM_UP = 256  # tokens read before the first prediction of a segment
ROWS = 64  # segments measured side by side; the figures do not depend on it
LONG = 4_000_000  # tokens: a text from this length on is seldom read whole, and is read in stretches from all over it
STRETCH = 4_096  # tokens, some ten pages: what is carried from the one before is wrong for the first few of them
STEPS = 128  # steps at a time in an evaluation: bounds its memory


def streams_of(tokens: int, batch_size: int, unroll: int) -> int:
    """Return how many streams a text is read in: fewer than asked where it has no `unroll` tokens for each."""
    return max(min(batch_size, tokens // unroll), 1)


class Blocks:
    """A text as B streams read side by side, `unroll` steps at a time.

    Every epoch begins at another place of the text (from seed and epoch), so that blocks are never cut alike twice. It
    reads every token; fewer than B of them twice, where the text does not divide by B.

    The streams of a short text are B runs of it. Those of a long one are stretches in an order of chance: what the time
    allows to be read of it comes from all over it, not from B places. Fewer than B stretches are then read twice.
    """

    def __init__(self, ids: NDArray[np.int32], batch_size: int, unroll: int, seed: int) -> None:
        """ids [N]."""
        self._ids, self._seed, self.unroll = ids, seed, unroll
        self.streams = streams_of(len(ids), batch_size, unroll)
        self._length = self._stretch = -(-len(ids) // self.streams)
        if len(ids) >= LONG:
            self._stretch = min(-(-STRETCH // unroll) * unroll, self._length)  # a batch holds one of each stream
            self._length = -(-self._length // self._stretch) * self._stretch
        apart = self._stretch < self._length  # then a page that was read counts as memory with what is around it
        self._let_go_after = 1 if apart else max(PART // (self.streams * unroll), 1)  # updates
        self._epoch = -1
        self._order: Array = np.zeros((1, 1), np.int64)
        self.updates_per_epoch = -(-self._length // unroll)

    def batch(self, epoch: int, index: int) -> tuple[Array, Array]:
        """Return (inputs [T, B], targets [T, B]) of one update; T is shorter at the end of an epoch."""
        size, stretches = len(self._ids), self._length // self._stretch  # of a stream
        if epoch != self._epoch:
            rng = np.random.default_rng([self._seed, epoch])
            start, order = int(rng.integers(size)), np.arange(self.streams * stretches)
            order = rng.permutation(order) if stretches > 1 else order
            self._epoch, self._order = epoch, start + self._stretch * order.reshape(self.streams, stretches)
        steps = np.arange(index * self.unroll, min((index + 1) * self.unroll, self._length))
        places = (self._order[:, steps // self._stretch].T + (steps % self._stretch)[:, None]) % size
        if index % self._let_go_after == 0:
            let_go(self._ids)
        targets = self._ids[places].astype(np.int64)
        inputs = self._ids[places - 1].astype(np.int64)  # before the first token stands the EOS of the last unit
        return inputs, targets

    def shares(self, epoch: int, index: int, count: int) -> Shares:
        """Return the streams of one update in so many shares."""
        batch = self.batch(epoch, index)
        return columns(batch, count, batch[1])


class Segments:
    """A text as rows of 1,024 predictions, each begun 256 tokens earlier with the targets left out.

    The rows are fixed by the text alone: its perplexity cannot depend on how many are measured side by side. Every
    token is predicted exactly once, the first from the end-of-unit symbol.
    """

    def __init__(self, ids: NDArray[np.int32], rows: int = ROWS) -> None:
        self._ids, self._rows = ids, rows

    def __iter__(self) -> Iterator[Piece]:
        yield from self._pieces(np.zeros(1, np.int64), 0)  # nothing stands before the first segment
        starts = np.arange(SEGMENT, len(self._ids), SEGMENT)
        for i in range(0, len(starts), self._rows):
            yield from self._pieces(starts[i : i + self._rows], WARM_UP)

    def _pieces(self, starts: Array, warm_up: int) -> Iterator[Piece]:
        size = len(self._ids)
        longest = min(SEGMENT, size - int(starts[0]))
        for low in range(-warm_up, longest, STEPS):
            steps = np.arange(low, min(low + STEPS, longest))[:, None]
            places = starts + steps
            inputs = np.where(places > 0, self._ids[np.minimum(places, size) - 1], EOS).astype(np.int64)
            real = (steps >= 0) & (places < size)
            targets = np.where(real, self._ids[np.minimum(places, size - 1)], PADDING).astype(np.int64)
            yield Piece(inputs, targets, low == -warm_up)
