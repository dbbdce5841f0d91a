"""A batch in shares: every process takes as many rows of it, give or take one, and none ends before the others."""

from __future__ import annotations

from typing import Any

import numpy as np


def columns(batch: Any, count: int) -> tuple[int, list[Any]]:
    """Return how many rows a batch has, and its shares: every `count`-th row from the first, the second ... on.

    batch: an array [T, B, ...] or tuples of such; its rows are columns. Neighbours, which are alike in length, go to
    different processes. A batch of fewer rows has fewer shares, of one row each.
    """
    first = batch
    while isinstance(first, tuple):
        first = first[0]
    rows = first.shape[1]
    return rows, [_taken(batch, slice(number, None, count)) for number in range(min(count, rows))]


def _taken(batch: Any, places: slice) -> Any:
    if isinstance(batch, tuple):
        return tuple(_taken(part, places) for part in batch)
    return np.ascontiguousarray(batch[:, places])
