"""Words one or two letters away from others, found for thousands of words among a hundred thousand at once.

Two words at a distance of one share a form with at most one letter left out of each (Garbe 2012, symmetric deletion);
the forms are compared by their hashes, and what is found is measured by rapidfuzz.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, its bits mixed: the golden ratio's
STEP = 0xD6E8FEB86659FD93  # odd, as a power of it stands for each place
LONGEST = 32  # letters: longer words have no neighbours that anybody meant
Pairs = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


class NearWords:
    """The words that others are compared with, by the hashes of their shorter forms."""

    def __init__(self, words: Sequence[str], distance: int) -> None:
        """distance: 1 or 2 letters put in, left out, changed, or neighbours swapped."""
        self.words, self.distance = list(words), distance
        hashes, rows = shorter_forms(self.words, distance)
        order = np.argsort(hashes)  # equal ones in any order: pairs are sorted when they are found
        self._hashes, self._rows = hashes[order], rows[order]

    def near(self, asked: Sequence[str]) -> Pairs:
        """Return all pairs at most `distance` apart, not of equal words: number asked, number found, distance.

        Distances are those of optimal string alignment.
        """
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import cpdist

        hashes, rows = shorter_forms(asked, self.distance)
        low = np.searchsorted(self._hashes, hashes, "left")
        count = np.searchsorted(self._hashes, hashes, "right") - low
        total = int(count.sum())
        within = np.arange(total) - np.repeat(np.cumsum(count) - count, count)
        pairs = np.repeat(rows, count) * np.int64(len(self.words)) + self._rows[np.repeat(low, count) + within]
        pairs = np.unique(pairs)
        query, found = pairs // max(len(self.words), 1), pairs % max(len(self.words), 1)
        if not len(pairs):
            return query, found, found
        here = [asked[i] for i in query.tolist()]
        there = [self.words[i] for i in found.tolist()]
        apart = cpdist(here, there, scorer=OSA.distance, score_cutoff=self.distance, dtype=np.int16).astype(np.int64)
        kept = (apart <= self.distance) & (apart > 0)
        return query[kept], found[kept], apart[kept]


def shorter_forms(words: Sequence[str], letters: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the hash of each word, and of each form with up to `letters` of its letters left out, with its number.

    Forms are told apart by their letters and places alone, so that those of different words meet.
    """
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    hashes: list[NDArray[np.uint64]] = []
    rows: list[NDArray[np.int64]] = []
    for length in np.unique(lengths[(lengths > 0) & (lengths <= LONGEST)]).tolist():
        some = np.flatnonzero(lengths == length)
        text = "".join([words[i] for i in some.tolist()])
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).reshape(-1, length)
        forms = _forms(codes.astype(np.uint64), letters)
        hashes.append(forms.ravel())
        rows.append(np.repeat(some, forms.shape[1]))
    if not hashes:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    return np.concatenate(hashes), np.concatenate(rows)


def _forms(codes: NDArray[np.uint64], letters: int) -> NDArray[np.uint64]:
    """Return the hashes of the forms of words of one length. codes [words, length] -> [words, forms]"""
    length = codes.shape[1]
    mixed = (codes + np.uint64(1)) * FACTOR
    mixed ^= mixed >> np.uint64(29)
    powers = _powers(length)
    forms = [(mixed * powers).sum(axis=1, dtype=np.uint64)[:, None]]
    kept = [_left_out(length, count) for count in range(1, min(letters, length) + 1)]
    for places in (place for some in kept for place in some):
        forms.append((mixed[:, places] * powers[: len(places)]).sum(axis=1, dtype=np.uint64)[:, None])
    return np.concatenate(forms, axis=1)


def _left_out(length: int, count: int) -> list[list[int]]:
    from itertools import combinations

    return [[i for i in range(length) if i not in gone] for gone in map(set, combinations(range(length), count))]


def _powers(length: int) -> NDArray[np.uint64]:
    """Return what the letters at each place of a word are multiplied by."""
    return np.array([pow(STEP, i, 1 << 64) for i in range(length)], np.uint64)
