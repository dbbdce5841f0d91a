"""Word2vec's arithmetic: a few dozen words at a time, gathered into small matrices that stay in the cache.

Pair by pair, every number is read from memory for two operations. Here the words of a chunk, their contexts and
negatives that they share are read once, multiplied in registers (`simd`), and their changes added to the two matrices.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from seqcli.vectors.sampling import draw_negatives
from seqcli.vectors.simd import LANES, TILE, combine_row, combine_tile, pull_scores, push_scores, transpose
from seqcli.vectors.work import DRAWN, EDGE, GROUP, NEGATIVES, band_width, gather, gather_outputs


@njit(nogil=True, cache=True)
def _push(work, x, dx, count):  # type: ignore[no-untyped-def]
    """Move `count` rows of x away from their group's negatives, the first rows of work.b, and those away from them."""
    push = work.push.reshape(-1)
    whole = (count + 2 * TILE - 1) // (2 * TILE) * (2 * TILE)
    work.weights[count:whole] = 0
    for first in range(0, whole, GROUP):
        last, at = min(first + GROUP, whole), first // GROUP * NEGATIVES
        transpose(work.columns, work.b[at : at + NEGATIVES])
        for i in range(first, last, 2 * TILE):
            for c in range(0, NEGATIVES, LANES):
                push_scores(work.push, x, i, work.columns, c, work.weights)
            for r in range(i, i + 2 * TILE, TILE):
                combine_tile(dx, r, push, r * NEGATIVES, NEGATIVES, 1, work.b, at, NEGATIVES)
        for k in range(0, NEGATIVES, TILE):
            combine_tile(work.db, at + k, push, first * NEGATIVES + k, 1, NEGATIVES, x, first, last - first)


@njit(nogil=True, cache=True)
def _pull_band(work, begin, count, first, last, low, high, window, rate):  # type: ignore[no-untyped-def]
    """Move each word of a chunk and its contexts, outputs of first..last, towards each other (skip-gram)."""
    width = band_width(window)
    for i in range(count):
        p = begin + i
        base = i * width - p + window + EDGE  # context q of word p stands at base + q
        start, stop = low[p], high[p]
        for q in range(p - window - EDGE, start):
            work.band[base + q] = 0
        for q in range(start, stop, TILE):
            pull_scores(work.band, base + q, work.a, i, work.b, DRAWN + q - first, rate)
        work.band[base + p] = 0
        for q in range(stop, p + window + 1 + EDGE):
            work.band[base + q] = 0
        combine_row(work.da, i, work.band, base + start, 0, 1, work.b, DRAWN + start - first, stop - start)
    for q in range(first, last, TILE):
        start, stop = max(q - window, begin), min(q + EDGE + window + 1, begin + count)
        at = (start - begin) * width + q - start + window + EDGE
        combine_tile(work.db, DRAWN + q - first, work.band, at, 1, width - 1, work.a, start - begin, stop - start)


@njit(nogil=True, error_model="numpy", cache=True)
def average(work, begin, count, first, low, high):  # type: ignore[no-untyped-def]
    """Write the mean of each word's contexts, inputs of the words from first on, to work.h (CBOW)."""
    size = work.h.shape[1]
    work.band[: 2 * len(work.weights)] = 1
    for i in range(count):
        p = begin + i
        work.h[i] = 0
        work.dh[i] = 0
        combine_row(work.h, i, work.band, 0, 0, 1, work.a, low[p] - first, p - low[p])
        combine_row(work.h, i, work.band, 0, 0, 1, work.a, p + 1 - first, high[p] - p - 1)
        share = np.float32(1.0 / max(high[p] - low[p] - 1, 1))
        for d in range(size):
            work.h[i, d] *= share


