"""Passes over stretches of the text by several threads: free of each other, or in step so that all is repeatable."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from seqcli.vectors.barrier import meet
from seqcli.vectors.kernels import cbow_chunk, skip_gram_chunk, tree_chunk
from seqcli.vectors.sampling import choose, start_draws
from seqcli.vectors.work import CHUNK, TREE_CHUNK, apply


def _passes(chunk: Any, step: int) -> tuple[Any, Any]:
    """Return the two passes of one method: each is compiled only when it is used, which takes seconds."""

    @njit(nogil=True, cache=True)
    def train_freely(work, words, weights, method, ids, start, stop, epoch, rate):  # type: ignore[no-untyped-def]
        """Train on ids[start:stop]; other threads may do the same with other stretches, and none waits.

        Source: Recht et al. 2011: changes to the same row may be lost, seldom enough not to matter.
        """
        state = start_draws(method.seed, epoch, start)
        room = stop - start
        kept, low, high = np.empty(room, np.int32), np.empty(room, np.int64), np.empty(room, np.int64)
        total = choose(ids, start, stop, words.keep, method.window, state, kept, low, high)
        for begin in range(0, total, step):
            count = min(step, total - begin)
            chunk(work, words, weights, method, kept, low, high, begin, count, total, np.float32(rate), state)
            apply(work, words, weights, 0, 1)

    @njit(nogil=True, cache=True)
    def train_in_step(works, part, counter, words, weights, method, ids, start, stop, epoch, rate):  # type: ignore[no-untyped-def]
        """Train on ids[start:stop] in step with the other threads, each on its stretch: the result is always the same.

        All compute their chunks from the same matrices; when all are done, each adds everyone's changes, in the order
        of the threads, to the rows that are its own.
        """
        state = start_draws(method.seed, epoch, start)
        room = stop - start
        kept, low, high = np.empty(room, np.int32), np.empty(room, np.int64), np.empty(room, np.int64)
        total = choose(ids, start, stop, words.keep, method.window, state, kept, low, high)
        begin, parts = 0, len(works)
        while True:
            count = min(step, total - begin)
            works[part].sizes[:] = 0
            if count > 0:
                mine = works[part]
                chunk(mine, words, weights, method, kept, low, high, begin, count, total, np.float32(rate), state)
            meet(counter, parts)
            busy = 0
            for other in range(parts):
                busy += works[other].sizes[0]
                apply(works[other], words, weights, part, parts)
            if busy == 0:
                return
            meet(counter, parts)
            begin += step

    return train_freely, train_in_step


SKIP_GRAM, CBOW, TREE = _passes(skip_gram_chunk, CHUNK), _passes(cbow_chunk, CHUNK), _passes(tree_chunk, TREE_CHUNK)
