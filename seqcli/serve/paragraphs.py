"""A text that is being written, proofread a paragraph at a time: what did not change is not looked at again."""

from __future__ import annotations

import math
import re
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from seqcli.fill.proofreading.examination import Text

if TYPE_CHECKING:
    from seqcli.fill.proofreading.marks import Mark
    from seqcli.fill.proofreading.proofreader import Proofreader
    from seqcli.fill.proofreading.settings import Proofreading
    from seqcli.threads import Spare

Key = tuple[str, str, frozenset[str]]  # a path, a stretch, and which of its words are right

FENCE = re.compile(r"^[ \t]*(?:```|~~~)|\\(?:begin|end)\{")  # what a paragraph may end within
WORD = re.compile(r"\w[\w'’-]*")
RECURS = 3  # times in a text: such a word is the writer's own
KEPT = 4_096  # paragraphs whose marks are kept
TOGETHER = 3  # stretches at most that the network reads at once
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

    def __init__(self, proofreader: Proofreader, how: Proofreading, spare: Spare) -> None:
        """spare: the processors that are free: stretches are looked at side by side."""
        self._proofreader, self._how, self._spare = proofreader, how, spare
        self._kept: OrderedDict[Key, list[Mark]] = OrderedDict()
        proofreader.prepare(spare.count())

    def marks(self, text: str, path: str, accepted: Collection[str]) -> list[Found]:
        """Return the marks of a text. path: tells its markup. accepted: words that are right, in lower case."""
        counts = Counter(word.lower() for word in WORD.findall(text))
        right = {word for word, count in counts.items() if count >= RECURS} | set(accepted)
        parts, keys = [*stretches(text)], list[Key]()
        for start, end in parts:
            part = text[start:end]
            keys.append((path, part, frozenset(word for word in map(str.lower, WORD.findall(part)) if word in right)))
        self._look_at([key for key in dict.fromkeys(keys) if key not in self._kept])
        found = []
        for (start, _), key in zip(parts, keys, strict=True):
            for mark in self._kept[key]:
                low, high = reach(mark)
                found.append(Found(start + low, start + high, mark))
            self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return found

    def _look_at(self, keys: Sequence[Key]) -> None:
        """Look at stretches, some at a time; one alone computes in as many threads as are free."""
        texts = [Text(part, path, known) for path, part, known in keys]
        if len(texts) < 2:
            self._spare.fit_products()
            self._kept |= zip(keys, self._marks(texts), strict=True)
            return
        with self._spare.in_parallel() as workers, ThreadPoolExecutor(workers) as beside:
            count = min(math.ceil(len(texts) / workers), TOGETHER)
            parts = beside.map(self._marks, (texts[i : i + count] for i in range(0, len(texts), count)))
            self._kept |= zip(keys, chain.from_iterable(parts), strict=True)

    def _marks(self, texts: Sequence[Text]) -> list[list[Mark]]:
        return self._proofreader.marks_of_several(texts, self._how) if texts else []


def reach(mark: Mark) -> tuple[int, int]:
    """Return what a mark is shown under, in characters of its text."""
    if mark.edit is None or mark.edit.start == mark.edit.end:
        return mark.offset, mark.offset + mark.length
    return mark.edit.start, mark.edit.end
