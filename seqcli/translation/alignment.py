"""What the words of a translation looked at in the source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from seqcli.text.tokens import SPACE, shown
from seqcli.translation.lines import Looked, Translation, by_words


class Aligned(NamedTuple):
    """A word of a translation, and the source word that it looked at most; positions are counted from 1."""

    position: int
    word: str
    source_position: int
    source_word: str
    weight: float


def aligned(translation: Translation) -> Iterator[Aligned]:
    """Yield the words of a translation, each with the source word that it looked at most, and how much."""
    place = source_place = 0
    for looked in words_looked(translation):
        for word, weights in zip(looked.target, looked.weights, strict=True):
            place, best = place + 1, int(weights.argmax())
            source = shown(looked.source[best])
            yield Aligned(place, shown(word), source_place + best + 1, source, float(weights[best]))
        source_place += len(looked.source)


def words_looked(translation: Translation) -> list[Looked]:
    """Return what the words of a translation looked at, a part of the line at a time."""
    return [by_words(part, SPACE) for part in translation.looked]
