"""Vectors as packed numbers: word2vec's binary file."""

from __future__ import annotations

import numpy as np

from seqcli.vectors.formats.lines import check_claim, header
from seqcli.vectors.formats.source import BUFFER, LONGEST_WORD, Gathered, Source, VectorsFile


def read_binary(source: Source, limit: int | None, errors: str) -> VectorsFile:
    """Read word2vec binary: a header line, then each word, a space, and little-endian float32 numbers.

    A line end behind the numbers is optional: word2vec.c writes it, gensim does not.
    """
    first = header(source.line(1))
    if first is None:
        raise source.error("line 1 must hold two whole numbers, words and dimensions", 1)
    count, dimensions = first
    check_claim(source, count, dimensions, 4)
    wanted = min(count, limit or count)
    rows = Gathered(source, wanted, dimensions, errors)
    width = 4 * dimensions
    data, at = b"", 0
    for number in range(1, wanted + 1):
        if len(data) - at < LONGEST_WORD + width + 2:
            data, at = data[at:] + source.stream.read(BUFFER + LONGEST_WORD + width), 0
        end = data.find(b" ", at, at + LONGEST_WORD + 2)
        if end < 0:
            raise source.error(_no_word(len(data) - at), word=number)
        if len(data) - end - 1 < width:
            raise source.error(f"its numbers end after {len(data) - end - 1} of {width} bytes", word=number)
        rows.add(data[at:end].removeprefix(b"\n"), np.frombuffer(data, "<f4", dimensions, end + 1), place=number)
        at = end + 1 + width
    if wanted == count and data[at:] + source.stream.read(2) not in (b"", b"\n"):
        raise source.error(f"bytes follow the {count} words that the header says; --limit {count} ignores them")
    return rows.done("word2vec-binary")


def _no_word(left: int) -> str:
    if left > LONGEST_WORD:
        return f"a word longer than {LONGEST_WORD >> 10} kB: there is no space"
    return "the file ends within a word, or has fewer words than its header says"
