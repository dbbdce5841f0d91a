"""The best of many scores, as a vocabulary has: all of them are looked at, few are sorted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def highest(scores: NDArray[Any], count: int) -> NDArray[np.int64]:
    """Return the places of the highest of scores [N], best first, fewer where there are fewer; equal ones in order."""
    count = min(count, len(scores))
    if not count:
        return np.zeros(0, np.int64)
    least = np.partition(scores, len(scores) - count)[len(scores) - count]
    near = np.flatnonzero(scores >= least)
    return near[np.argsort(-scores[near], kind="stable")][:count]
