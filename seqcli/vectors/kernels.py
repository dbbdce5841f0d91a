"""Word2vec's arithmetic: a few dozen words at a time, gathered into small matrices that stay in the cache.

Pair by pair, every number is read from memory for two operations. Here the words of a chunk, their contexts and
negatives that they share are read once, multiplied in registers (`simd`), and their changes added to the two matrices.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from seqcli.vectors.barrier import meet
from seqcli.vectors.sampling import choose, draw_negatives, start_draws
from seqcli.vectors.simd import LANES, TILE, combine_row, combine_tile, pull_scores, push_scores, transpose

CHUNK = 64  # words: large enough to share 32 negatives cheaply, small enough to stay in the second cache
TREE_CHUNK = 16  # words, with hierarchical softmax: all of them change the root, from one state of it
NEGATIVES = 32  # shared by a chunk: with 16, vectors are measurably worse; 64 are no better
PASSAGE = 20_000  # tokens subsampled at once and trained at one learning rate: their ids stay in the cache
EDGE = TILE - 1  # zeros on both sides of a row of the band, which a tile of words reads

Array = Any


class Weights(NamedTuple):
    """What is learned: inputs float32 [V + B, D] (words, then n-grams), outputs float32 [V, D]."""

    inputs: Array
    outputs: Array


class Words(NamedTuple):
    """What is fixed of the words: see `sampling`. Without n-grams or a tree their arrays have length 0."""

    keep: Array  # uint64 [V]
    first: Array  # int32 [BUCKETS]
    cumulated: Array  # float64 [V]
    grams: Array  # int64 [V + 1], where a word's n-grams begin in ...
    gram_rows: Array  # int32, rows of inputs
    paths: Array  # int64 [V + 1], where a word's path in the tree begins in ...
    nodes: Array  # int32, rows of outputs
    codes: Array  # float32


class Method(NamedTuple):
    """How it is learned."""

    window: int
    negatives: int
    cbow: bool
    tree: bool
    seed: int


class Work(NamedTuple):
    """One thread's matrices for a chunk: inputs, outputs (negatives first), hidden means, and the change of each."""

    sizes: Array  # int64 [2]: rows in use of a and b
    a: Array
    da: Array
    a_words: Array
    b: Array
    db: Array
    b_rows: Array
    h: Array
    dh: Array
    columns: Array  # the negatives, transposed
    push: Array  # [CHUNK, NEGATIVES]
    band: Array  # flat; word i's context j at i * width + j - i + window + EDGE
    weights: Array


