"""Passes over stretches of the text by several threads: free of each other, or in step so that all is repeatable."""

from __future__ import annotations

import numpy as np

from seqcli.text.compiled import compiled
from seqcli.vectors.kernels.barrier import meet
from seqcli.vectors.kernels.sampling import choose, start_draws
from seqcli.vectors.kernels.updates import cbow_chunk, skip_gram_chunk, tree_chunk
from seqcli.vectors.kernels.work import apply, work_of


@compiled
def train(works, mine, parts, counter, words, weights, method, ids, start, stop, epoch, rate, cbow, tree):  # type: ignore[no-untyped-def]
    """Train on ids[start:stop] with the matrices works[mine]; cbow, tree: None for no, anything else for yes.

    parts 1: other threads may do the same with other stretches, and none waits; changes to the same row may be
    lost, seldom enough not to matter. Source: Recht et al. 2011.

    parts more: that many threads are in step, each on its stretch. All compute their chunks from the same two
    matrices; when all are done, each adds its changes to one part of the rows after the other, all to different
    parts at a time: the result is always the same.
    """
    state = start_draws(method.seed, epoch, start)
    room = stop - start
    kept, low, high = np.empty(room, np.int32), np.empty(room, np.int64), np.empty(room, np.int64)
    total = choose(ids, start, stop, words.keep, method.window, state, kept, low, high)
    work = work_of(works, mine)
    begin = 0
    while begin < total or parts > 1:
        count = min(method.step, total - begin)
        work.sizes[:] = 0
        place = (kept, low, high, begin, count, total)
        if count > 0:  # a branch on None is decided before anything is compiled: what is not used costs no time
            if tree is not None:
                tree_chunk(work, words, weights, method, *place, np.float32(rate), state)
            elif cbow is not None:
                cbow_chunk(work, words, weights, method, *place, np.float32(rate), state)
            else:
                skip_gram_chunk(work, words, weights, method, *place, np.float32(rate), state)
        begin += method.step
        if parts == 1:
            apply(work, words, weights, 0, 1)
            continue
        meet(counter, parts)
        busy = 0
        for turn in range(parts):
            busy += works.sizes[turn, 0]
            apply(work, words, weights, (mine + turn) % parts, parts)
            meet(counter, parts)
        if busy == 0:
            break
