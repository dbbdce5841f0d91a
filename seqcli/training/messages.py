"""What processes that share a training send each other: a few words in JSON, and arrays. Nothing is unpickled."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

LENGTH = 8  # bytes that say how long the words are


def packed(head: Mapping[str, Any], batch: Any) -> bytes:
    """Return a head and arrays in tuples as bytes."""
    arrays: list[bytes] = []

    def described(part: Any) -> Any:
        if isinstance(part, tuple):
            return [described(one) for one in part]
        arrays.append(part.tobytes())
        return {"type": part.dtype.str, "shape": part.shape}

    words = json.dumps([head, described(batch)]).encode()
    return b"".join([len(words).to_bytes(LENGTH, "little"), words, *arrays])


def unpacked(data: bytes) -> tuple[dict[str, Any], Any]:
    """Return what was packed."""
    place = LENGTH + int.from_bytes(data[:LENGTH], "little")
    head, shape = json.loads(data[LENGTH:place])

    def read(part: Any) -> Any:
        nonlocal place
        if isinstance(part, list):
            return tuple(read(one) for one in part)
        kind, count = np.dtype(part["type"]), int(np.prod(part["shape"], dtype=np.int64))
        array = np.frombuffer(data, kind, count, place).reshape(part["shape"]).copy()
        place += array.nbytes
        return array

    return head, read(shape)


def named(names: Sequence[str], arrays: Any) -> dict[str, Any]:
    """Return arrays by their names."""
    return dict(zip(names, arrays, strict=True))
