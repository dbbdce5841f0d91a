"""An open vectors file: its bytes in order, where reading is, and the one way to refuse it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import SeqcliError, quoted
from seqcli.vectors.subwords import Subwords

Floats = NDArray[np.float32]

BLOCK = 4096  # rows looked through at once for numbers that are not finite
BUFFER = 1 << 20  # bytes read ahead
LONGEST_WORD = 1 << 16  # bytes: word2vec.c stops at 100; a longer one means that the file is not what it seems
LONGEST_LINE = 1 << 22  # bytes: the longest word and 65,536 numbers
MOST_DIMENSIONS = 1 << 16  # 200 times what anybody uses; a larger claim is a damaged header
BROKEN = "\0\r\n\v\f"  # characters that no word may hold: they end words and lines elsewhere
BROKEN_BYTES = BROKEN.encode()


class VectorsError(SeqcliError):
    """A vectors file that cannot be read, or vectors that a format cannot hold."""


@dataclass
class VectorsFile:
    """What a vectors file holds: words[r] has row r of matrix, float32 [V, D]; notes say what was left out."""

    format: str
    words: list[str]
    matrix: Floats
    subwords: Subwords | None = None
    counts: NDArray[np.int64] | None = None
    notes: list[str] = field(default_factory=list)


class Source:
    """A vectors file open for reading."""

    def __init__(self, path: str) -> None:
        """Raises VectorsError for a path that is no regular file that can be read."""
        self.path = path
        try:
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a possible path"
            raise VectorsError(f"Cannot read {quoted(path)}: {reason}; check the path.") from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise VectorsError(f"{quoted(path)} is not a regular file; give a vectors file.")
        self.stream: BinaryIO = os.fdopen(descriptor, "rb", buffering=BUFFER)
        self.size = os.fstat(descriptor).st_size

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()

    def error(self, what: str, line: int | None = None, word: int | None = None) -> VectorsError:
        """Return the error that refuses the file; `what` says what is wrong and, behind a semicolon, what to do."""
        place = f", line {line}" if line else f", word {word}" if word else ""
        step = "" if ";" in what else "; get the file again or mend it"
        return VectorsError(f"{quoted(self.path)}{place}: {what}{step}.")

    def head(self, size: int) -> bytes:
        """Return the first bytes without moving on; the stream must be at its start."""
        data = self.stream.read(size)
        self.stream.seek(0)
        return data

    def take(self, size: int) -> bytes:
        """Return the next bytes. Raises VectorsError where the file ends before."""
        data = self.stream.read(size)
        if len(data) != size:
            raise self.error(f"it ends {size - len(data)} bytes too early")
        return data

    def line(self, number: int) -> bytes:
        """Return the next line without its end, LF or CRLF; b"" with no line end left means the end of the file."""
        line = self.stream.readline(LONGEST_LINE)
        if len(line) == LONGEST_LINE:
            raise self.error(f"a line longer than {LONGEST_LINE >> 20} MB", number)
        return line

    def word(self, data: bytes, errors: str, line: int | None = None, word: int | None = None) -> str:
        """Return a word's bytes as text. Raises VectorsError for one that is not UTF-8, empty or too long."""
        if not data:
            raise self.error("an empty word", line, word)
        if len(data) > LONGEST_WORD:
            raise self.error(f"a word longer than {LONGEST_WORD >> 10} kB", line, word)
        if data.translate(None, BROKEN_BYTES) != data:
            raise self.error("a word with a NUL, a carriage return or a line end in it", line, word)
        try:
            return data.decode("utf-8", errors)
        except UnicodeDecodeError as error:
            raise self.error("a word that is not UTF-8; --errors replace reads it all the same", line, word) from error


class Gathered:
    """Words and rows as they are read: of a repeated word the first is kept, and it is counted."""

    def __init__(self, source: Source, count: int, dimensions: int, errors: str) -> None:
        """count: how many rows there can be at most; memory is taken for them at once, so check it first."""
        self.source, self.errors = source, errors
        self.matrix: Floats = np.empty((count, dimensions), np.float32)
        self.places: list[tuple[int | None, int | None]] = []
        self.index: dict[str, int] = {}
        self.repeated = self.merged = 0

    def add(self, word: bytes, row: Any, line: int | None = None, place: int | None = None) -> None:
        """Take a word and its numbers. Raises VectorsError for a bad word."""
        text = self.source.word(word, self.errors, line, place)
        size = len(self.index)
        self.matrix[size] = row
        if self.index.setdefault(text, size) == size:
            self.places.append((line, place))
            return
        self._check_finite(self.matrix[size : size + 1], [(line, place)])
        if "\ufffd" in text:
            self.merged += 1
        else:
            self.repeated += 1

    def _check_finite(self, rows: Floats, places: list[tuple[int | None, int | None]]) -> None:
        """Raise VectorsError, with the place, for the first row with a number that is not finite."""
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK]
            if not np.isfinite(block.min()) or not np.isfinite(block.max()):
                bad = start + int(np.flatnonzero(~np.isfinite(block).all(axis=1))[0])
                raise self.source.error("a number that is not finite, or too large", *places[bad])

    def done(self, format: str) -> VectorsFile:
        """Return what was gathered, with notes on what was not kept. Raises VectorsError for numbers not finite."""
        self._check_finite(self.matrix[: len(self.index)], self.places)
        notes = []
        if self.repeated:
            notes.append(f"{self.repeated} repeated words: of each the first was kept")
        if self.merged:
            notes.append(f"{self.merged} words became equal when bad bytes were replaced: of each the first was kept")
        return VectorsFile(format, list(self.index), self.matrix[: len(self.index)], notes=notes)


def refuse_foreign(source: Source, head: bytes) -> None:
    """Raise VectorsError for a file of a kind that holds no vectors, or holds them wrapped."""
    kinds = (
        (b"\x1f\x8b", "this is a gzip file; unpack it first with gunzip"),
        (b"BZh", "this is a bzip2 file; unpack it first with bunzip2"),
        (b"\xfd7zXZ", "this is an xz file; unpack it first with unxz"),
        (b"PK", "this is a zip archive (as of GloVe, .npz or torch); unpack it first"),
        (b"model.json\0", "this is a whole model of seqcli; take it in with seqcli models import"),
        (b"version https://git-lfs", "this is a git-LFS pointer; fetch the file itself with git lfs pull"),
        (b"\xff\xfe", "this is UTF-16; convert it to UTF-8 first"),
        (b"\xfe\xff", "this is UTF-16; convert it to UTF-8 first"),
        (b"<!doctype", "this is an HTML page, not the vectors; download them again"),
        (b"<html", "this is an HTML page, not the vectors; download them again"),
    )
    start = head[:64].lstrip().lower() if head[:1] in b"<\n\r\t " else head[:64]
    what = next((what for magic, what in kinds if start.startswith(magic)), None)
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        what = "this is a pickle, as gensim saves; load it in gensim and save it with save_word2vec_format"
    if what:
        raise source.error(what)
    if not head.strip():
        raise source.error("it is empty" if not source.size else "there are no words in it")
