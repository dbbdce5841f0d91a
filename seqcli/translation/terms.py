"""Words whose translation is given: those of a glossary, those to be left as they are, and where they stand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from seqcli.text.names import Names
from seqcli.text.rules import KINDS
from seqcli.text.sides import Side
from seqcli.text.tokens import JOINER, SPACE, pieces_of
from seqcli.translation.requests import Constraint, Request

KEPT = re.compile(r"\{\{(.+?)\}\}|(?:https?://|www\.)\S*\w|[\w.+-]+@[\w-]+\.[\w.-]*\w|\d[\d.,:/]*\d|\d")
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")


@dataclass(frozen=True)
class Terms:
    """What is asked of translations: terms with their translations, what to leave as it is, unknown words to copy."""

    glossary: tuple[tuple[str, str], ...] = ()
    keep: bool = False  # numbers, addresses, and what stands in {{ }}
    copy: bool = False  # names that were never read; and an unknown token is the source token that it looked at

    def find(self, line: str, names: Names) -> tuple[str, list[tuple[int, int, str]]]:
        """Return a line without its marks, and the spans (start, end, translation) that are given, none overlapping."""
        spans: list[tuple[int, int, str]] = []
        if self.keep:
            line, spans = _kept(line)
        wanted = [
            (*match.span(), translation)
            for term, translation in sorted(self.glossary, key=lambda pair: -len(pair[0]))
            for match in re.finditer(_bounded(term), line)
        ]
        if self.copy:
            wanted += [(start, end, line[start:end]) for start, end in names.find(line)]
        for low, high, translation in wanted:
            if all(high <= start or low >= end for start, end, _ in spans):
                spans.append((low, high, translation))
        return line, sorted(spans)


def request_of(
    line: str,
    tokens: Sequence[str],
    unknown: bool,
    spans: Sequence[tuple[int, int, str]],
    target: Side,
) -> Request:
    """Return what is asked of the translation of a line of these tokens; every one that is given has a word in it.

    unknown: a token of the line is not known, and is to be copied.
    """
    if not spans:
        return Request(unknown=unknown)
    places = token_places(line, tokens)
    constraints = []
    for start, end, translation in spans:
        inside = frozenset(i for i, (low, high) in enumerate(places) if low < end and high > start)
        constraints.append(Constraint(inside, tuple(target.vocabulary.encode(target.tokens(translation)))))
    return Request(tuple(constraints), unknown, target.inner)


def token_places(line: str, tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Return where each token stands in its line; tokens that are bytes share their character's place."""
    found: list[tuple[int, int]] = []
    letters: list[int] = []
    end = 0
    for piece in pieces_of(line):
        start = line.index(piece, end)
        end = start + len(piece)
        letters += range(start, end)
    at = 0
    for token in tokens:
        size = 0 if _BYTE.fullmatch(token) else len(token.replace(SPACE, "").replace(JOINER, ""))
        first, last = min(at, len(letters) - 1), min(at + max(size, 1), len(letters)) - 1
        found.append((letters[first], letters[max(last, first)] + 1))
        at += size
    return found


def _kept(line: str) -> tuple[str, list[tuple[int, int, str]]]:
    """Return a line without its braces, and what is to be kept of it."""
    text, spans, at = "", [], 0
    for match in KEPT.finditer(line):
        word = match.group(1) or match.group()
        text += line[at : match.start()]
        spans.append((len(text), len(text) + len(word), word))
        text, at = text + word, match.end()
    return text + line[at:], spans


def _bounded(term: str) -> str:
    """Return the pattern of a term as a word: not inside a longer one, where its script has spaces."""
    before, after = (r"(?<!\w)", r"(?!\w)") if not any(KINDS[ord(c)] in "hkK" for c in term) else ("", "")
    return before + re.escape(term) + after
