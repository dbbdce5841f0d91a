"""fastText's .bin, read and written: words, their n-grams' vectors, and with them a vector for any word.

fastText itself loads what is written here, asks it about any word, and may go on training.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.vectors.formats.source import MOST_DIMENSIONS, Floats, Gathered, Source, VectorsFile
from seqcli.vectors.subwords import Subwords

MAGIC = struct.pack("<i", 793712314)
VERSIONS = (11, 12)  # 11 had no n-grams in supervised models; what is read here is the same in both
SUPERVISED = 3
LONGEST_NGRAM = 64  # characters
END_OF_LINE = "</s>"  # the one word that fastText takes no n-grams from (Dictionary::initNgrams)
WRITTEN_VERSION = 12  # of fastText 0.9
CBOW, SKIP_GRAM = 1, 2
NEGATIVE_SAMPLING = 2
ROWS = 4096  # rows turned to bytes at once


class _Settings(NamedTuple):
    dimensions: int
    buckets: int
    shortest: int
    longest: int


def read_fasttext(source: Source, limit: int | None, errors: str) -> VectorsFile:
    """Read a .bin: settings, dictionary, input matrix (words, then n-gram buckets), output matrix.

    A word's vector is the mean of its own row and its n-grams' rows, as fastText's getWordVector.
    Source: fastText 0.9.2, FastText::loadModel, Dictionary::load, DenseMatrix::load.
    """
    settings = _settings(source)
    words, counts = _dictionary(source)
    if source.take(1) != b"\0":
        raise source.error("it is quantised (.ftz), which is not read; use the unquantised .bin")
    rows = len(words) + settings.buckets
    inputs = _matrix(source, settings.dimensions)
    if len(inputs) != rows and (settings.longest or len(inputs) != len(words)):
        raise source.error(f"its matrix has {len(inputs)} rows, expected {rows} for its words and n-grams")
    if source.take(1) not in (b"\0", b"\1"):
        raise source.error("it is damaged behind its input matrix")
    _matrix(source, settings.dimensions, skip=True)
    if source.stream.read(1):
        raise source.error("there are bytes behind its end")
    if not np.isfinite(inputs.min()) or not np.isfinite(inputs.max()):
        raise source.error("it holds a number that is not finite")
    kept = min(len(words), limit or len(words))
    subwords = None
    if settings.longest:
        subwords = Subwords(inputs[len(words) :], settings.shortest, settings.longest)
    gathered = Gathered(source, kept, settings.dimensions, errors)
    for place in range(kept):
        gathered.add(words[place], inputs[place], place=place + 1)
    found = gathered.done("fasttext-bin")
    found.subwords = subwords
    if not gathered.repeated and not gathered.merged:
        found.counts = np.array(counts[:kept], np.int64)
    if subwords:
        whole = subwords.complete(found.words, found.matrix)
        if END_OF_LINE in found.words:
            row = found.words.index(END_OF_LINE)
            whole[row] = found.matrix[row]
        found.matrix = whole
    return found


def _settings(source: Source) -> _Settings:
    _, version, dimensions, _, _, _, _, _, _, model, buckets, shortest, longest, _ = struct.unpack(
        "<14i", source.take(56)
    )
    source.take(8)  # the sampling threshold
    if version not in VERSIONS:
        raise source.error(f"it is fastText version {version}; versions 11 and 12 are read")
    if not 1 <= dimensions <= MOST_DIMENSIONS or buckets < 0 or not 0 <= longest <= LONGEST_NGRAM:
        raise source.error(f"its header is damaged: {dimensions} dimensions, {buckets} buckets, n-grams to {longest}")
    if longest and not 0 <= shortest <= longest:
        raise source.error(f"its header is damaged: n-grams of {shortest} to {longest} characters")
    if longest and not buckets:
        raise source.error("its header is damaged: n-grams, but no buckets for them")
    return _Settings(dimensions, buckets, shortest, 0 if model == SUPERVISED and version == 11 else longest)


def _dictionary(source: Source) -> tuple[list[bytes], list[int]]:
    """Return the words and how often each was seen; labels follow them and are left out."""
    size, number, labels, _, pruned = struct.unpack("<3i2q", source.take(28))
    if number < 1 or labels < 0 or size != number + labels or size * 10 > source.size:
        raise source.error(f"its dictionary is damaged: {size} entries, {number} words, {labels} labels")
    if pruned != -1:
        raise source.error("its n-grams were pruned, which is not read; use the model before quantising")
    words, counts = [], []
    data = source.stream.read(min(source.size, 1 << 20))
    at = 0
    for place in range(size):
        end = data.find(b"\0", at)
        while end < 0 or len(data) < end + 10:
            more = source.stream.read(1 << 20)
            if not more or len(data) - at > 1 << 20:
                raise source.error("its dictionary ends within a word", word=place + 1)
            data, at = data[at:] + more, 0
            end = data.find(b"\0", at)
        count, kind = struct.unpack_from("<qb", data, end + 1)
        if kind != (0 if place < number else 1) or count < 0:
            raise source.error("its dictionary is damaged: an impossible count or kind", word=place + 1)
        if place < number:
            words.append(data[at:end])
            counts.append(count)
        at = end + 10
    source.stream.seek(source.stream.tell() - (len(data) - at))
    return words, counts


def _matrix(source: Source, dimensions: int, skip: bool = False) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    rows, columns = struct.unpack("<2q", source.take(16))
    left = source.size - source.stream.tell()
    if columns != dimensions or rows < 0 or rows * columns * 4 > left:
        raise source.error(f"a matrix of {rows} x {columns} numbers does not fit it; {left} bytes are left")
    if skip:
        source.stream.seek(rows * columns * 4, 1)
        return np.empty((0, dimensions), np.float32)
    out = np.empty((rows, dimensions), "<f4")
    if source.stream.readinto(out.data.cast("B")) != out.nbytes:  # type: ignore[attr-defined]
        raise source.error("it ends within a matrix")
    return out


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
        *(WRITTEN_VERSION, matrix.shape[1], learned.window, learned.epochs, learned.min_count, learned.negatives),
        *(1, NEGATIVE_SAMPLING, SKIP_GRAM if learned.skip_gram else CBOW, buckets, shortest, longest, 100),
        learned.subsample,
    )
    yield from _dictionary_bytes(words, learned.counts)
    yield b"\0" + struct.pack("<2q", len(words) + buckets, matrix.shape[1])  # 0: not quantised
    for start in range(0, len(words), ROWS):
        yield _own_rows(words[start : start + ROWS], matrix[start : start + ROWS], grams).astype("<f4").tobytes()
    if grams:
        yield from _row_bytes(grams.matrix)
    yield b"\0" + struct.pack("<2q", *matrix.shape)
    yield from _row_bytes(np.zeros_like(matrix) if learned.outputs is None else learned.outputs)


def _dictionary_bytes(words: Sequence[str], counts: NDArray[np.int64] | None) -> Iterator[bytes]:
    known = [1] * len(words) if counts is None else np.maximum(counts, 1).tolist()
    yield struct.pack("<3i2q", len(words), len(words), 0, sum(known), -1)  # no labels; n-grams not pruned
    for start in range(0, len(words), ROWS):
        some = zip(words[start : start + ROWS], known[start : start + ROWS], strict=True)
        yield b"".join(word.encode() + b"\0" + struct.pack("<qb", count, 0) for word, count in some)


def _own_rows(words: Sequence[str], vectors: Floats, grams: Subwords | None) -> Floats:
    """Return words' own rows: what fastText adds to those of their n-grams, of which the vector is the mean."""
    if grams is None:
        return vectors
    own = grams.own(words, vectors)
    for row, word in enumerate(words):
        if word == END_OF_LINE:
            own[row] = vectors[row]
    return own


def _row_bytes(matrix: Floats) -> Iterator[bytes]:
    for start in range(0, len(matrix), ROWS):
        yield matrix[start : start + ROWS].astype("<f4").tobytes()
