"""What word2vec's kernels work on: the two large matrices, and a thread's small ones, gathered from them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from seqcli.text.compiled import compiled
from seqcli.vectors.kernels.rows import LINE, add_to_row, copy_row, fetch_row
from seqcli.vectors.kernels.simd import LANES, TILE

CHUNK = 64  # words computed from one state of the matrices: large enough to gather cheaply, small enough for the cache
TREE_CHUNK = 16  # words, with hierarchical softmax: all of them change the root, from one state of it
GROUP = 32  # words of a chunk that share ...
NEGATIVES = 32  # ... negatives: 16, or 64 words to 32, give measurably worse vectors (SimLex-999 0.22, 0.255; 0.268)
DRAWN = CHUNK // GROUP * NEGATIVES  # negatives of a chunk
AHEAD = 4  # rows that are on their way from memory while one is copied
EDGE = TILE - 1  # zeros on both sides of a row of the band, which a tile of words reads

ONE = np.float32(1.0)

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
    step: int  # words of a chunk


class Work(NamedTuple):
    """A thread's matrices for a chunk: inputs, outputs (negatives first), hidden means, and the change of each."""

    sizes: Array  # int64 [2]: rows in use of a and b
    a: Array
    da: Array
    a_words: Array
    b: Array
    db: Array
    b_rows: Array
    order: Array  # int32: rows of a or b that are a part's
    h: Array
    dh: Array
    cumulated: Array  # [reach + 1, D], sums of the rows of a so far (CBOW)
    columns: Array  # the negatives, transposed
    push: Array  # [CHUNK, NEGATIVES]
    band: Array  # flat; word i's context j at i * width + j - i + window + EDGE
    weights: Array


def make_works(threads: int, size: int, window: int, longest_path: int) -> Work:
    """Return the matrices of all threads, with the thread in front. longest_path: nodes, 0 without a tree."""
    padded = -(-size // LANES) * LANES
    reach = CHUNK + 2 * window + LANES
    outputs = DRAWN + reach + TREE_CHUNK * longest_path
    band = CHUNK * band_width(window) + max(longest_path, 2 * window) + 3 * LANES

    def floats(*shape: int) -> Array:
        """Return zeros that begin where a line of the cache does: vectors across two lines cost twice."""
        count = threads * math.prod(shape)
        room = np.zeros(count + LINE, np.float32)
        start = -room.ctypes.data // 4 % LINE
        return room[start : start + count].reshape(threads, *shape)

    return Work(
        sizes=np.zeros((threads, 2), np.int64),
        a=floats(reach, padded),
        da=floats(reach, padded),
        a_words=np.zeros((threads, reach), np.int32),
        b=floats(outputs, padded),
        db=floats(outputs, padded),
        b_rows=np.zeros((threads, outputs), np.int32),
        order=np.zeros((threads, outputs), np.int32),
        h=floats(CHUNK, padded),
        dh=floats(CHUNK, padded),
        cumulated=floats(reach + 1, padded),
        columns=floats(padded, NEGATIVES),
        push=floats(CHUNK, NEGATIVES),
        band=floats(band),
        weights=floats(CHUNK),
    )


@compiled
def work_of(works, thread):  # type: ignore[no-untyped-def]
    """Return one thread's matrices."""
    return Work(
        works.sizes[thread],
        works.a[thread],
        works.da[thread],
        works.a_words[thread],
        works.b[thread],
        works.db[thread],
        works.b_rows[thread],
        works.order[thread],
        works.h[thread],
        works.dh[thread],
        works.cumulated[thread],
        works.columns[thread],
        works.push[thread],
        works.band[thread],
        works.weights[thread],
    )


@compiled
def band_width(window):  # type: ignore[no-untyped-def]
    """Return the numbers in a row of the band."""
    return 2 * window + 1 + 2 * EDGE


@compiled
def gather(work, words, weights, kept, begin, end):  # type: ignore[no-untyped-def]
    """Read the input vectors of kept[begin:end] into work.a; with n-grams, the mean of a word's own and theirs."""
    for i in range(end - begin):
        word = kept[begin + i]
        fetch_row(weights.inputs, kept[min(begin + i + AHEAD, end - 1)])
        work.a_words[i] = word
        copy_row(work.a, i, weights.inputs, word)
        if len(words.grams):
            start, stop = words.grams[word], words.grams[word + 1]
            for g in range(start, stop):
                _add_ngram(work.a, i, weights.inputs, words.gram_rows[g])
            share = np.float32(1.0) / np.float32(1 + stop - start)
            for d in range(weights.inputs.shape[1]):
                work.a[i, d] *= share
    work.sizes[0] = end - begin


@compiled
def _add_ngram(a, i, inputs, row):  # type: ignore[no-untyped-def]
    for d in range(inputs.shape[1]):
        a[i, d] += inputs[row, d]


@compiled
def gather_outputs(work, weights, rows, at, count):  # type: ignore[no-untyped-def]
    """Read rows of the output matrix into work.b, from row `at` on."""
    for i in range(count):
        fetch_row(weights.outputs, rows[min(i + AHEAD, count - 1)])
        work.b_rows[at + i] = rows[i]
        copy_row(work.b, at + i, weights.outputs, rows[i])
    work.sizes[1] = at + count


@compiled
def apply(work, words, weights, part, parts):  # type: ignore[no-untyped-def]
    """Add the changes of a chunk to those rows of both matrices that are in this part of `parts`."""
    for k in range(_choose_rows(work.order, work.b_rows, work.sizes[1], part, parts)):
        i = work.order[k]
        add_to_row(weights.outputs, work.b_rows[i], ONE, work.db, i)
    if len(words.grams) == 0:
        for k in range(_choose_rows(work.order, work.a_words, work.sizes[0], part, parts)):
            i = work.order[k]
            add_to_row(weights.inputs, work.a_words[i], ONE, work.da, i)
        return
    for i in range(work.sizes[0]):
        word = work.a_words[i]
        start, stop = words.grams[word], words.grams[word + 1]
        share = ONE / np.float32(1 + stop - start)
        if word % parts == part:
            add_to_row(weights.inputs, word, share, work.da, i)
        for g in range(start, stop):
            row = words.gram_rows[g]
            if row % parts == part:
                add_to_row(weights.inputs, row, share, work.da, i)


@compiled
def _choose_rows(order, rows, count, part, parts):  # type: ignore[no-untyped-def]
    """Write the places of those of rows[:count] that are in a part; return how many. A branch would be a guess."""
    chosen = 0
    for i in range(count):
        order[chosen] = i
        chosen += 1 if parts == 1 or rows[i] % parts == part else 0
    return chosen
