"""Marks: where a text has an error, how surely, of which kind, and what was meant."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from seqcli.fill.proofreading.candidates import Confusions
from seqcli.fill.proofreading.closed_class import ARTICLES, PREPOSITIONS
from seqcli.fill.proofreading.decision import TRY, Doubles, Judged
from seqcli.fill.proofreading.edits import Edit, edit_of
from seqcli.fill.proofreading.evidence import FEATURES, INSERTED, JOINED, REMOVED, SPLIT, UNSUGGESTED
from seqcli.fill.proofreading.examination import Examined
from seqcli.fill.proofreading.markup import lines_of

LIKELY_ENOUGH = 0.01  # of the likeliest suggestion's probability: what is less is not suggested
KINDS = {  # what a mark says is wrong, in a few words
    "spelling": "not a word known here",
    "word": "another word fits better",
    "form": "another form of the word fits better",
    "article": "article",
    "preposition": "preposition",
    "missing": "a word is missing",
    "doubled": "the word stands twice",
    "extra": "a word too many",
    "joined": "two words written as one",
    "split": "one word written as two",
    "case": "capital or small letter",
}


class Suggestion(NamedTuple):
    """What may have been meant: the text that is to stand there, and its probability."""

    text: str
    probability: float


class Mark(NamedTuple):
    """A place that does not fit. offset, length: characters of the text; line, column: from 1, in characters.

    word: what stands there, the next word where one is missing. probability: that it is an error at all, calibrated on
    held-out text. edit: what the first suggestion does to the text; None where there is none.
    """

    offset: int
    length: int
    line: int
    column: int
    word: str
    kind: str
    probability: float
    suggestions: tuple[Suggestion, ...]
    edit: Edit | None

    @property
    def message(self) -> str:
        """What is wrong, and what was meant, in a line."""
        what = f"'{self.word}': {KINDS[self.kind]}"
        some = ", ".join(one.text or "(nothing)" for one in self.suggestions)
        return f"{what}{'; did you mean ' + some + '?' if some else ''} ({self.probability:.0%})"


class Places:
    """The lines of a text, asked for the line and column of an offset."""

    def __init__(self, text: str) -> None:
        self._begins = list(lines_of(text))

    def of(self, offset: int) -> tuple[int, int]:
        """Return line and column, both from 1."""
        line = bisect_right(self._begins, offset)
        return line, offset - self._begins[line - 1] + 1


def marks_of(
    examined: Examined, confusions: Confusions, judged: Judged, shown: Doubles, threshold: float, most: int
) -> Iterator[Mark]:
    """Yield the marks of a text, in order; none overlaps the one before.

    judged: under the usual share of errors, which the threshold is of. shown [S]: the probabilities of errors in this
    very text. most: suggestions of a mark.
    """
    sites, reading = examined.sites, examined.reading
    places = Places(reading.text)
    waiting: Mark | None = None
    for number in np.flatnonzero(judged.errors >= threshold).tolist():
        rows = range(int(sites.first[number]), int(sites.first[number + 1]))
        mark = _mark(examined, confusions, judged, float(shown[number]), rows, places, most)
        if waiting is not None and not _compete(waiting, mark, reading.text):
            yield waiting
        elif waiting is not None and mark.kind != "doubled" and waiting.probability >= mark.probability:
            continue
        waiting = mark
    if waiting is not None:
        yield waiting


def _compete(one: Mark, other: Mark, text: str) -> bool:
    """Return whether two marks say what is wrong with the same place: they overlap, or stand side by side.

    Beside a word that is wrong, the sentence is odd enough to make one too many or too few likely.
    """
    end = one.offset + one.length
    weaker = min(one, other, key=lambda mark: mark.probability)
    beside = not any(map(str.isalnum, text[end : other.offset]))
    twice = other.kind == "doubled" != one.kind and one.word.lower() == other.word.lower()
    return other.offset < end or (beside and (twice or weaker.kind in ("missing", "extra")))


def _mark(
    examined: Examined,
    confusions: Confusions,
    judged: Judged,
    probability: float,
    rows: range,
    places: Places,
    most: int,
) -> Mark:
    """Return the mark of a place: its kind, and its reach, are those of the likeliest candidate."""
    evidence, reading, table = examined.evidence, examined.reading, examined.table
    shares = judged.candidates[rows.start : rows.stop].copy()
    total = float(shares.sum())
    shares[evidence.kinds[rows.start : rows.stop] == UNSUGGESTED] *= TRY
    order = [rows.start + i for i in np.argsort(-shares, kind="stable").tolist()]
    site = int(evidence.sites[rows.start])
    best = order[0]
    first: Edit | None = None
    suggestions: list[Suggestion] = []
    for row in order[: most + 1]:
        share = float(judged.candidates[row])
        edit = edit_of(reading, table, confusions, site, int(evidence.kinds[row]), int(evidence.entries[row]))
        same = edit is not None and (first is None or (edit.start, edit.end) == (first.start, first.end))
        if edit is None or not same or share < LIKELY_ENOUGH * judged.candidates[best] or len(suggestions) == most:
            continue
        first = first or edit
        text = "" if int(evidence.kinds[row]) == REMOVED else edit.instead.strip()
        suggestions.append(Suggestion(text, probability * share / total))
    token = reading.tokens[site]
    start, end = token.start, token.end
    if int(evidence.kinds[best]) == JOINED:
        end = reading.tokens[site + 1].end
    if int(evidence.kinds[best]) == UNSUGGESTED:
        first = None
        suggestions = suggestions[:0]
    line, column = places.of(start)
    kind = _kind(examined, confusions, best, site)
    return Mark(start, end - start, line, column, reading.text[start:end], kind, probability, tuple(suggestions), first)


def _kind(examined: Examined, confusions: Confusions, row: int, site: int) -> str:
    """Return what a candidate says is wrong."""
    evidence, table = examined.evidence, examined.table
    kind, number = int(evidence.kinds[row]), int(table.number[site])
    if kind in (JOINED, SPLIT):
        return {JOINED: "split", SPLIT: "joined"}[kind]
    written = table.written[number].lower()
    if kind == REMOVED:
        return "doubled" if evidence.features[row, _AT["doubled_change"]] else "extra"
    if kind == INSERTED:
        return "missing"
    if kind == UNSUGGESTED:
        return "spelling"
    if evidence.features[row, _AT["case"]]:
        return "case"
    if table.novel[number]:
        return "spelling"
    meant = confusions.lexicon.words[int(evidence.entries[row])].lower()
    if written in ARTICLES and meant in ARTICLES:
        return "article"
    if written in PREPOSITIONS and meant in PREPOSITIONS:
        return "preposition"
    return "form" if evidence.features[row, _AT["same_form"]] else "word"


_AT = {name: FEATURES.index(name) for name in ("doubled_change", "case", "same_form")}
