"""What held-out text is measured in: pieces that a model understands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.int64]
Ids = Sequence[Sequence[int]]
PADDING = -1  # a target that counts for nothing


class Piece(NamedTuple):
    """Some steps of an evaluation: inputs [T, B], targets [T, B]; `first` where the state starts from zero."""

    inputs: Array
    targets: Array
    first: bool

    @property
    def batch(self) -> tuple[Array, Array]:
        """What the model's loss takes; the loop hands it on as it is."""
        return self.inputs, self.targets


def padded(rows: Ids) -> Array:
    """Return rows of ids as columns, PADDING behind their ends. -> [longest, rows]"""
    columns = np.full((max(map(len, rows)), len(rows)), PADDING, np.int64)
    for i, row in enumerate(rows):
        columns[: len(row), i] = row
    return columns
