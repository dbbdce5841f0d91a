"""Vectors as the bytes of other programs' files; what is read again is the same to the last bit."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence

from seqcli.errors import MisuseError, quoted
from seqcli.vectors.formats.fasttext import Learned, write_fasttext
from seqcli.vectors.formats.lines import NUMBERISH, header
from seqcli.vectors.formats.paired import words_beside
from seqcli.vectors.formats.source import BROKEN, LONGEST_WORD, Floats, VectorsError

ROWS = 4096  # rows turned to bytes at once
DIGITS = "%.9g"  # nine significant digits tell every float32 from its neighbours (IEEE 754-2019, 5.12.2)

Words = Sequence[str]
Writer = Callable[[Words, Floats], Iterator[bytes]]


def paths_of(path: str, format: str) -> tuple[str, ...]:
    """Return the files that a format is written into: some keep their words in a second one."""
    beside = dict(zip(("numpy", "projector"), words_beside(path), strict=True))
    return (path, beside[format]) if format in beside else (path,)


def render(
    path: str, words: Words, matrix: Floats, format: str, learned: Learned | None = None
) -> dict[str, Iterator[bytes]]:
    """Return the files of a format, path -> its bytes in blocks. Raises VectorsError for a word that it cannot hold.

    learned: what only fasttext-bin keeps: n-grams, counts, the output layer, settings.
    """
    if format not in WRITTEN:
        raise MisuseError(f"--format {quoted(format)} cannot be written; choose from {', '.join(WRITTEN)}.")
    _check(words, format)
    if format in ("numpy", "projector"):
        numbers = (_numpy if format == "numpy" else _numbers)(words, matrix)
        return dict(zip(paths_of(path, format), (numbers, _words(words, matrix)), strict=True))
    if format == "fasttext-bin" and learned is not None:
        return {path: write_fasttext(words, matrix, learned)}
    return {path: WRITTEN[format](words, matrix)}


def _check(words: Words, format: str) -> None:
    for word in words:
        reason = _unfit(word, format)
        if reason:
            raise VectorsError(f"{quoted(word)} cannot be written as {format}: {reason}; choose another --format.")
    if format == "glove" and all(NUMBERISH.fullmatch(word.encode("utf-8", "surrogatepass")) for word in words):
        raise VectorsError("glove cannot hold words that are all numbers; choose another --format.")


def _unfit(word: str, format: str) -> str | None:
    """Return why a format cannot hold a word, None if it can."""
    if word.isalnum() and len(word) < 1000:  # nearly every word, told quickly
        return None
    if not word or set(word) & set(BROKEN):
        return "it is empty or holds a line end"
    try:
        if len(word.encode()) > LONGEST_WORD:
            return "it is too long"
    except UnicodeEncodeError:
        return "it is not Unicode text"
    if format in ("numpy", "fasttext-bin"):
        return None
    if "\t" in word or (format == "word2vec-binary" and " " in word):
        return "it holds a space or tab"
    if word != word.strip(" ") or (" " in word and NUMBERISH.fullmatch(word.split(" ")[-1].encode())):
        return "its last part looks like a number, or a space stands at an end"
    return None


def _blocks(words: Words, matrix: Floats) -> Iterator[tuple[Words, Floats]]:
    for start in range(0, len(words), ROWS):
        yield words[start : start + ROWS], matrix[start : start + ROWS]


def _lines(words: Words, matrix: Floats, end: str) -> Iterator[bytes]:
    row = "%s" + f" {DIGITS}" * matrix.shape[1] + end
    for some, numbers in _blocks(words, matrix):
        yield "".join([row % (word, *values) for word, values in zip(some, numbers.tolist(), strict=True)]).encode()


def _headed(end: str) -> Writer:
    def write(words: Words, matrix: Floats) -> Iterator[bytes]:
        yield b"%d %d\n" % matrix.shape
        yield from _lines(words, matrix, end)

    return write


def _glove(words: Words, matrix: Floats) -> Iterator[bytes]:
    for block in _lines(words, matrix, "\n"):
        if header(block.split(b"\n", 1)[0]) and block.startswith(words[0].encode()):
            raise VectorsError(
                "glove cannot hold these: its first line would look like a header; choose another --format."
            )
        yield block


def _binary(words: Words, matrix: Floats) -> Iterator[bytes]:
    yield b"%d %d\n" % matrix.shape
    for some, numbers in _blocks(words, matrix):
        rows = numbers.astype("<f4").tobytes()
        width = 4 * matrix.shape[1]
        yield b"".join(
            word.encode() + b" " + rows[at * width : (at + 1) * width] + b"\n" for at, word in enumerate(some)
        )


def _numpy(words: Words, matrix: Floats) -> Iterator[bytes]:
    from numpy.lib import format as npy

    start = io.BytesIO()
    npy.write_array_header_1_0(start, {"descr": "<f4", "fortran_order": False, "shape": matrix.shape})
    yield start.getvalue()
    for _, numbers in _blocks(words, matrix):
        yield numbers.astype("<f4").tobytes()


def _numbers(words: Words, matrix: Floats) -> Iterator[bytes]:
    row = "\t".join([DIGITS] * matrix.shape[1]) + "\n"
    for _, numbers in _blocks(words, matrix):
        yield "".join([row % tuple(values) for values in numbers.tolist()]).encode()


def _words(words: Words, matrix: Floats) -> Iterator[bytes]:
    for some, _ in _blocks(words, matrix):
        yield "".join([f"{word}\n" for word in some]).encode()


WRITTEN: dict[str, Writer] = {
    "word2vec-text": _headed("\n"),
    "word2vec-binary": _binary,
    "glove": _glove,
    "fasttext-vec": _headed(" \n"),
    "fasttext-bin": lambda words, matrix: write_fasttext(words, matrix, Learned()),
    "numpy": _numpy,
    "projector": _numbers,
}
