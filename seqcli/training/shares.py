"""A batch in shares: every process takes as many rows of it, give or take one, and none ends before the others."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.int64]
NOTHING = np.zeros(0, np.int64)


class Shares(NamedTuple):
    """A batch of `rows` rows, every n-th of them from the first, the second ... on; fewer where there are fewer rows.

    targets: the tokens that the whole batch predicts, where the cost of one depends on which others occur.
    """

    rows: int
    batches: list[Any]
    targets: Array = NOTHING


def columns(batch: Any, count: int, targets: Array = NOTHING) -> Shares:
    """Return a batch in shares. batch: an array [T, B, ...] or tuples of such; its rows are columns.

    Neighbours, which are alike in length, go to different processes. targets: as in Shares, where below 0 is none.
    """
    first = batch
    while isinstance(first, tuple):
        first = first[0]
    rows = first.shape[1]
    parts = [_taken(batch, slice(number, None, count)) for number in range(min(count, rows))]
    return Shares(rows, parts, targets[targets >= 0])


def _taken(batch: Any, places: slice) -> Any:
    if isinstance(batch, tuple):
        return tuple(_taken(part, places) for part in batch)
    return np.ascontiguousarray(batch[:, places])
