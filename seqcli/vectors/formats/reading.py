"""Which format a vectors file has, by its content, and its one reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from seqcli.errors import MisuseError, quoted
from seqcli.vectors.formats import fasttext, lines, packed, paired
from seqcli.vectors.formats.source import LONGEST_LINE, Source, VectorsFile, refuse_foreign

TEXT_BYTES = bytes(range(32, 127)) + bytes(range(0x80, 0xF5)) + b"\t\n\r\v\f\x1b"  # what UTF-8 text is made of
Reader = Callable[[Source, int | None, str, str | None], VectorsFile]

READERS: dict[str, Reader] = {
    "word2vec-text": lambda source, limit, errors, words: lines.read_headed(source, limit, errors),
    "word2vec-binary": lambda source, limit, errors, words: packed.read_binary(source, limit, errors),
    "glove": lambda source, limit, errors, words: lines.read_headless(source, limit, errors),
    "fasttext-vec": lambda source, limit, errors, words: lines.read_headed(source, limit, errors),
    "fasttext-bin": lambda source, limit, errors, words: fasttext.read_fasttext(source, limit, errors),
    "numpy": paired.read_numpy,
    "projector": paired.read_projector,
}


def read(
    path: str, format: str | None = None, limit: int | None = None, errors: str = "strict", words: str | None = None
) -> VectorsFile:
    """Read a vectors file. Raises VectorsError, with the line or word, for anything its format does not allow.

    format: None tells it by the content. limit: the first words only. errors: "replace" reads words that are not UTF-8.
    words: the file of the words, where a format keeps them apart.
    """
    if format is not None and format not in READERS:
        raise MisuseError(f"--format {quoted(format)} is not known; choose from {', '.join(READERS)}.")
    with Source(path) as source:
        head = source.head(LONGEST_LINE)
        refuse_foreign(source, head)
        found = format or detect(head)
        with np.errstate(over="ignore", invalid="ignore"):  # a number too large is refused, by its line
            return replace(READERS[found](source, limit, errors, words), format=found)


def detect(head: bytes) -> str:
    """Return the format that the first bytes of a file speak of."""
    if head.startswith(fasttext.MAGIC):
        return "fasttext-bin"
    if head.startswith(paired.NPY_MAGIC):
        return "numpy"
    first, _, rest = head.removeprefix(lines.BOM).partition(b"\n")
    claim = lines.header(first)
    if claim is not None and b"\t" not in first:
        return _headed(rest.split(b"\n", 1)[0], rest[:4096], claim[1])
    if paired.is_projector(head) and (claim is None or not rest.strip() or paired.is_projector(rest)):
        return "projector"
    return "glove" if claim is None else _headed(rest.split(b"\n", 1)[0], rest[:4096], claim[1])


def _headed(row: bytes, sample: bytes, dimensions: int) -> str:
    """Tell word2vec text from binary by what follows the header: a good row of text, or no control characters."""
    fields = row.split()
    if 0 < dimensions < len(fields) and all(lines.NUMBER.fullmatch(field) for field in fields[-dimensions:]):
        return "fasttext-vec" if row.removesuffix(b"\r").endswith(b" ") else "word2vec-text"
    return "word2vec-binary" if sample.translate(None, TEXT_BYTES) else "word2vec-text"
