"""Words one or two letters away from others, found for thousands of words among a hundred thousand at once.

Two words at a distance of one share a form with at most one letter left out of each (Garbe 2012, symmetric deletion);
the forms are compared by their hashes, and what is found is measured by rapidfuzz.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

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
        self._low = np.uint64((1 << len(self.words).bit_length()) - 1)  # the bits that a word's number needs
        hashes, rows = shorter_forms(self.words, distance)
        self._keys = np.sort((hashes & ~self._low) | rows.astype(np.uint64))  # numbers are sorted with their hashes

    def near(self, asked: Sequence[str]) -> Pairs:
        """Return all pairs at most `distance` apart, not of equal words: number asked, number found, distance.

        Distances are those of optimal string alignment.
        """
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import cpdist

        hashes, rows = shorter_forms(asked, self.distance)
        low = np.searchsorted(self._keys, hashes & ~self._low, "left")
        count = np.searchsorted(self._keys, hashes | self._low, "right") - low
        total = int(count.sum())
        within = np.arange(total) - np.repeat(np.cumsum(count) - count, count)
        there = (self._keys[np.repeat(low, count) + within] & self._low).astype(np.int64)
        pairs = np.repeat(rows, count) * np.int64(len(self.words)) + there
        pairs = np.unique(pairs)
        query, found = pairs // max(len(self.words), 1), pairs % max(len(self.words), 1)
        if not len(pairs):
            return query, found, found
        asking, answering = [asked[i] for i in query.tolist()], [self.words[i] for i in found.tolist()]
        most = self.distance
        apart = cpdist(asking, answering, scorer=OSA.distance, score_cutoff=most, dtype=np.int16).astype(np.int64)
        kept = (apart <= most) & (apart > 0)
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
        forms = _forms(np.ascontiguousarray(codes.T, np.uint64), letters)
        hashes.append(forms.ravel())
        rows.append(np.tile(some, len(forms)))
    if not hashes:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    return np.concatenate(hashes), np.concatenate(rows)


def _forms(codes: NDArray[np.uint64], letters: int) -> NDArray[np.uint64]:
    """Return the hashes of the forms of words of one length. codes [length, words] -> [forms, words]

    A hash is the sum of its letters, each times the power of its place. What stands behind a letter that is left out
    moves by a place, so that sums of stretches of a word, as they stand and moved, are all it takes.
    """
    length = len(codes)
    mixed = (codes + np.uint64(1)) * FACTOR
    mixed ^= mixed >> np.uint64(29)
    moved = []
    for by in range(letters + 1):
        sums = np.zeros((length + 1, codes.shape[1]), np.uint64)
        np.cumsum(mixed[by:] * _powers(length - by)[:, None], axis=0, out=sums[by + 1 :])
        moved.append(sums)
    forms = []
    for count in range(min(letters, length) + 1):
        gone = np.array([*combinations(range(length), count)], np.int64)
        ends = np.insert(gone, count, length, axis=1)
        total = moved[0][ends[:, 0]]
        for by in range(1, count + 1):
            total += moved[by][ends[:, by]] - moved[by][gone[:, by - 1] + 1]
        forms.append(total)
    return np.concatenate(forms)


def _powers(length: int) -> NDArray[np.uint64]:
    """Return what the letters at each place of a word are multiplied by."""
    return np.array([pow(STEP, i, 1 << 64) for i in range(length)], np.uint64)
