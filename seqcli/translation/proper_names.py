"""Names: words that no source of the training had, copied where its pairs show that such words are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

from seqcli.text.vocabulary import Vocabulary
from seqcli.translation.pairs import Pairs

KINDS = ("inside", "inside-alike", "first", "first-alike")  # where in the sentence; alike: a word read begins so
_WORD = re.compile(r"[^\W\d_]{2,}")
_BEFORE = re.compile(r"[\w,;&'’-]")  # the end of what stands before a word inside a sentence
_BEGINNING = 4  # letters: a word that begins as one that was read may be a form of it
_SHOWN = 10  # words of a kind, at least, before it is copied


@dataclass(frozen=True)
class Names:
    """The words that were read, in lower case, and the kinds of other capitalised words that are copied."""

    read: Vocabulary
    copied: frozenset[str]

    def find(self, line: str) -> list[tuple[int, int]]:
        """Return the spans of a line that are names; words side by side are one."""
        found: list[tuple[int, int]] = []
        for match in _capitalised(line) if self.copied else ():
            word = match.group().lower()
            if word in self.read or _kind(match, word[:_BEGINNING] in self._beginnings) not in self.copied:
                continue
            start, end = match.span()
            if found and line[found[-1][1] : start] in (" ", "-"):
                start, _ = found.pop()
            found.append((start, end))
        return found

    @cached_property
    def _beginnings(self) -> Collection[str]:
        return frozenset(word[:_BEGINNING] for word in self.read.tokens)


def learn_names(pairs: Pairs) -> Names:
    """Return what becomes of names, by the words that one source alone has: they stand for those that none has.

    A kind of which most stand in the translation as they are is copied. The idea, that what is seen once tells of what
    is never seen, is Good's (1953).
    """
    counts = Counter(word.lower() for line in pairs.source for word in _WORD.findall(line))
    beginnings = Counter(word[:_BEGINNING] for word in counts)
    seen, same = Counter[str](), Counter[str]()
    for line, translation in zip(pairs.source, pairs.target, strict=True):
        for match in _capitalised(line):
            word = match.group()
            if counts[word.lower()] == 1:
                kind = _kind(match, beginnings[word.lower()[:_BEGINNING]] > 1)
                seen[kind] += 1
                same[kind] += word in translation
    copied = frozenset(kind for kind in KINDS if seen[kind] >= _SHOWN and 2 * same[kind] > seen[kind])
    return Names(Vocabulary(sorted(counts) if copied else []), copied)


def _capitalised(line: str) -> Iterator[re.Match[str]]:
    return (match for match in _WORD.finditer(line) if match.group()[0].isupper())


def _kind(match: re.Match[str], alike: bool) -> str:
    at = match.start()
    while at and match.string[at - 1].isspace():  # no copy of all that stands before it
        at -= 1
    inside = bool(at and _BEFORE.match(match.string[at - 1]))
    return KINDS[2 * (not inside) + alike]
