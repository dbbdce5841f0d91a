"""The reader of ARPA files: what breaks the format's rules is refused, with the line."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import quoted
from seqcli.language.ngram.arpa import LN10, ArpaError, plain
from seqcli.language.ngram.arrays import HIGHEST_ORDER
from seqcli.language.ngram.counting import MOST
from seqcli.text.sources import is_pipe, open_source
from seqcli.text.vocabulary import EOS, SPECIALS, UNK

UNSEEN = -100.0  # log of the probability of <unk> where a file has none, as KenLM takes it
LARGEST = 38.0  # of a log, whatever its sign, in a backoff: ten to this is the largest float32
SMALLEST = -1e4  # of the log of a probability
LONGEST_LINE = 1 << 16  # bytes; a longer one is no line of an ARPA file
_COUNT = re.compile(rb"ngram ([0-9]{1,2})=([0-9]{1,18})")
_NUMBER = re.compile(rb"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")


class ArpaFile(NamedTuple):
    """What an ARPA file holds: the tokens of its vocabulary, <unk> and EOS first, and arrays as of `table`."""

    tokens: list[str]
    order: int
    arrays: dict[str, NDArray[Any]]
    notes: list[str]


class _Lines:
    """The lines of a file, numbered from 1, and the one way to refuse one."""

    def __init__(self, stream: BinaryIO, where: str) -> None:
        self._stream, self._where = stream, where
        self.number = 0

    def next(self) -> bytes:
        """Return the next line without its end; raises ArpaError at the end of the file."""
        line = self._stream.readline(LONGEST_LINE)
        self.number += 1
        if not line:
            raise self.error("the file ends before \\end\\; it is not whole")
        if len(line) == LONGEST_LINE:
            raise self.error("the line is too long for an ARPA file")
        return line.rstrip(b"\r\n")

    def filled(self) -> bytes:
        """Return the next line that is not empty."""
        while not (line := self.next()).strip():
            pass
        return line

    def rest(self) -> Iterator[bytes]:
        """Yield what is left."""
        for line in self._stream:
            self.number += 1
            yield line

    def error(self, what: str, number: int | None = None) -> ArpaError:
        """Return the error that refuses a line, by default the one that was read last."""
        return ArpaError(f"{self._where}, line {number or self.number}: {what}.")


class _Row(NamedTuple):
    """A line: an n-gram, the log of its probability and of its backoff, to base 10."""

    log: float
    words: list[bytes]
    backoff: float


def read(path: str) -> ArpaFile:
    """Read an ARPA file. Raises ArpaError, with the line, for what its format does not allow.

    Every n-gram must stand behind a context that has a line of its own, as SRILM, KenLM and seqcli write them.
    """
    try:
        with open(open_source(path), "rb") as stream:
            if is_pipe(stream.fileno()):
                raise ArpaError(f"{quoted(path)} is a pipe, and the file is read twice; write it to the disk first.")
            return _read(_Lines(stream, quoted(path)))
    except OSError as error:
        raise ArpaError(f"Cannot read {quoted(path)}: {error.strerror or error}; check the path.") from error


def _read(lines: _Lines) -> ArpaFile:
    sizes = _header(lines)
    order = len(sizes)
    tokens, index, arrays, notes = _single_tokens(lines, sizes[0], order)
    keys: list[NDArray[np.int64]] = []
    for n in range(2, order + 1):
        keys.append(_longer(lines, n, sizes[n - 1], order, index, keys, arrays))
    if lines.filled() != b"\\end\\":
        raise lines.error("expected \\end\\ here")
    if any(line.strip() for line in lines.rest()):
        raise lines.error("something follows \\end\\")
    return ArpaFile(tokens, order, arrays, notes)


def _header(lines: _Lines) -> list[int]:
    """Return how many n-grams of each order there are to be."""
    if lines.filled() != b"\\data\\":
        raise lines.error("an ARPA file begins with \\data\\")
    sizes: list[int] = []
    while line := lines.next():
        match = _COUNT.fullmatch(line)
        if not match or int(match[1]) != len(sizes) + 1:
            raise lines.error(f"expected 'ngram {len(sizes) + 1}=' and how many there are")
        sizes.append(int(match[2]))
        if sizes[-1] > MOST or len(sizes) > HIGHEST_ORDER:
            raise lines.error(f"at most {MOST:,} n-grams of each order, 1 to {HIGHEST_ORDER}, are read")
    if not sizes:
        raise lines.error("the counts of n-grams are missing")
    return sizes


def _rows(lines: _Lines, n: int, size: int, order: int) -> Iterator[_Row]:
    """Yield the n-grams of one order, after the line that heads them."""
    if lines.filled() != b"\\%d-grams:" % n:
        raise lines.error(f"expected \\{n}-grams: here")
    for found in range(size):
        fields = lines.next().split()
        if not n + 1 <= len(fields) <= n + 1 + (n < order):
            what = f"expected a number, {n} word{'s'[: n > 1]}" + (", and perhaps a number" if n < order else "")
            raise lines.error(what if fields else f"{size} {n}-grams were promised, {found} are there")
        if not all(_NUMBER.fullmatch(field) for field in (fields[0], *fields[n + 1 :])):
            raise lines.error("a log of a probability or of a backoff is not a number")
        log, backoff = float(fields[0]), float(fields[n + 1]) if len(fields) > n + 1 else 0.0
        if not (SMALLEST <= log <= 0.0 and SMALLEST <= backoff <= LARGEST):
            raise lines.error(f"expected the log of a probability, {SMALLEST:g} to 0, and a backoff up to {LARGEST:g}")
        yield _Row(log, fields[1 : n + 1], backoff)


def _single_tokens(
    lines: _Lines, size: int, order: int
) -> tuple[list[str], dict[bytes, int], dict[str, NDArray[Any]], list[str]]:
    """Read the 1-grams: the vocabulary, ids by spelling (that of <s> is the next free one), arrays, and notes."""
    tokens, index, rows = list(SPECIALS), {b"<unk>": UNK, b"</s>": EOS}, dict[bytes, _Row]()
    for row in _rows(lines, 1, size, order):
        word = row.words[0]
        if word in rows:
            raise lines.error(f"the word {quoted(word.decode(errors='replace'))} has a line above")
        rows[word] = row
        if word not in (b"<unk>", b"<s>", b"</s>"):
            index[word] = len(tokens)
            try:
                tokens.append(plain(word.decode()))
            except UnicodeDecodeError as error:
                raise lines.error("a word is not UTF-8") from error
    notes = []
    if b"</s>" not in rows:
        raise lines.error("the 1-grams above have no </s>, the end of a sentence")
    if b"<unk>" not in rows:
        notes.append(f"the file has no <unk>: words that it does not know have the probability 1e{UNSEEN:g}")
        rows[b"<unk>"] = _Row(UNSEEN, [b"<unk>"], 0.0)
    begin = rows.get(b"<s>") or _Row(0.0, [b"<s>"], 0.0)
    rows[b"</s>"] = rows[b"</s>"]._replace(backoff=begin.backoff)
    by_id = sorted(index, key=index.__getitem__)
    arrays = {"log_probabilities.1": _natural([rows[word].log for word in by_id])}
    if order > 1:
        arrays["log_backoffs.1"] = _natural([rows[word].backoff for word in by_id])
    index[b"<s>"] = len(tokens)
    return tokens, index, arrays, notes


def _longer(
    lines: _Lines,
    n: int,
    size: int,
    order: int,
    index: dict[bytes, int],
    keys: list[NDArray[np.int64]],
    arrays: dict[str, NDArray[Any]],
) -> NDArray[np.int64]:
    """Read the n-grams of order n >= 2 into arrays; keys of an order: context * vocabulary + last token, sorted."""
    ids, logs, backoffs = array("i"), array("d"), array("d")
    for row in _rows(lines, n, size, order):
        try:
            ids.extend([index[word] for word in row.words])
        except KeyError as error:
            word = quoted(error.args[0].decode(errors="replace"))
            raise lines.error(f"the word {word} has no line among the 1-grams") from error
        logs.append(row.log)
        backoffs.append(row.backoff)
    first = lines.number - size + 1
    columns = np.array(ids, np.int64).reshape(-1, n)
    begin, vocabulary = index[b"<s>"], len(index) - 1
    _refuse(lines, first, (columns[:, 1:] == begin).any(1), "<s> can only begin an n-gram")
    _refuse(lines, first, (columns[:, :-1] == EOS).any(1), "</s> can only end an n-gram")
    nodes = np.where(columns[:, 0] == begin, EOS, columns[:, 0])
    for k, known in enumerate(keys, 1):
        wanted = nodes * vocabulary + columns[:, k]
        nodes = np.searchsorted(known, wanted)
        missing = np.append(known, -1)[nodes] != wanted
        _refuse(lines, first, missing, f"its first {k + 1} words have no line among the {k + 1}-grams")
    found = nodes * vocabulary + columns[:, -1]
    by_key = np.argsort(found, kind="stable")
    found = found[by_key]
    again = np.zeros(size, np.bool_)
    again[by_key[1:]] = found[1:] == found[:-1]
    _refuse(lines, first, again, "this n-gram has a line above")
    contexts = len(arrays[f"log_probabilities.{n - 1}"])
    arrays[f"words.{n}"] = (found % vocabulary).astype(np.int32)
    arrays[f"children.{n - 1}"] = _offsets((found // vocabulary).astype(np.int32), contexts)
    arrays[f"log_probabilities.{n}"] = _natural(logs)[by_key]
    if n < order:
        at_end = columns[:, -1] == EOS  # nothing follows it, whatever its backoff says
        arrays[f"log_backoffs.{n}"] = np.where(at_end, np.float32(0), _natural(backoffs))[by_key]
    return found


def _offsets(parents: NDArray[np.int32], size: int) -> NDArray[np.int32]:
    """Return where the continuations of each of `size` n-grams begin among the next order's. -> int32 [size + 1]"""
    found = np.zeros(size + 1, np.int32)
    np.cumsum(np.bincount(parents, minlength=size), out=found[1:])
    return found


def _refuse(lines: _Lines, first: int, bad: NDArray[np.bool_], what: str) -> None:
    """Raise ArpaError for the first bad line of a section."""
    if bad.any():
        raise lines.error(what, first + int(np.argmax(bad)))


def _natural(logs: Any) -> NDArray[np.float32]:
    return (np.array(logs, np.float64) * LN10).astype(np.float32)
