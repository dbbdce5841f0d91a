"""The passages that mean most nearly what a query says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqcli.vectors.search.passage_index import Entry
from seqcli.vectors.search.sentence_vectors import Floats, common_direction, without


class Match(NamedTuple):
    """A passage, and how alike it is to the query: a cosine."""

    path: str
    first: int
    last: int
    begin: int
    end: int
    similarity: float


def nearest(query: Floats, entries: Sequence[Entry], k: int, centred: bool = True) -> list[Match]:
    """Return the k passages nearest to a query [D], the nearest first; those of which nothing is known are left out.

    centred: what all passages share is taken out first.
    """
    vectors = np.concatenate([entry.vectors for entry in entries]) if entries else np.zeros((0, len(query)), np.float32)
    direction = common_direction(vectors) if centred else None
    alike = without(vectors, direction) @ without(query[None], direction)[0]
    known = np.flatnonzero(np.any(vectors, axis=1))
    order = known[np.argsort(-alike[known], kind="stable")][:k]
    ends = np.cumsum([len(entry.vectors) for entry in entries])
    found = []
    for place in order.tolist():
        at = int(np.searchsorted(ends, place, side="right"))
        entry = entries[at]
        first, last, begin, end = entry.places[place - (int(ends[at - 1]) if at else 0)].tolist()
        found.append(Match(entry.path, first, last, begin, end, float(alike[place])))
    return found
