"""Places told by turning: each pair of a vector's numbers is turned by an angle that goes by the place.

What was turned by its place can be added up with what stands elsewhere, and turned back by the same place: what comes
back is its own, for what belongs to other places points in every direction, and its sum over the frequencies is small.
Source: Plate 1995 (holographic reduced representations); Su et al. 2021 (rotary embeddings).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seqcli.layers.steps import Array


def angles(places: Any, count: int, size: int) -> Array:
    """Return by how much each of size / 2 pairs is turned at places [...] -> [..., size / 2].

    count: different frequencies, the odd multiples of pi / (2 count + 1): as many places are well apart.
    """
    turns = np.pi * (2 * (np.arange(size // 2) % count) + 1) / (2 * count + 1)
    found: Array = (np.asarray(places)[..., None] * turns).astype(np.float32)
    return found


def turned(x: Array, by: Array) -> Array:
    """x [..., Z], by [..., Z / 2] -> x with its number i and number i + Z / 2 turned as a pair."""
    a, b = np.split(x, 2, -1)
    cos, sin = np.cos(by), np.sin(by)
    return np.concatenate([a * cos - b * sin, a * sin + b * cos], -1)
