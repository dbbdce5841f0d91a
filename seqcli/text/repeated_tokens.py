"""Tokens that have several numbers, because not all of them fit into memory at a time: counted as one."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from seqcli.text.interning import Interner
from seqcli.text.spool import PART, let_go, room

RANGE = 1 << 21  # tokens sorted at a time: some 100 MB


def count_as_one(tokens: Interner, counts: NDArray[np.int64]) -> None:
    """Add the counts of every token's numbers up at its first; those of the others become 0. counts [tokens].

    Two tokens are one where two hashes, of 64 bits each, are the same: of a hundred million, different ones never are.
    They are sorted by hash, some at a time, which takes no more memory however many there are.
    """
    first, second = (tokens.hashes(room(len(tokens), np.uint64, tokens.folder), which) for which in (0, 1))
    ranges = -(-len(tokens) // RANGE)
    edges = [(number << 64) // ranges for number in range(ranges + 1)]
    for low, high in itertools.pairwise(edges):
        numbers = _between(first, low, high - 1)
        order = np.lexsort((second[numbers], first[numbers]))  # equal ones stay in the order of their numbers
        numbers = numbers[order]
        a, b = first[numbers], second[numbers]
        begins = np.flatnonzero(np.append(True, (a[1:] != a[:-1]) | (b[1:] != b[:-1]))[: len(numbers)])
        sums = np.add.reduceat(counts[numbers], begins) if len(numbers) else np.zeros(0, np.int64)
        counts[numbers] = 0
        counts[numbers[begins]] = sums
        for array in (first, second, counts):
            let_go(array)


def _between(hashes: NDArray[np.uint64], low: int, high: int) -> NDArray[np.int64]:
    """Return which hashes lie from low to high."""
    found = []
    for start in range(0, len(hashes), PART):
        some = hashes[start : start + PART]
        found.append(np.flatnonzero((some >= np.uint64(low)) & (some <= np.uint64(high))) + start)
        let_go(hashes)
    return np.concatenate(found)
