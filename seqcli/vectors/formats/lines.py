"""Vectors as lines of text: word2vec's and fastText's with a header, GloVe's without.

The grammar: words and numbers stand apart by spaces or tabs. A header is two whole numbers. Each further line is a word
and as many decimal numbers as there are dimensions, read from the right: a word may hold spaces, but its last part must
not look like a number. Without a header the first line says how many dimensions there are.
"""

from __future__ import annotations

import re

from seqcli.errors import quoted
from seqcli.vectors.formats.source import LONGEST_WORD, MOST_DIMENSIONS, Gathered, Source, VectorsFile

NUMBER = re.compile(rb"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
NUMBERISH = re.compile(rb"[+-]?(?:nan|inf|infinity|[0-9.,_]*[0-9][0-9.,_]*(?:[eE][+-]?[0-9_]*)?)", re.IGNORECASE)
HEADER = re.compile(rb"[ \t]*([+-]?[0-9]{1,400})[ \t]+([+-]?[0-9]{1,400})[ \t]*")
DIGITS = b"0123456789+-.eE \t"
LONGEST_NUMBER = 400  # characters: more digits than any float's exact decimal that a program prints
BOM = b"\xef\xbb\xbf"


def header(line: bytes) -> tuple[int, int] | None:
    """Return (words, dimensions) if a line is two whole numbers."""
    match = HEADER.fullmatch(line.removesuffix(b"\n").removesuffix(b"\r"))
    return (int(match[1]), int(match[2])) if match else None


def check_claim(source: Source, count: int, dimensions: int, bytes_each: int) -> None:
    """Raise VectorsError for a header that the file cannot keep, before memory is taken for it.

    bytes_each: what one number needs at the least.
    """
    if count < 1 or dimensions < 1:
        raise source.error(f"the header says {count} words of {dimensions} numbers; both must be 1 or more", 1)
    if dimensions > MOST_DIMENSIONS:
        raise source.error(f"the header says {dimensions} dimensions; at most {MOST_DIMENSIONS} are read", 1)
    if count * (dimensions * bytes_each + 1) > source.size:
        least = count * (dimensions * bytes_each + 1)
        raise source.error(
            f"the header says {count} words of {dimensions} numbers, which need {least} bytes, not {source.size}", 1
        )


def read_headed(source: Source, limit: int | None, errors: str) -> VectorsFile:
    """Read word2vec or fastText text: a header, then a line a word."""
    first = header(source.line(1).removeprefix(BOM))
    if first is None:
        raise source.error("line 1 must hold two whole numbers, words and dimensions; try --format glove", 1)
    count, dimensions = first
    check_claim(source, count, dimensions, 2)
    wanted = min(count, limit or count)
    rows = Gathered(source, wanted, dimensions, errors)
    found = _read_rows(source, rows, dimensions, 2, wanted, stop=wanted < count)
    if found < wanted:
        raise source.error(f"the header says {count} words, the file has {found}; --limit {found} reads these", 1)
    return rows.done("word2vec-text")


def read_headless(source: Source, limit: int | None, errors: str) -> VectorsFile:
    """Read GloVe text: a line a word, the first one deciding how many dimensions there are."""
    first = source.line(1)
    start = len(BOM) if first.startswith(BOM) else 0
    first = first[start:]
    dimensions = _trailing_numbers(first)
    if not dimensions:
        raise source.error("neither a header (two whole numbers) nor a word and its numbers", 1)
    if dimensions > MOST_DIMENSIONS:
        raise source.error(f"{dimensions} numbers; at most {MOST_DIMENSIONS} are read", 1)
    source.stream.seek(0)
    lines = sum(block.count(b"\n") for block in iter(lambda: source.stream.read(1 << 20), b"")) + 1
    most = min(lines, limit or lines, source.size // (2 * dimensions + 1) + 1)
    rows = Gathered(source, most, dimensions, errors)
    source.stream.seek(start)
    _read_rows(source, rows, dimensions, 1, most, stop=limit is not None)
    if all(NUMBERISH.fullmatch(word.encode()) for word in rows.index):
        raise source.error("every line is only numbers: words are missing; put them first in each line")
    return rows.done("glove")


def _read_rows(source: Source, rows: Gathered, dimensions: int, first: int, most: int, stop: bool) -> int:
    """Read lines from number `first` on; return how many. stop: leave what follows the first `most` unread."""
    count, blank = 0, 0
    for number in range(first, 2**62):
        line = source.line(number)
        if not line:
            break
        if not line.strip(b" \t\r\n"):
            blank = blank or number
            continue
        if blank:
            raise source.error("an empty line between words; remove it", blank)
        if count == most:
            if stop:
                break
            raise source.error(
                f"more words than the {most} that the header says; --limit {most} reads only these", number
            )
        word, numbers = parse(source, line, dimensions, number)
        rows.add(word, numbers, number)
        count += 1
    return count


def parse(source: Source, line: bytes, dimensions: int, number: int) -> tuple[bytes, list[float]]:
    """Return the word and the numbers of a line. Raises VectorsError naming it."""
    line = line.removesuffix(b"\n").removesuffix(b"\r")
    fields = line.rsplit(None, dimensions)
    word = fields[0]
    tail = line[len(word) :]
    if len(fields) <= dimensions or tail.translate(None, DIGITS):
        raise _wrong(source, line, dimensions, number)
    if line[:1] in b" \t":
        raise source.error("the line begins with a space: its word is missing", number)
    if b" " in word or b"\t" in word:
        last = word.split()[-1]
        if NUMBERISH.fullmatch(last):
            raise source.error(
                f"{quoted(last.decode('ascii'))} before the last {dimensions} numbers: part of the word, "
                f"or a number too many? expected {dimensions}",
                number,
            )
    try:
        if len(tail) > dimensions * 32 and max(map(len, fields[1:])) > LONGEST_NUMBER:
            raise ValueError
        return word, list(map(float, fields[1:]))
    except ValueError:
        raise _wrong(source, line, dimensions, number) from None


def _wrong(source: Source, line: bytes, dimensions: int, number: int) -> Exception:
    """Return the error of a line that is not a word and its numbers: too few of them, or one that is none."""
    fields = line.split()[1:]
    bad = next((f for f in fields[-dimensions:] if not NUMBER.fullmatch(f) or len(f) > LONGEST_NUMBER), None)
    if bad is not None and len(fields) >= dimensions:
        return source.error(f"{quoted(bad.decode('utf-8', 'replace'))} is not a decimal number", number)
    if len(line.removesuffix(b"\r")) > LONGEST_WORD and len(fields) < dimensions:
        return source.error(f"a word longer than {LONGEST_WORD >> 10} kB, or numbers missing", number)
    return source.error(f"{min(len(fields), dimensions - 1)} numbers, expected {dimensions}", number)


def _trailing_numbers(line: bytes) -> int:
    """Return how many decimal numbers a line ends with, its first field never one of them."""
    count = 0
    for field in reversed(line.split()[1:]):
        if not NUMBER.fullmatch(field):
            break
        count += 1
    return count
