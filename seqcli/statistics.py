"""Two models on the same pieces of a text: how far apart they are, how surely, and how likely by chance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
RESAMPLES = 10_000  # the error of p itself is then below 0.005, of a small p far less
GROUPS = 2_000  # of neighbouring units drawn together: of a longer text more would only take longer
CHUNK = 1 << 22  # numbers drawn at a time
ROUNDING = 1e-9  # differences that are equal but for the last digits


class Difference(NamedTuple):
    """The cost of the first model less that of the second, per piece of text, with its 95 % confidence interval.

    p: the chance of a difference as large, either way, if it did not matter which model a unit came from.
    """

    units: int
    first: float
    second: float
    low: float
    high: float
    p: float
    first_better: float  # share of the units that cost the first model less

    @property
    def difference(self) -> float:
        """What the first costs more than the second."""
        return self.first - self.second


def compare(first: Reals, second: Reals, sizes: Reals, seed: int = 1) -> Difference:
    """Compare the costs of each unit under two models, both [U], per piece of text: units have sizes [U] of them.

    The interval comes from units drawn anew (paired bootstrap), p from swapping the models unit by unit. Units of a
    text with more than 2,000 are drawn and swapped in runs, which are more alike than those far apart.
    """
    units, total = len(first), float(sizes.sum())
    gaps, weights = _in_groups(first - second), _in_groups(sizes)
    random = np.random.default_rng(seed)
    found, spread, chance = float(gaps.sum()), [], 0
    rows = max(CHUNK // len(gaps), 1)
    for low in range(0, RESAMPLES, rows):
        shape = (min(rows, RESAMPLES - low), len(gaps))
        drawn = random.integers(0, len(gaps), shape)
        spread.append(gaps[drawn].sum(1) / weights[drawn].sum(1))
        swapped = np.where(random.integers(0, 2, shape, np.int8), gaps, -gaps).sum(1)
        chance += int((np.abs(swapped) >= abs(found) * (1 - ROUNDING)).sum())
    ends = np.percentile(np.concatenate(spread), (2.5, 97.5))
    return Difference(
        units,
        float(first.sum()) / total,
        float(second.sum()) / total,
        float(ends[0]),
        float(ends[1]),
        (1 + chance) / (1 + RESAMPLES),
        float((first < second).mean()),
    )


def _in_groups(values: Reals) -> Reals:
    """Add up runs of neighbouring values, so that at most GROUPS are left."""
    run = -(-len(values) // GROUPS)
    found: Reals = np.add.reduceat(values, np.arange(0, len(values), run))
    return found
