"""The passages of texts: lines, paragraphs or parts of them, each with the lines that it stands in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from seqcli.text.sentences import cut, sentences_of

UNITS = ("auto", "line", "paragraph", "sentence")
BLANK = 0.02  # share of blank lines from which they part paragraphs
LONG = 80  # words, of about a paragraph, beyond which a passage speaks of several things: it is cut between sentences


class Passage(NamedTuple):
    """A piece of a text: its first and last line, from 1, and where it begins and ends in what those lines say."""

    first: int
    last: int
    begin: int
    end: int
    text: str


def passages_of(lines: Sequence[str], unit: str) -> list[Passage]:
    """Return the passages of a text that have words.

    unit: auto takes paragraphs where blank lines part any, else lines, and cuts those that are long between sentences.
    """
    found: Iterable[Passage] = _paragraphs(lines) if _has_paragraphs(lines, unit) else _lines(lines)
    if unit == "sentence":
        found = (part for one in found for part in _parts(one, sentences_of(one.text)))
    elif unit == "auto":
        found = (part for one in found for part in _parts(one, cut(one.text, _size, LONG)))
    return [passage for passage in found if any(map(str.isalnum, passage.text))]


def _has_paragraphs(lines: Sequence[str], unit: str) -> bool:
    if unit in ("auto", "sentence"):
        return sum(not line.strip() for line in lines) > BLANK * len(lines)
    return unit == "paragraph"


def said_in(lines: Sequence[str], first: int, last: int) -> str:
    """Return what some lines say, from the first to the last, counted from 1: what begin and end are places in."""
    return " ".join(line.strip() for line in lines[first - 1 : last])


def _lines(lines: Sequence[str]) -> Iterator[Passage]:
    for number in range(1, len(lines) + 1):
        yield _whole(lines, number, number)


def _paragraphs(lines: Sequence[str]) -> Iterator[Passage]:
    size = 0
    for number, line in enumerate([*lines, ""], 1):
        if line.strip():
            size += 1
        elif size:
            yield _whole(lines, number - size, number - 1)
            size = 0


def _whole(lines: Sequence[str], first: int, last: int) -> Passage:
    text = said_in(lines, first, last)
    return Passage(first, last, 0, len(text), text)


def _parts(passage: Passage, spans: Iterable[tuple[int, int]]) -> Iterator[Passage]:
    """Yield what a passage is cut into."""
    for begin, end in spans:
        yield passage._replace(begin=begin, end=end, text=passage.text[begin:end].strip())


def _size(text: str) -> int:
    """Return about how many words a text has; in Japanese and its like, two characters are one."""
    wide = sum(letter > "\u2e7f" for letter in text)
    return len(text.split()) + wide // 2
