"""Corrections as what they do to a text: a stretch of it, and what stands there instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from seqcli.fill.proofreading.candidates import Confusions
from seqcli.fill.proofreading.evidence import INSERTED, JOINED, REMOVED, REPLACED, SPLIT
from seqcli.fill.proofreading.lexicon import TITLE, case_of, in_case
from seqcli.fill.proofreading.reading import Reading
from seqcli.fill.proofreading.word_table import WordTable


class Edit(NamedTuple):
    """text[start:end] becomes `instead`."""

    start: int
    end: int
    instead: str


def edit_of(
    reading: Reading, table: WordTable, confusions: Confusions, site: int, kind: int, entry: int
) -> Edit | None:
    """Return what a candidate does to the text; None for one that suggests nothing."""
    token = reading.tokens[site]
    start, end = token.start, token.end
    written = table.written[int(table.number[site])]
    if kind == REPLACED:
        return Edit(start, end, confusions.surface(written, entry))
    if kind == SPLIT:
        return Edit(start, end, f"{written[:entry]} {written[entry:]}")
    if kind == JOINED:
        return Edit(start, reading.tokens[site + 1].end, confusions.surface(written, entry))
    if kind == REMOVED:
        return _removed(reading, site)
    if kind == INSERTED:
        return Edit(start, start, f"{confusions.lexicon.words[entry]} ")
    return None


def _removed(reading: Reading, site: int) -> Edit:
    """Return how a word is taken out, with the space before it, or behind it where the line begins with it."""
    token, text = reading.tokens[site], reading.text
    start, end = token.start, token.end
    if start and text[start - 1] in " \t":
        return Edit(start - 1, end, "")
    if end < len(text) and text[end] in " \t":
        following = text[end + 1 : end + 2]
        if case_of(text[start:end]) == TITLE and following:
            return Edit(start, end + 2, in_case(following, TITLE))
        return Edit(start, end + 1, "")
    return Edit(start, end, "")


def applied(text: str, edits: Iterable[Edit]) -> str:
    """Return a text with edits made; one that overlaps an earlier one is left out."""
    parts, at = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < at:
            continue
        parts += [text[at : edit.start], edit.instead]
        at = edit.end
    return "".join([*parts, text[at:]])


def is_same(text: str, one: Edit, other: Edit) -> bool:
    """Return whether two edits make the same text."""
    low, high = min(one.start, other.start), max(one.end, other.end)
    if high - low > len(one.instead) + len(other.instead) + (one.end - one.start) + (other.end - other.start) + 2:
        return False
    made = (text[low : edit.start] + edit.instead + text[edit.end : high] for edit in (one, other))
    return next(made) == next(made)