def make_work(size: int, window: int, longest_path: int) -> Work:
    """Return the matrices of a thread. longest_path: nodes, 0 without a tree."""
    padded = -(-size // LANES) * LANES
    reach = CHUNK + 2 * window + 2 * TILE

    def rows(count: int) -> Array:
        return np.zeros((count, padded), np.float32)

    outputs = NEGATIVES + reach + TREE_CHUNK * longest_path
    return Work(
        np.zeros(2, np.int64),
        rows(reach),
        rows(reach),
        np.zeros(reach, np.int32),
        rows(outputs),
        rows(outputs),
        np.zeros(outputs, np.int32),
        rows(CHUNK),
        rows(CHUNK),
        np.zeros((padded, NEGATIVES), np.float32),
        np.zeros((CHUNK, NEGATIVES), np.float32),
        np.zeros(CHUNK * band_width(window) + max(longest_path, 2 * window) + 2 * LANES, np.float32),
        np.zeros(CHUNK, np.float32),
    )


@njit(nogil=True)
def band_width(window):  # type: ignore[no-untyped-def]
    """Return the numbers in a row of the band."""
    return 2 * window + 1 + 2 * EDGE


@njit(nogil=True, fastmath=True, error_model="numpy", cache=True)
def gather(work, words, weights, kept, begin, end):  # type: ignore[no-untyped-def]
    """Read the input vectors of kept[begin:end] into work.a; with n-grams, the mean of a word's own and theirs."""
    size = weights.inputs.shape[1]
    for i in range(end - begin):
        word = kept[begin + i]
        work.a_words[i] = word
        for d in range(size):
            work.a[i, d] = weights.inputs[word, d]
        if len(words.grams):
            start, stop = words.grams[word], words.grams[word + 1]
            for g in range(start, stop):
                row = words.gram_rows[g]
                for d in range(size):
                    work.a[i, d] += weights.inputs[row, d]
            share = np.float32(1.0 / (1 + stop - start))
            for d in range(size):
                work.a[i, d] *= share
    work.sizes[0] = end - begin
    work.da[: end - begin] = 0


@njit(nogil=True, fastmath=True, cache=True)
def gather_outputs(work, weights, rows, at, count):  # type: ignore[no-untyped-def]
    """Read rows of the output matrix into work.b, from row `at` on."""
    size = weights.outputs.shape[1]
    for i in range(count):
        row = rows[i]
        work.b_rows[at + i] = row
        for d in range(size):
            work.b[at + i, d] = weights.outputs[row, d]
    work.sizes[1] = at + count
    work.db[at : at + count] = 0


@njit(nogil=True, fastmath=True, cache=True)
def _apply(work, words, weights, part, parts):  # type: ignore[no-untyped-def]
    """Add the changes of a chunk to those rows that are this part's: all of them where parts is 1."""
    size = weights.outputs.shape[1]
    for i in range(work.sizes[1]):
        row = work.b_rows[i]
        if parts == 1 or row % parts == part:
            for d in range(size):
                weights.outputs[row, d] += work.db[i, d]
    for i in range(work.sizes[0]):
        word = work.a_words[i]
        start = stop = np.int64(0)
        share = np.float32(1.0)
        if len(words.grams):
            start, stop = words.grams[word], words.grams[word + 1]
            share = np.float32(1.0 / (1 + stop - start))
        if parts == 1 or word % parts == part:
            for d in range(size):
                weights.inputs[word, d] += share * work.da[i, d]
        for g in range(start, stop):
            row = words.gram_rows[g]
            if parts == 1 or row % parts == part:
                for d in range(size):
                    weights.inputs[row, d] += share * work.da[i, d]


@njit(nogil=True, fastmath=True, cache=True)
def _push(work, x, dx, count):  # type: ignore[no-untyped-def]
    """Move `count` rows of x away from the negatives, work.b[:NEGATIVES], and those away from them."""
    push = work.push.reshape(-1)
    whole = (count + 2 * TILE - 1) // (2 * TILE) * (2 * TILE)
    work.weights[count:whole] = 0
    transpose(work.columns, work.b[:NEGATIVES])
    for i in range(0, whole, 2 * TILE):
        for c in range(0, NEGATIVES, LANES):
            push_scores(work.push, x, i, work.columns, c, work.weights)
        for r in range(i, i + 2 * TILE, TILE):
            combine_tile(dx, r, push, r * NEGATIVES, NEGATIVES, 1, work.b, 0, NEGATIVES)
    for k in range(0, NEGATIVES, TILE):
        combine_tile(work.db, k, push, k, 1, NEGATIVES, x, 0, whole)


@njit(nogil=True, fastmath=True, cache=True)
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
            pull_scores(work.band, base + q, work.a, i, work.b, NEGATIVES + q - first, rate)
        work.band[base + p] = 0
        for q in range(stop, p + window + 1 + EDGE):
            work.band[base + q] = 0
        combine_row(work.da, i, work.band, base + start, 0, 1, work.b, NEGATIVES + start - first, stop - start)
    for q in range(first, last, TILE):
        start, stop = max(q - window, begin), min(q + EDGE + window + 1, begin + count)
        at = (start - begin) * width + q - start + window + EDGE
        combine_tile(work.db, NEGATIVES + q - first, work.band, at, 1, width - 1, work.a, start - begin, stop - start)


@njit(nogil=True, fastmath=True, error_model="numpy", cache=True)
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


@njit(nogil=True, fastmath=True, cache=True)
def _spread(work, begin, count, first, low, high):  # type: ignore[no-untyped-def]
    """Give the change of each mean to every context of it, whole, as word2vec.c and gensim do (CBOW)."""
    size = work.h.shape[1]
    for i in range(count):
        p = begin + i
        for q in range(low[p], high[p]):
            if q != p:
                for d in range(size):
                    work.da[q - first, d] += work.dh[i, d]


@njit(nogil=True, fastmath=True, cache=True)
def _pull_own(work, count, rate):  # type: ignore[no-untyped-def]
    """Move each mean and the output of its word, work.b behind the negatives, towards each other (CBOW)."""
    for i in range(count):
        pull_scores(work.band, 0, work.h, i, work.b, NEGATIVES + i, rate)
        if work.weights[i] == 0:
            work.band[0] = 0  # a word without context learns nothing
        combine_row(work.dh, i, work.band, 0, 0, 1, work.b, NEGATIVES + i, 1)
        combine_row(work.db, NEGATIVES + i, work.band, 0, 0, 1, work.h, i, 1)


@njit(nogil=True, fastmath=True, cache=True)
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
def _skip_gram(work, words, weights, method, kept, low, high, begin, count, total, rate, state):  # type: ignore[no-untyped-def]
    """Compute the changes of a chunk of skip-gram with negative sampling."""
    first, last = max(begin - method.window, 0), min(begin + count + method.window, total)
    gather(work, words, weights, kept, begin, begin + count)
    draw_negatives(state, words.first, words.cumulated, work.b_rows[:NEGATIVES])
    gather_outputs(work, weights, work.b_rows, 0, NEGATIVES)
    gather_outputs(work, weights, kept[first:last], NEGATIVES, last - first)
    for i in range(count):
        pairs = high[begin + i] - low[begin + i] - 1
        work.weights[i] = rate * np.float32(method.negatives * pairs) / np.float32(NEGATIVES)
    _push(work, work.a, work.da, count)
    _pull_band(work, begin, count, first, last, low, high, method.window, rate)


@njit(nogil=True, cache=True)
def _cbow(work, words, weights, method, kept, low, high, begin, count, total, rate, state):  # type: ignore[no-untyped-def]
    """Compute the changes of a chunk of CBOW with negative sampling."""
    first, last = max(begin - method.window, 0), min(begin + count + method.window, total)
    gather(work, words, weights, kept, first, last)
    draw_negatives(state, words.first, words.cumulated, work.b_rows[:NEGATIVES])
    gather_outputs(work, weights, work.b_rows, 0, NEGATIVES)
    gather_outputs(work, weights, kept[begin : begin + count], NEGATIVES, count)
    average(work, begin, count, first, low, high)
    for i in range(count):
        alone = high[begin + i] - low[begin + i] == 1
        work.weights[i] = np.float32(0.0) if alone else rate * np.float32(method.negatives) / np.float32(NEGATIVES)
    _push(work, work.h, work.dh, count)
    _pull_own(work, count, rate)
    _spread(work, begin, count, first, low, high)


@njit(nogil=True, cache=True)
def _tree(work, words, weights, method, kept, low, high, begin, count, total, rate):  # type: ignore[no-untyped-def]
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


@njit(nogil=True, cache=True)
def _chunk(work, words, weights, method, kept, low, high, begin, count, total, rate, state):  # type: ignore[no-untyped-def]
    if method.tree:
        _tree(work, words, weights, method, kept, low, high, begin, count, total, rate)
    elif method.cbow:
        _cbow(work, words, weights, method, kept, low, high, begin, count, total, rate, state)
    else:
        _skip_gram(work, words, weights, method, kept, low, high, begin, count, total, rate, state)


@njit(nogil=True, cache=True)
def train_freely(work, words, weights, method, ids, start, stop, epoch, rate):  # type: ignore[no-untyped-def]
    """Train on ids[start:stop]; other threads may do the same with other stretches, and none waits.

    Source: Recht et al. 2011: changes to the same row may be lost, seldom enough not to matter.
    """
    state = start_draws(method.seed, epoch, start)
    room = stop - start
    kept, low, high = np.empty(room, np.int32), np.empty(room, np.int64), np.empty(room, np.int64)
    total = choose(ids, start, stop, words.keep, method.window, state, kept, low, high)
    step = TREE_CHUNK if method.tree else CHUNK
    for begin in range(0, total, step):
        count = min(step, total - begin)
        _chunk(work, words, weights, method, kept, low, high, begin, count, total, np.float32(rate), state)
        _apply(work, words, weights, 0, 1)


@njit(nogil=True, cache=True)
def train_in_step(works, part, counter, words, weights, method, ids, start, stop, epoch, rate):  # type: ignore[no-untyped-def]
    """Train on ids[start:stop] in step with the other threads, each on its stretch: the result is always the same.

    All compute their chunks from the same matrices; when all are done, each adds everyone's changes, in the order of
    the threads, to the rows that are its own.
    """
    state = start_draws(method.seed, epoch, start)
    room = stop - start
    kept, low, high = np.empty(room, np.int32), np.empty(room, np.int64), np.empty(room, np.int64)
    total = choose(ids, start, stop, words.keep, method.window, state, kept, low, high)
    step = TREE_CHUNK if method.tree else CHUNK
    begin, parts = 0, len(works)
    while True:
        count = min(step, total - begin)
        works[part].sizes[:] = 0
        if count > 0:
            _chunk(works[part], words, weights, method, kept, low, high, begin, count, total, np.float32(rate), state)
        meet(counter, parts)
        busy = 0
        for other in range(parts):
            busy += works[other].sizes[0]
            _apply(works[other], words, weights, part, parts)
        if busy == 0:
            return
        meet(counter, parts)
        begin += step
