"""Tokens that have several numbers, because not all of them fit into memory at a time: counted as one."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcli.text.interning import Interner
from seqcli.text.spool import PART, let_go, room

RANGE = 1 << 21  # tokens sorted at a time: some 150 MB
WRITTEN = 1 << 14  # counts written between two times that pages are let go of


def count_as_one(tokens: Interner, counts: NDArray[np.int64]) -> None:
    """Add the counts of every token's numbers up at its first; those of the others become 0. counts [tokens].

    Two tokens are one where two hashes, of 64 bits each, are the same: of a hundred million, different ones never are.
    They are sorted by hash, some at a time, which takes no more memory however many there are.
    """
    first, second = (tokens.hashes(room(len(tokens), np.uint64, tokens.folder), which) for which in (0, 1))
    ranges = -(-len(tokens) // RANGE)
    edges = [(number << 64) // ranges for number in range(ranges + 1)]
    for low, high in itertools.pairwise(edges):
        numbers, a, b, counted = _between(low, high - 1, first, second, counts)
        if not len(numbers):
            continue
        order = np.lexsort((b, a))  # equal ones stay in the order of their numbers
        a, b = a[order], b[order]
        begins = np.flatnonzero(np.append(True, (a[1:] != a[:-1]) | (b[1:] != b[:-1])))
        sums = np.add.reduceat(counted[order], begins)
        counted[:] = 0
        counted[order[begins]] = sums
        for start in range(0, len(numbers), WRITTEN):
            some = slice(start, start + WRITTEN)
            counts[numbers[some]] = counted[some]
            let_go(counts)


def _between(low: int, high: int, first: NDArray[np.uint64], *others: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Return which of the first hashes lie from low to high, and what stands there in all arrays."""
    found = []
    for start in range(0, len(first), PART):
        some = slice(start, start + PART)
        chosen = np.flatnonzero((first[some] >= np.uint64(low)) & (first[some] <= np.uint64(high)))
        found.append((chosen + start, *(array[some][chosen] for array in (first, *others))))
        let_go(first, *others)
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))
