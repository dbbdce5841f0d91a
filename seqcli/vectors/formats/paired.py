"""Vectors in one file and their words in another: numpy's .npy, and the tables of TensorFlow's embedding projector."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path

import numpy as np

from seqcli.errors import quoted
from seqcli.vectors.formats.lines import BOM, NUMBER
from seqcli.vectors.formats.source import LONGEST_LINE, MOST_DIMENSIONS, Floats, Gathered, Source, VectorsFile

NPY_MAGIC = b"\x93NUMPY"
_NPY_HEADER = re.compile(
    r"\{'descr': '([<>=]f[248])', 'fortran_order': (True|False), 'shape': \(([0-9]{1,18}), ?([0-9]{1,18})\), ?\} *\n"
)


def words_beside(path: str) -> tuple[str, str]:
    """Return the names of the words files of out.npy and out.tsv: out.words.txt and out.metadata.tsv."""
    stem = os.path.splitext(path)[0]
    return f"{stem}.words.txt", f"{stem}.metadata.tsv"


def read_numpy(source: Source, limit: int | None, errors: str, words: str | None) -> VectorsFile:
    """Read a .npy matrix; its words stand one a line in `words`, or in out.words.txt beside out.npy."""
    matrix = _npy(source)
    path = words or words_beside(source.path)[0]
    if not os.path.exists(path):
        raise source.error(f"its words are missing; put them, one a line, into {quoted(path)} or name it with --words")
    with Source(path) as other:
        return _joined(source, other, _lines(other), matrix, limit, errors, "numpy")


def read_projector(source: Source, limit: int | None, errors: str, words: str | None) -> VectorsFile:
    """Read the projector's tables: numbers apart by tabs, and words in `words`, out.metadata.tsv or metadata.tsv.

    Metadata of several columns has a header, and its first column holds the words.
    """
    path = words or projector_words(source.path)
    if path is None:
        expected = quoted(words_beside(source.path)[1])
        raise source.error(
            f"it holds only numbers; put their words, one a line, into {expected} or name it with --words"
        )
    matrix = _table(source)
    with Source(path) as other:
        lines = _lines(other)
        if b"\t" in lines[0]:
            lines = [line.split(b"\t")[0] for line in lines[1:]]
        return _joined(source, other, lines, matrix, limit, errors, "projector")


def projector_words(path: str) -> str | None:
    """Return the metadata file beside a projector table, None where there is none."""
    beside = (words_beside(path)[1], str(Path(path).with_name("metadata.tsv")))
    return next((name for name in beside if os.path.exists(name) and name != path), None)


def _joined(
    source: Source, other: Source, lines: list[bytes], matrix: Floats, limit: int | None, errors: str, format: str
) -> VectorsFile:
    if len(lines) != len(matrix):
        raise source.error(f"it has {len(matrix)} vectors, and {quoted(other.path)} has {len(lines)} words")
    kept = min(len(matrix), limit or len(matrix))
    rows = Gathered(other, kept, matrix.shape[1], errors)
    for number, (word, row) in enumerate(zip(lines[:kept], matrix, strict=False), 1):
        rows.add(word, row, line=number)
    return rows.done(format)


def _lines(source: Source) -> list[bytes]:
    """Return the lines of a words file. Raises VectorsError where there are none."""
    if source.size > 1 << 31:
        raise source.error("it is larger than 2 GB, which no list of words is")
    data = source.stream.read().removeprefix(BOM).replace(b"\r\n", b"\n")
    if not data.strip():
        raise source.error("there are no words in it")
    return data.removesuffix(b"\n").split(b"\n")


def _npy(source: Source) -> Floats:
    """Return the matrix of a .npy file; its header is compared with the one form that numpy writes, never evaluated."""
    start = source.take(8)
    width = {1: 2, 2: 4, 3: 4}.get(start[6])
    if width is None or start[7] != 0:
        raise source.error(f"it is .npy version {start[6]}.{start[7]}; 1.0 to 3.0 are read")
    length = int.from_bytes(source.take(width), "little")
    text = source.take(min(length, 4096)).decode("latin-1")
    match = _NPY_HEADER.fullmatch(text) if length <= 4096 else None
    if match is None:
        raise source.error("it is not a matrix of float numbers; save it as numpy.save(path, matrix.astype('float32'))")
    kind, count, dimensions = np.dtype(match[1]), int(match[3]), int(match[4])
    size = count * dimensions * kind.itemsize
    left = source.size - source.stream.tell()
    if count < 1 or not 1 <= dimensions <= MOST_DIMENSIONS or size != left:
        raise source.error(
            f"its header says {count} x {dimensions} numbers of {kind.itemsize} bytes; {left} bytes follow"
        )
    flat = np.frombuffer(source.take(size), kind)
    shaped = flat.reshape(dimensions, count).T if match[2] == "True" else flat.reshape(count, dimensions)
    with np.errstate(over="ignore"):
        return shaped.astype(np.float32)


def _table(source: Source) -> Floats:
    rows: list[Floats] = []
    number, dimensions, blank = 0, 0, 0
    while line := source.line(number := number + 1):
        line = line.removesuffix(b"\n").removesuffix(b"\r")
        if number == 1:
            line = line.removeprefix(BOM)
        if not line.strip(b" \t"):
            blank = blank or number
            continue
        if blank:
            raise source.error("an empty line between vectors; remove it", blank)
        fields = line.split(b"\t")
        dimensions = dimensions or len(fields)
        if len(fields) != dimensions or dimensions > MOST_DIMENSIONS:
            raise source.error(f"{len(fields)} numbers, expected {min(dimensions, MOST_DIMENSIONS)}", number)
        bad = next((f for f in fields if not NUMBER.fullmatch(f)), None)
        if bad is not None:
            raise source.error(f"{quoted(bad.decode('utf-8', 'replace'))} is not a decimal number", number)
        values = [float(field) for field in fields]
        with np.errstate(over="ignore"):
            rows.append(np.array(values, np.float32))
        if not math.isfinite(float(rows[-1].sum(dtype=np.float64))):
            raise source.error("a number that is not finite", number)
    return np.array(rows, np.float32)


def is_projector(head: bytes) -> bool:
    """Return whether a file begins with a line of nothing but numbers apart by tabs."""
    line = head.removeprefix(BOM).split(b"\n", 1)[0].removesuffix(b"\r")
    fields = line.split(b"\t")
    whole = b"\n" in head or len(head) < LONGEST_LINE
    return whole and len(fields) > 1 and all(NUMBER.fullmatch(field) for field in fields)
