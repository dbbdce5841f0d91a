"""fastText's .bin, written whole: fastText loads it, asks it about any word, and may go on training."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqcli.vectors.formats.fasttext import END_OF_LINE, MAGIC
from seqcli.vectors.formats.source import Floats
from seqcli.vectors.subwords import Subwords

VERSION = 12  # of fastText 0.9
CBOW, SKIP_GRAM = 1, 2
NEGATIVE_SAMPLING = 2
ROWS = 4096  # rows turned to bytes at once


@dataclass(frozen=True)
class Learned:
    """What a .bin holds beside words and vectors; what is not known of an imported table has fastText's defaults."""

    subwords: Subwords | None = None
    counts: NDArray[np.int64] | None = None
    outputs: Floats | None = None  # [V, D], of a training by negative sampling
    skip_gram: bool = True
    window: int = 5
    negatives: int = 5
    subsample: float = 1e-4
    epochs: int = 5
    min_count: int = 5


def write_fasttext(words: Sequence[str], matrix: Floats, learned: Learned) -> Iterator[bytes]:
    """Yield a .bin: settings, dictionary, input matrix (words' own rows, then n-grams' buckets), output matrix.

    Source: fastText 0.9.2, FastText::saveModel, Dictionary::save, DenseMatrix::save.
    """
    grams = learned.subwords
    buckets, shortest, longest = (len(grams.matrix), grams.shortest, grams.longest) if grams else (0, 0, 0)
    yield MAGIC + struct.pack(
        "<13id",
        *(VERSION, matrix.shape[1], learned.window, learned.epochs, learned.min_count, learned.negatives),
        *(1, NEGATIVE_SAMPLING, SKIP_GRAM if learned.skip_gram else CBOW, buckets, shortest, longest, 100),
        learned.subsample,
    )
    yield from _dictionary(words, learned.counts)
    yield b"\0" + struct.pack("<2q", len(words) + buckets, matrix.shape[1])  # 0: not quantised
    for start in range(0, len(words), ROWS):
        yield _own(words[start : start + ROWS], matrix[start : start + ROWS], grams).astype("<f4").tobytes()
    if grams:
        yield from _rows(grams.matrix)
    yield b"\0" + struct.pack("<2q", *matrix.shape)
    yield from _rows(np.zeros_like(matrix) if learned.outputs is None else learned.outputs)


def _dictionary(words: Sequence[str], counts: NDArray[np.int64] | None) -> Iterator[bytes]:
    known = [1] * len(words) if counts is None else np.maximum(counts, 1).tolist()
    yield struct.pack("<3i2q", len(words), len(words), 0, sum(known), -1)  # no labels; n-grams not pruned
    for start in range(0, len(words), ROWS):
        some = zip(words[start : start + ROWS], known[start : start + ROWS], strict=True)
        yield b"".join(word.encode() + b"\0" + struct.pack("<qb", count, 0) for word, count in some)


def _own(words: Sequence[str], vectors: Floats, grams: Subwords | None) -> Floats:
    """Return words' own rows: what fastText adds to those of their n-grams, of which the vector is the mean."""
    if grams is None:
        return vectors
    own = grams.own(words, vectors)
    for row, word in enumerate(words):
        if word == END_OF_LINE:
            own[row] = vectors[row]
    return own


def _rows(matrix: Floats) -> Iterator[bytes]:
    for start in range(0, len(matrix), ROWS):
        yield matrix[start : start + ROWS].astype("<f4").tobytes()
