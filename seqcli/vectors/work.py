"""What word2vec's kernels work on: the two large matrices, and a thread's small ones, gathered from them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from seqcli.vectors.simd import LANES, TILE

CHUNK = 64  # words computed from one state of the matrices: large enough to gather cheaply, small enough for the cache
TREE_CHUNK = 16  # words, with hierarchical softmax: all of them change the root, from one state of it
GROUP = 32  # words of a chunk that share ...
NEGATIVES = 32  # ... negatives: 16, or 64 words to 32, give measurably worse vectors (SimLex-999 0.22, 0.255; 0.268)
DRAWN = CHUNK // GROUP * NEGATIVES  # negatives of a chunk
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
    h: Array
    dh: Array
    columns: Array  # the negatives, transposed
    push: Array  # [CHUNK, NEGATIVES]
    band: Array  # flat; word i's context j at i * width + j - i + window + EDGE
    weights: Array


def make_works(threads: int, size: int, window: int, longest_path: int) -> Work:
    """Return the matrices of all threads, with the thread in front. longest_path: nodes, 0 without a tree."""
    padded = -(-size // LANES) * LANES
    reach = CHUNK + 2 * window + 2 * TILE
    outputs = DRAWN + reach + TREE_CHUNK * longest_path
    band = CHUNK * band_width(window) + max(longest_path, 2 * window) + 2 * LANES

    def floats(*shape: int) -> Array:
        return np.zeros((threads, *shape), np.float32)

    return Work(
        sizes=np.zeros((threads, 2), np.int64),
        a=floats(reach, padded),
        da=floats(reach, padded),
        a_words=np.zeros((threads, reach), np.int32),
        b=floats(outputs, padded),
        db=floats(outputs, padded),
        b_rows=np.zeros((threads, outputs), np.int32),
        h=floats(CHUNK, padded),
        dh=floats(CHUNK, padded),
        columns=floats(padded, NEGATIVES),
        push=floats(CHUNK, NEGATIVES),
        band=floats(band),
        weights=floats(CHUNK),
    )


@njit(nogil=True, cache=True)
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
        works.h[thread],
        works.dh[thread],
        works.columns[thread],
        works.push[thread],
        works.band[thread],
        works.weights[thread],
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
def apply(work, words, weights, part, parts):  # type: ignore[no-untyped-def]
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