@njit(nogil=True, cache=True)
def _spread(work, begin, count, first, low, high):  # type: ignore[no-untyped-def]
    """Give the change of each mean to every context of it, whole, as word2vec.c and gensim do (CBOW)."""
    work.band[0] = 1
    for i in range(count):
        p = begin + i
        for q in range(low[p], high[p]):
            if q != p:
                combine_row(work.da, q - first, work.band, 0, 0, 1, work.dh, i, 1)


@njit(nogil=True, cache=True)
def _pull_own(work, count, rate):  # type: ignore[no-untyped-def]
    """Move each mean and the output of its word, work.b behind the negatives, towards each other (CBOW)."""
    for i in range(count):
        pull_scores(work.band, 0, work.h, i, work.b, DRAWN + i, rate)
        if work.weights[i] == 0:
            work.band[0] = 0  # a word without context learns nothing
        combine_row(work.dh, i, work.band, 0, 0, 1, work.b, DRAWN + i, 1)
        combine_row(work.db, DRAWN + i, work.band, 0, 0, 1, work.h, i, 1)


@njit(nogil=True, cache=True)
def _follow_path(work, x, dx, row, at, codes, rate):  # type: ignore[no-untyped-def]
    """Teach the nodes of a path, work.b from row `at` on, to lead x[row] to the word whose codes these are."""
    length = len(codes)
    for k in range(0, length, TILE):
        pull_scores(work.band, k, x, row, work.b, at + k, rate)
    for k in range(length):
        work.band[k] -= rate * codes[k]
    combine_row(dx, row, work.band, 0, 0, 1, work.b, at, length)
    for k in range(length):
        combine_row(work.db, at + k, work.band, k, 0, 1, x, row, 1)


@njit(nogil=True, cache=True)
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
    _push(work, work.a, work.da, count)
    _pull_band(work, begin, count, first, last, low, high, method.window, rate)


@njit(nogil=True, cache=True)
def cbow_chunk(work, words, weights, method, kept, low, high, begin, count, total, rate, state):  # type: ignore[no-untyped-def]
    """Compute the changes of a chunk of CBOW with negative sampling."""
    first, last = max(begin - method.window, 0), min(begin + count + method.window, total)
    gather(work, words, weights, kept, first, last)
    for at in range(0, DRAWN, NEGATIVES):
        draw_negatives(state, words.first, words.cumulated, work.b_rows[at : at + NEGATIVES])
    gather_outputs(work, weights, work.b_rows, 0, DRAWN)
    gather_outputs(work, weights, kept[begin : begin + count], DRAWN, count)
    average(work, begin, count, first, low, high)
    for i in range(count):
        alone = high[begin + i] - low[begin + i] == 1
        work.weights[i] = np.float32(0.0) if alone else rate * np.float32(method.negatives) / np.float32(NEGATIVES)
    _push(work, work.h, work.dh, count)
    _pull_own(work, count, rate)
    _spread(work, begin, count, first, low, high)


@njit(nogil=True, cache=True)
def tree_chunk(work, words, weights, method, kept, low, high, begin, count, total, rate, state):  # type: ignore[no-untyped-def]
    """Compute the changes of a chunk with hierarchical softmax."""
    first, last = max(begin - method.window, 0), min(begin + count + method.window, total)
    gather(work, words, weights, kept, first, last)
    if method.cbow:
        average(work, begin, count, first, low, high)
    at = 0
    work.sizes[1] = 0
    for i in range(count):
        p = begin + i
        start, stop = words.paths[kept[p]], words.paths[kept[p] + 1]
        if high[p] - low[p] == 1:
            continue
        gather_outputs(work, weights, words.nodes[start:stop], at, stop - start)
        codes = words.codes[start:stop]
        if method.cbow:
            _follow_path(work, work.h, work.dh, i, at, codes, rate)
        else:
            for q in range(low[p], high[p]):
                if q != p:
                    _follow_path(work, work.a, work.da, q - first, at, codes, rate)
        at += stop - start
    if method.cbow:
        _spread(work, begin, count, first, low, high)
