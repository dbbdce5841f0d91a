"""How usual the letters of a word are in a language, by the words that are known: three of them at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BEGIN, END = "\x02\x02", "\x03"  # stand around every word
SMOOTHING = 0.2  # words that have a triple which none has
WIDTH = 21  # bits of a character


class LetterOdds:
    """Counts of three letters in a row, and of two, over distinct words."""

    def __init__(self, words: Sequence[str]) -> None:
        codes = _codes("".join(f"{BEGIN}{word}{END}" for word in words))
        triples = _triples(codes)
        inside = (codes[1:-1] != ord(END)) & (codes[:-2] != ord(END))
        self._triples, self._counts = np.unique(triples[inside], return_counts=True)
        self._pairs, first = np.unique(self._triples >> WIDTH, return_index=True)
        self._totals = np.add.reduceat(self._counts, first) if len(first) else first
        self._letters = max(len(np.unique(codes)), 2)

    def surprise(self, word: str) -> float:
        """Return the mean surprisal of a word's letters and of its end, in nats."""
        triples = _triples(_codes(f"{BEGIN}{word}{END}"))
        seen = _counts(self._triples, self._counts, triples) + SMOOTHING
        total = _counts(self._pairs, self._totals, triples >> WIDTH) + SMOOTHING * self._letters
        return float(np.log(total / seen).mean())


def _codes(text: str) -> NDArray[np.int64]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)


def _triples(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    return (codes[:-2] << 2 * WIDTH) | (codes[1:-1] << WIDTH) | codes[2:]


def _counts(keys: NDArray[np.int64], counts: NDArray[np.int64], asked: NDArray[np.int64]) -> NDArray[np.float64]:
    if not len(keys):
        return np.zeros(len(asked))
    places = np.searchsorted(keys, asked).clip(max=len(keys) - 1)
    return np.where(keys[places] == asked, counts[places], 0).astype(np.float64)
