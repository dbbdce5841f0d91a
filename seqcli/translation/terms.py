"""Words whose translation is given: those of a glossary, those to be left as they are, and where they stand."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass

from seqcli.errors import CorpusError, quoted
from seqcli.text.character_kinds import KINDS
from seqcli.text.tokens import JOINER, SPACE, pieces_of
from seqcli.text.vocabulary import SPECIALS
from seqcli.translation.proper_names import Names
from seqcli.translation.requests import Constraint, Request
from seqcli.translation.sides import Side

KEPT = re.compile(  # no run is looked at twice: a line costs its length, whatever stands in it
    r"\{\{((?:(?!\{\{|\}\}).)+)\}\}"
    r"|(?:https?://|www\.)\S*\w"
    r"|(?<![\w.+-])[\w.+-]++@[\w-]++\.[\w.-]*\w"
    r"|\d[\d.,:/]*\d|\d"
)
READ = 64  # letters of what is given as it stands in the line that the model reads and weighs: enough to place it
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
Given = tuple[int, int, str]  # where a stretch of a line begins and ends, and what its translation is


@dataclass(frozen=True)
class Terms:
    """What is asked of translations: terms with their translations, what to leave as it is, unknown words to copy."""

    glossary: tuple[tuple[str, str], ...] = ()
    keep: bool = False  # numbers, addresses, and what stands in {{ }}
    copy: bool = False  # names that were never read; and an unknown token is the source token that it looked at

    def find(self, line: str, names: Names) -> tuple[str, list[Given]]:
        """Return a line without its marks, and the spans (start, end, translation) that are given, none overlapping.

        Of a long stretch that is given as it stands the line that is returned has the beginning only.
        """
        spans: list[Given] = []
        if self.keep:
            line, spans = _kept(line)
        wanted = [
            (*match.span(), translation)
            for term, translation in sorted(self.glossary, key=lambda pair: -len(pair[0]))
            for match in re.finditer(_bounded(term), line)
        ]
        if self.copy:
            wanted += [(start, end, line[start:end]) for start, end in names.find(line)]
        for one in wanted:
            i = bisect_left(spans, one)
            if all(one[1] <= start or one[0] >= end for start, end, _ in spans[max(i - 1, 0) : i + 1]):
                insort(spans, one)
        return _begun(line, spans)


def request_of(
    line: str,
    tokens: Sequence[str],
    unknown: bool,
    spans: Sequence[Given],
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
        written = line[start:end] if is_begun(line[start:end], translation) else translation
        constraints.append(Constraint(inside, tuple(target.vocabulary.encode(target.tokens(written)))))
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


def is_begun(read: str, translation: str) -> bool:
    """Return whether a stretch of a line is only the beginning of the long translation that is given for it."""
    return len(read) < len(translation) > READ and translation.startswith(read)


def _begun(line: str, spans: Sequence[Given]) -> tuple[str, list[Given]]:
    """Return a line that has only the beginning of a long stretch that is given as it stands, and its spans."""
    parts: list[str] = []
    found: list[Given] = []
    at = size = 0
    for start, end, translation in spans:
        stretch = line[start:end]
        read = stretch[:READ].rstrip() if len(stretch) > READ and stretch == translation else stretch
        parts += line[at:start], read
        size += start - at
        found.append((size, size + len(read), translation))
        size, at = size + len(read), end
    return "".join([*parts, line[at:]]), found


def _kept(line: str) -> tuple[str, list[Given]]:
    """Return a line without its braces, and what is to be kept of it."""
    parts: list[str] = []
    spans: list[Given] = []
    at = size = 0
    for match in KEPT.finditer(line):
        word = match.group(1) or match.group()
        parts += line[at : match.start()], word
        size += match.start() - at
        spans.append((size, size + len(word), word))
        size, at = size + len(word), match.end()
    return "".join([*parts, line[at:]]), spans


def _bounded(term: str) -> str:
    """Return the pattern of a term as a word: not inside a longer one, where its script has spaces."""
    before, after = (r"(?<!\w)", r"(?!\w)") if not any(KINDS[ord(c)] in "hkK" for c in term) else ("", "")
    return before + re.escape(term) + after


def terms_of(glossary: str | None, keep: bool, copy: bool) -> Terms:
    """Return what translations must contain, as asked. Raises CorpusError for a glossary that is none."""
    from seqcli.translation.pairs import read_pairs

    pairs = read_pairs((glossary,)) if glossary is not None else None
    found = list(zip(pairs.source, pairs.target, strict=True)) if pairs else []
    for term, translation in found:
        if odd := next((mark for mark in SPECIALS if mark in translation), None):
            raise CorpusError(f"{quoted(glossary)} translates {quoted(term)} with {odd}, which is no word; mend it.")
    return Terms(tuple((term.strip(), translation.strip()) for term, translation in found), keep, copy)
