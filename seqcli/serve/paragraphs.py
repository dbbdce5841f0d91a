"""A text that is being written, proofread a paragraph at a time: what did not change is not looked at again."""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from seqcli.fill.proofreading.marks import Mark
    from seqcli.fill.proofreading.proofreader import Proofreader
    from seqcli.fill.proofreading.settings import Proofreading

FENCE = re.compile(r"^[ \t]*(?:```|~~~)|\\(?:begin|end)\{")  # what a paragraph may end within
WORD = re.compile(r"\w[\w'’-]*")
RECURS = 3  # times in a text: such a word is the writer's own
KEPT = 4_096  # paragraphs whose marks are kept
SHORTEST = 2_000  # characters of a stretch, unless the text ends: short paragraphs are looked at together


class Found(NamedTuple):
    """A mark, and where its text begins and ends in the whole."""

    start: int
    end: int
    mark: Mark


def stretches(text: str) -> Iterator[tuple[int, int]]:
    """Yield where paragraphs begin and end, never inside of code: joined they are the text."""
    start = at = 0
    inside = 0
    for line in text.splitlines(keepends=True):
        at += len(line)
        for sign in FENCE.findall(line):
            inside = 1 - inside if "\\" not in sign else max(inside + (1 if "begin" in sign else -1), 0)
        if not line.strip() and not inside and at - start >= SHORTEST:
            yield start, at
            start = at
    if start < at:
        yield start, at


class Paragraphs:
    """Remembers what was said of paragraphs."""

    def __init__(self, proofreader: Proofreader, how: Proofreading) -> None:
        self._proofreader, self._how = proofreader, how
        self._kept: OrderedDict[tuple[str, str, frozenset[str]], list[Mark]] = OrderedDict()

    def marks(self, text: str, path: str, accepted: Collection[str]) -> list[Found]:
        """Return the marks of a text. path: tells its markup. accepted: words that are right, in lower case."""
        counts = Counter(word.lower() for word in WORD.findall(text))
        right = {word for word, count in counts.items() if count >= RECURS} | set(accepted)
        found = []
        for start, end in stretches(text):
            part = text[start:end]
            known = frozenset(word for word in map(str.lower, WORD.findall(part)) if word in right)
            for mark in self._of(part, path, known):
                low, high = reach(mark)
                found.append(Found(start + low, start + high, mark))
        return found

    def _of(self, part: str, path: str, known: frozenset[str]) -> list[Mark]:
        key = (path, part, known)
        if key not in self._kept:
            self._kept[key] = self._proofreader.marks(part, self._how, path, known)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


def reach(mark: Mark) -> tuple[int, int]:
    """Return what a mark is shown under, in characters of its text."""
    if mark.edit is None or mark.edit.start == mark.edit.end:
        return mark.offset, mark.offset + mark.length
    return mark.edit.start, mark.edit.end
