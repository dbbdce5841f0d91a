"""Vectors in fewer bytes: one byte a number, or codes of a product quantiser; and what that costs in quality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.vectors.table import Table, cosine

Floats = NDArray[np.float32]
Codes = NDArray[np.uint8]

METHODS = ("none", "int8", "pq")
PART = 2  # numbers that share one code of a product quantiser: 8 times smaller than float32, their length apart
CENTROIDS = 256  # what a byte can name
LEARNED = 50_000  # rows that centroids are learned from, about 200 for each
ROUNDS = 15  # of k-means: the error falls by less than 1 % a round from there on
CHUNK = 16_384  # rows whose distances to all centroids are held at once: 16 MB
SAMPLE, NEAREST = 1000, 10  # words and neighbours that the loss is measured on


class Loss(NamedTuple):
    """What quantising costs, over `words` words and their ten nearest neighbours.

    similarity_error: mean difference of the similarity to those neighbours; neighbors_kept: share of them that are
    still among the ten.
    """

    words: int
    similarity_error: float
    neighbors_kept: float
    bytes_before: int
    bytes_after: int


def quantise(matrix: Floats, method: str, seed: int = 1) -> dict[str, NDArray[Any]]:
    """Return a matrix [V, D] as the arrays that `restore` takes: float32 as it is, int8 or pq."""
    if method == "int8":
        return _to_bytes(matrix)
    return _to_codes(matrix, seed) if method == "pq" else {"input": matrix}


def restore(arrays: Mapping[str, NDArray[Any]], dimensions: int) -> Floats:
    """Return the matrix [V, dimensions] of what `quantise` made; float32 comes back as the same view."""
    if "input" in arrays:
        whole: Floats = arrays["input"]
        return whole
    codes = arrays["codes"]
    if "centroids" not in arrays:
        out: Floats = codes.astype(np.float32)
        out -= 128
        out *= arrays["scales"][:, None]
        return out
    centroids = arrays["centroids"]
    wide = centroids.shape[2]
    out = np.empty((len(codes), centroids.shape[0] * wide), np.float32)
    for part, centers in enumerate(centroids):
        out[:, part * wide : (part + 1) * wide] = centers[codes[:, part]]
    out *= arrays["scales"][:, None]
    return np.ascontiguousarray(out[:, :dimensions])


def shapes(method: str, words: int, dimensions: int, part: int = PART) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return the names, types and shapes of what `quantise` makes, with `part` numbers to a code."""
    parts = -(-dimensions // part)
    if method == "int8":
        return {"codes": ("U8", (words, dimensions)), "scales": ("F32", (words,))}
    if method == "pq":
        centroids = ("F32", (parts, CENTROIDS, part))
        return {"codes": ("U8", (words, parts)), "scales": ("F32", (words,)), "centroids": centroids}
    return {"input": ("F32", (words, dimensions))}


def measure(table: Table, arrays: Mapping[str, NDArray[Any]]) -> Loss:
    """Return what the quantised arrays of a table cost, on words spread evenly over it."""
    small = Table(table.words, restore(arrays, table.dimensions))
    rows = np.unique(np.linspace(0, len(table) - 1, min(SAMPLE, len(table))).astype(int)).tolist()
    words = [table.words[row] for row in rows]
    errors, kept, possible = [], 0, 0
    before, after = table.neighbors(words, NEAREST), small.neighbors(words, NEAREST)
    for row, was, now in zip(rows, before, after, strict=True):
        errors += [abs(cosine(small.matrix[row], small.matrix[n.row]) - n.similarity) for n in was]
        kept += len({n.row for n in was} & {n.row for n in now})
        possible += len(was)
    bytes_after = sum(array.nbytes for array in arrays.values())
    error = float(np.mean(errors)) if errors else 0.0
    return Loss(len(words), error, kept / max(possible, 1), table.matrix.nbytes, bytes_after)


def _to_bytes(matrix: Floats) -> dict[str, NDArray[Any]]:
    """Return each number as a whole multiple, -127..127, of a step that is the row's own."""
    scales = np.abs(matrix).max(axis=1) / np.float32(127)
    steps = np.where(scales == 0, 1, scales)[:, None]
    codes = np.clip(np.rint(matrix / steps), -127, 127) + 128
    return {"codes": codes.astype(np.uint8), "scales": scales.astype(np.float32)}


def _to_codes(matrix: Floats, seed: int) -> dict[str, NDArray[Any]]:
    """Return for each stretch of PART numbers the nearest of 256 learned ones; lengths are kept apart.

    Source: Jégou, Douze and Schmid 2011, section II.
    """
    scales = np.linalg.norm(matrix, axis=1).astype(np.float32)
    steps = np.where(scales == 0, np.float32(1), scales)[:, None]
    units: Floats = np.pad(matrix / steps, ((0, 0), (0, -matrix.shape[1] % PART)))
    random = np.random.default_rng(seed)
    picked = np.sort(random.permutation(len(units))[:LEARNED])
    codes, centroids = [], []
    for start in range(0, units.shape[1], PART):
        stretch = np.ascontiguousarray(units[:, start : start + PART])
        centers = _centers(stretch[picked], random)
        centroids.append(centers)
        codes.append(_nearest(stretch, centers))
    return {"codes": np.stack(codes, axis=1), "scales": scales, "centroids": np.stack(centroids)}


def _centers(points: Floats, random: np.random.Generator) -> Floats:
    """Return 256 centers of points [N, PART], by k-means from random points; an empty one moves to a random point."""
    centers = points[random.integers(0, len(points), CENTROIDS)].copy()
    for _ in range(ROUNDS):
        owner = _nearest(points, centers)
        sizes = np.bincount(owner, minlength=CENTROIDS)
        sums = [np.bincount(owner, points[:, d], CENTROIDS) for d in range(points.shape[1])]
        filled = sizes > 0
        centers[filled] = (np.stack(sums, axis=1)[filled] / sizes[filled, None]).astype(np.float32)
        centers[~filled] = points[random.integers(0, len(points), int((~filled).sum()))]
    return centers


def _nearest(points: Floats, centers: Floats) -> Codes:
    half = (centers * centers).sum(axis=1) / 2
    out = np.empty(len(points), np.uint8)
    for start in range(0, len(points), CHUNK):
        block = points[start : start + CHUNK]
        out[start : start + CHUNK] = (block @ centers.T - half).argmax(axis=1)
    return out
