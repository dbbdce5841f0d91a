"""Long lines cut where sentences end, and put together again."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

from seqcli.text.character_kinds import KINDS
from seqcli.text.tokens import ABBREVIATIONS

# Of a sentence, with what follows it. No run of marks is looked at twice, or a line of dots would cost its square.
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+\s+|[。！？]++[」』）]*+\s*+")
_WORD = re.compile(r"(?<=[\s、，；：])(?=[^\s、，；：])")  # where a sentence is cut if it must be
_SHORT = 8  # letters: longer than every abbreviation
ROUGH = 2  # times a length that a sentence may have before it is cut without an end in it
Span = tuple[int, int]


def sentences_of(text: str) -> list[Span]:
    """Return where the sentences of a text stand; a dot behind Mr. and its kin, or behind one capital, ends none."""
    found, start = [], 0
    for match in _END.finditer(text):
        word = text[max(start, match.start() - _SHORT) : match.start()].rsplit(maxsplit=1)[-1:]
        short = match.group().strip() == "." and word and (word[0].lower() in ABBREVIATIONS or _is_initial(word[0]))
        if not short:
            found.append((start, match.end()))
            start = match.end()
    return [span for span in [*found, (start, len(text))] if text[slice(*span)].strip()]


def cut(text: str, length: Callable[[str], int], most: int, whole: Sequence[Span] = ()) -> list[Span]:
    """Return where a text is cut into parts of about `most`, by `length`: whole sentences, as many as fit together.

    A sentence much longer than that is cut between its words, a word much longer than that between its letters; no part
    is longer than ROUGH * most, unless what is to stay whole is. whole: spans in order, none overlapping.
    """
    if length(text) <= most:
        return [(0, len(text))]
    cutting = _Cutting(text, length, most, whole)
    parts: list[Span] = []
    for low, high in (part for sentence in sentences_of(text) for part in cutting.parts(sentence)):
        start = parts[-1][0] if parts else low
        if parts and (length(text[start:high]) <= most or cutting.is_whole(low)):
            parts[-1] = (start, high)
        else:
            parts.append((low, high))
    return parts


class _Cutting:
    """Places where a text may be cut inside its sentences."""

    def __init__(self, text: str, length: Callable[[str], int], most: int, whole: Sequence[Span]) -> None:
        self._text, self._length, self._most = text, length, most
        self._words = [match.start() for match in _WORD.finditer(text)]
        self._whole = whole
        self._ends = [end for _, end in whole]

    def is_whole(self, place: int) -> bool:
        """Return whether a place is inside of what is to stay whole."""
        i = bisect_left(self._ends, place + 1)
        return i < len(self._whole) and self._whole[i][0] < place

    def parts(self, span: Span) -> Iterator[Span]:
        """Yield the parts of a sentence, of about the same number of letters, those without a word left out."""
        low, high = span
        size = self._length(self._text[low:high])
        count = -(-size // self._most)
        apart = (high - low) / count
        inside = {self._near(round(low + i * apart), apart / 2) for i in range(1, count)}
        places = sorted(place for place in inside if low < place < high)
        if size <= ROUGH * self._most or not places:
            yield span
            return
        for part in zip([low, *places], [*places, high], strict=True):
            if self._text[slice(*part)].strip():
                yield from self.parts(part)

    def _near(self, place: int, reach: float) -> int:
        """Return the beginning of a word that is near a place, or else the place, behind what is to stay whole."""
        i = bisect_left(self._words, place)
        near = [word for word in self._words[max(i - 1, 0) : i + 1] if abs(word - place) <= reach]
        best = min(near, key=lambda word: abs(word - place), default=place)
        return self._ends[bisect_left(self._ends, best + 1)] if self.is_whole(best) else best


def joined(parts: Sequence[str]) -> str:
    """Return parts as one text: with a space between them, but not where Japanese or Chinese meets."""
    text: list[str] = []
    for part in filter(None, parts):
        if text and not (_spaceless(text[-1][-1]) and _spaceless(part[0])):
            text.append(" ")
        text.append(part)
    return "".join(text)


def _is_initial(word: str) -> bool:
    return len(word) == 1 and word.isupper()


def _spaceless(character: str) -> bool:
    return KINDS[ord(character)] in "hkK" or "\u3000" <= character <= "\u303f" or "\uff00" <= character <= "\uff65"
