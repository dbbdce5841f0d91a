"""Word2vec's arithmetic: a few dozen words at a time, gathered into small matrices that stay in the cache.

Pair by pair, every number is read from memory for two operations. Here the words of a chunk, their contexts and
negatives that they share are read once, multiplied in registers (`simd`), and their changes added to the two matrices.
"""

from __future__ import annotations

import numpy as np

from seqcli.text.compiled import compiled
from seqcli.vectors.kernels.products import (
    UNROLL,
    add_row,
    pair_scores,
    pull_scores,
    push_scores,
    transpose,
    write_tile,
)
from seqcli.vectors.kernels.rows import blend
from seqcli.vectors.kernels.sampling import draw_negatives
from seqcli.vectors.kernels.simd import LANES, TILE
from seqcli.vectors.kernels.work import DRAWN, EDGE, GROUP, NEGATIVES, ONE, band_width, gather, gather_outputs

NOTHING = np.float32(0.0)


@compiled
def _push(work, x, dx, count, size):  # type: ignore[no-untyped-def]
    """Move `count` rows of x away from their group's negatives, the first rows of work.b, and those away from them.

    Writes dx and the negatives' rows of work.db anew.
    """
    push = work.push.reshape(-1)
    whole = (count + 2 * TILE - 1) // (2 * TILE) * (2 * TILE)
    depth = (size + UNROLL - 1) // UNROLL * UNROLL
    work.weights[count:whole] = 0
    for first in range(0, whole, GROUP):
        last, at = min(first + GROUP, whole), first // GROUP * NEGATIVES
        transpose(work.columns, work.b[at : at + NEGATIVES])
        for i in range(first, last, 2 * TILE):
            for c in range(0, NEGATIVES, LANES):
                push_scores(work.push, x, i, work.columns, c, depth, work.weights)
            for r in range(i, i + 2 * TILE, TILE):
                write_tile(dx, r, push, r * NEGATIVES, NEGATIVES, 1, work.b, at, NEGATIVES)
        for k in range(0, NEGATIVES, TILE):
            write_tile(work.db, at + k, push, first * NEGATIVES + k, 1, NEGATIVES, x, first, last - first)
    work.db[(whole + GROUP - 1) // GROUP * NEGATIVES : DRAWN] = 0  # of groups without words


@compiled
def _pull_band(work, begin, count, first, last, low, high, window, rate):  # type: ignore[no-untyped-def]
    """Move each word of a chunk and its contexts, outputs of first..last, towards each other (skip-gram).

    Adds to work.da, writes the contexts' rows of work.db anew.
    """
    width = band_width(window)
    for i in range(count):
        p = begin + i
        base = i * width - p + window + EDGE  # context q of word p stands at base + q
        start, stop = low[p], high[p]
        for q in range(start, stop, LANES):
            pull_scores(work.band, base + q, work.a, i, work.b, DRAWN + q - first, rate)
        work.band[base + p - window - EDGE : base + start] = 0
        work.band[base + p] = 0
        work.band[base + stop : base + p + window + 1 + EDGE] = 0
        add_row(work.da, i, work.band, base + start, 0, 1, work.b, DRAWN + start - first, stop - start)
    for q in range(first, last, TILE):
        start, stop = max(q - window, begin), min(q + EDGE + window + 1, begin + count)
        at = (start - begin) * width + q - start + window + EDGE
        write_tile(work.db, DRAWN + q - first, work.band, at, 1, width - 1, work.a, start - begin, stop - start)


@compiled
def average(work, begin, count, first, last, low, high):  # type: ignore[no-untyped-def]
    """Write the mean of each word's contexts, inputs of the words first..last, to work.h (CBOW).

    From sums of all inputs so far: the same work for every word, however far its window reaches.
    """
    for j in range(last - first):
        blend(work.cumulated, j + 1, ONE, work.cumulated, j, ONE, work.a, j)
    for i in range(count):
        p = begin + i
        share = ONE / np.float32(max(high[p] - low[p] - 1, 1))
        blend(work.h, i, ONE, work.cumulated, high[p] - first, -ONE, work.cumulated, low[p] - first)
        blend(work.h, i, share, work.h, i, -ONE, work.a, p - first)


@compiled
def _spread(work, begin, count, first, last, low, high):  # type: ignore[no-untyped-def]
    """Give the change of each mean to every context of it, whole, as word2vec.c and gensim do (CBOW).

    Writes work.da anew: what begins and ends where, then sums of that.
    """
    work.da[: last - first + 1] = 0
    for i in range(count):
        p = begin + i
        blend(work.da, low[p] - first, ONE, work.da, low[p] - first, ONE, work.dh, i)
        blend(work.da, high[p] - first, ONE, work.da, high[p] - first, -ONE, work.dh, i)
    for j in range(1, last - first):
        blend(work.da, j, ONE, work.da, j, ONE, work.da, j - 1)
    for i in range(count):
        blend(work.da, begin + i - first, ONE, work.da, begin + i - first, -ONE, work.dh, i)


@compiled
def _pull_own(work, count, rate):  # type: ignore[no-untyped-def]
    """Move each mean and the output of its word, work.b behind the negatives, towards each other (CBOW).

    Adds to work.dh, writes the words' rows of work.db anew.
    """
    for i in range(0, count, LANES):
        pair_scores(work.band, i, work.h, i, work.b, DRAWN + i, rate)
    for i in range(count):
        change = work.band[i] if work.weights[i] != 0 else NOTHING  # a word without context learns nothing
        blend(work.dh, i, ONE, work.dh, i, change, work.b, DRAWN + i)
        blend(work.db, DRAWN + i, change, work.h, i, NOTHING, work.h, i)


@compiled
def _follow_path(work, x, dx, row, at, codes, rate):  # type: ignore[no-untyped-def]
    """Teach the nodes of a path, work.b from row `at` on, to lead x[row] to the word whose codes these are."""
    length = len(codes)
    for k in range(0, length, LANES):
        pull_scores(work.band, k, x, row, work.b, at + k, rate)
    for k in range(length):
        work.band[k] -= rate * codes[k]
    add_row(dx, row, work.band, 0, 0, 1, work.b, at, length)
    for k in range(length):
        add_row(work.db, at + k, work.band, k, 0, 1, x, row, 1)


@compiled
def skip_gram_chunk(work, words, weights, method, kept, low, high, begin, count, total, rate, state):  # type: ignore[no-untyped-def]
    """Compute the changes of a chunk of skip-gram with negative sampling."""
    first, last = max(begin - method.window, 0), min(begin + count + method.window, total)
    gather(work, words, weights, kept, begin, begin + count)
    for at in range(0, DRAWN, NEGATIVES):
        draw_negatives(state, words.first, words.cumulated, work.b_rows[at : at + NEGATIVES])
    gather_outputs(work, weights, work.b_rows, 0, DRAWN)
    gather_outputs(work, weights, kept[first:last], DRAWN, last - first)
    for i in range(count):
        pairs = high[begin + i] - low[begin + i] - 1
        work.weights[i] = rate * np.float32(method.negatives * pairs) / np.float32(NEGATIVES)
    _push(work, work.a, work.da, count, weights.outputs.shape[1])
    _pull_band(work, begin, count, first, last, low, high, method.window, rate)


@compiled
def cbow_chunk(work, words, weights, method, kept, low, high, begin, count, total, rate, state):  # type: ignore[no-untyped-def]
    """Compute the changes of a chunk of CBOW with negative sampling."""
    first, last = max(begin - method.window, 0), min(begin + count + method.window, total)
    gather(work, words, weights, kept, first, last)
    for at in range(0, DRAWN, NEGATIVES):
        draw_negatives(state, words.first, words.cumulated, work.b_rows[at : at + NEGATIVES])
    gather_outputs(work, weights, work.b_rows, 0, DRAWN)
    gather_outputs(work, weights, kept[begin : begin + count], DRAWN, count)
    average(work, begin, count, first, last, low, high)
    for i in range(count):
        alone = high[begin + i] - low[begin + i] == 1
        work.weights[i] = np.float32(0.0) if alone else rate * np.float32(method.negatives) / np.float32(NEGATIVES)
    _push(work, work.h, work.dh, count, weights.outputs.shape[1])
    _pull_own(work, count, rate)
    _spread(work, begin, count, first, last, low, high)


@compiled
def tree_chunk(work, words, weights, method, kept, low, high, begin, count, total, rate, state):  # type: ignore[no-untyped-def]
    """Compute the changes of a chunk with hierarchical softmax."""
    first, last = max(begin - method.window, 0), min(begin + count + method.window, total)
    gather(work, words, weights, kept, first, last)
    if method.cbow:
        average(work, begin, count, first, last, low, high)
        work.dh[:count] = 0
    work.da[: last - first] = 0
    at = 0
    work.sizes[1] = 0
    for i in range(count):
        p = begin + i
        start, stop = words.paths[kept[p]], words.paths[kept[p] + 1]
        if high[p] - low[p] == 1:
            continue
        gather_outputs(work, weights, words.nodes[start:stop], at, stop - start)
        work.db[at : at + stop - start] = 0
        codes = words.codes[start:stop]
        if method.cbow:
            _follow_path(work, work.h, work.dh, i, at, codes, rate)
        else:
            for q in range(low[p], high[p]):
                if q != p:
                    _follow_path(work, work.a, work.da, q - first, at, codes, rate)
        at += stop - start
    if method.cbow:
        _spread(work, begin, count, first, last, low, high)
