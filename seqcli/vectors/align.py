"""Two tables over the same words: one turned onto the other, and where a word's meaning moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import ModelError
from seqcli.vectors.table import Table

Floats = NDArray[np.float32]

ANCHORS = 20_000  # commonest shared words that decide the turn: the rest are too rare to be sure of


class Moved(NamedTuple):
    """A word in two tables: its similarity to itself after the turn, and how its nearest words differ.

    overlap: share of the nearest words that are the same in both.
    """

    word: str
    similarity: float
    overlap: float
    first: list[str]
    second: list[str]


def shared_words(first: Table, second: Table) -> list[str]:
    """Return the words of both tables, in the order of the first."""
    return [word for word in first.words if word in second.rows]


def compare(first: Table, second: Table, words: Sequence[str], k: int) -> list[Moved]:
    """Return how words, known to both tables, differ; nearest words are sought among the shared ones only.

    Raises ModelError where the tables share too few words to be laid one over the other.
    """
    shared = shared_words(first, second)
    if len(shared) < 2:
        raise ModelError(
            "The two models share fewer than two words, so nothing can be compared; use models of one language."
        )
    rows = [np.array([table.rows[word] for word in shared], np.int64) for table in (first, second)]
    units = [table.matrix[at] / table.lengths[at, None] for table, at in zip((first, second), rows, strict=True)]
    turn = procrustes(units[0][:ANCHORS], units[1][:ANCHORS])
    place = {word: at for at, word in enumerate(shared)}
    similarities = np.array([float(units[0][place[w]] @ turn @ units[1][place[w]]) for w in words])
    near = [
        [[table.words[n.row] for n in found] for found in table.neighbors(words, k, at)]
        for table, at in zip((first, second), rows, strict=True)
    ]
    return [
        Moved(word, float(similarity), len(set(a) & set(b)) / max(len(a), 1), a, b)
        for word, similarity, a, b in zip(words, similarities, *near, strict=True)
    ]


def most_moved(first: Table, second: Table, count: int, among: int, wanted: Callable[[str], bool] = bool) -> list[str]:
    """Return the wanted words, out of the `among` commonest shared ones, least similar to themselves after the turn."""
    shared = shared_words(first, second)[:ANCHORS]
    rows = [[table.rows[word] for word in shared] for table in (first, second)]
    units = [table.matrix[at] / table.lengths[at, None] for table, at in zip((first, second), rows, strict=True)]
    if not shared:
        return []
    similarities = ((units[0] @ procrustes(units[0], units[1])) * units[1]).sum(axis=1)[:among]
    ranked = (shared[at] for at in np.argsort(similarities, kind="stable"))
    return list(islice(filter(wanted, ranked), count))


def procrustes(first: Floats, second: Floats) -> Floats:
    """Return the turn R [D1, D2] with which first @ R lies nearest to second; both [N, D]. Source: Schönemann 1966."""
    left, _, right = np.linalg.svd(first.astype(np.float64).T @ second.astype(np.float64), full_matrices=False)
    turn: Floats = (left @ right).astype(np.float32)
    return turn
