"""What must not be copied: the tokens that would repeat too long a stretch of a text."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, of mixed bits: the fractional part of the golden ratio


class Copies:
    """All stretches of `longest` tokens of a text, by a 64-bit hash: 12 bytes for each token of it."""

    def __init__(self, ids: NDArray[np.int32], longest: int) -> None:
        """longest: tokens, 1 or more, that may be as in the text one after another."""
        self.longest = longest
        count = max(len(ids) - longest, 0)
        hashes = np.zeros(count, np.uint64)
        for i in range(longest):
            hashes = (hashes + ids[i : i + count].astype(np.uint64) + np.uint64(1)) * FACTOR
            hashes ^= hashes >> np.uint64(29)
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._next = hashes[order], ids[longest:][order]

    def forbidden(self, text: list[int]) -> list[int]:
        """Return the tokens that would make the end of a text a copy of more than `longest` tokens."""
        if len(text) < self.longest:
            return []
        last = np.array(text[-self.longest :], np.uint64)
        value = np.zeros(1, np.uint64)
        for token in last:
            value = (value + token + np.uint64(1)) * FACTOR
            value ^= value >> np.uint64(29)
        low, high = np.searchsorted(self._hashes, value[0], "left"), np.searchsorted(self._hashes, value[0], "right")
        return [int(token) for token in np.unique(self._next[low:high])]
