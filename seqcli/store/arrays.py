"""Arrays as safetensors bytes: written by the library, read by a stricter parser.

The library accepts what a spec does not say and lets no error be foreseen (KeyError, RecursionError); here every name,
type, shape and offset is checked against real bytes before the first array exists.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from seqcli.errors import DamagedError, DivergedError, quoted
from seqcli.store.strict import parse_json

Array = np.ndarray[Any, Any]
Table = Mapping[str, tuple[str, tuple[int, ...]]]  # name -> (dtype as safetensors spells it, shape)

HEADER_LIMIT = 2**20  # bytes; 10,000 tensors need less, and parsing stays under a tenth of a second
RANK_LIMIT = 8
DTYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "I32": "<i4", "U8": "|u1", "BOOL": "|b1"}


def pack(arrays: Mapping[str, Array]) -> bytes:
    """Return arrays as safetensors bytes, the same for the same arrays.

    Raises DivergedError for a number that is not finite: a checkpoint that cannot be loaded must not replace one
    that can.
    """
    from safetensors.numpy import save

    whole = {name: np.asarray(arrays[name], order="C") for name in sorted(arrays)}
    for name, array in whole.items():
        if not _plausible(array):
            raise DivergedError(f"{quoted(name)} is not finite and was not saved; train with a lower --learning-rate.")
    return save(whole)


def unpack(data: bytes | bytearray, where: str, expected: Table | None = None) -> dict[str, Array]:
    """Return the arrays of safetensors bytes, as views on them.

    Raises DamagedError for anything but the expected names, types and shapes (None: any), holes, and numbers that are
    not finite.
    """
    try:
        header, start = _header(data)
        layout = {name: _entry(entry) for name, entry in header.items()}
        _check_contiguous(layout, len(data) - start)
        if expected is not None:
            _check_expected(layout, expected)
        arrays = {name: _view(data, start, *place) for name, place in layout.items()}
        for name, array in arrays.items():
            if not _plausible(array):
                raise ValueError(f"the numbers of {quoted(name)} are not finite")
    except ValueError as error:
        raise DamagedError(f"{where} is damaged: {str(error)[:250]}.") from error
    return arrays


def _header(data: bytes | bytearray) -> tuple[dict[str, Any], int]:
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > HEADER_LIMIT or 8 + length > len(data):
        raise ValueError("not a safetensors file")
    try:
        header = parse_json(bytes(data[8 : 8 + length]))
    except ValueError as error:
        raise ValueError("its safetensors header is not strict JSON") from error
    if not isinstance(header, dict):
        raise ValueError("its safetensors header is not an object")
    return header, 8 + length


def _entry(entry: object) -> tuple[str, tuple[int, ...], int, int]:
    """Return dtype, shape, begin and end of one tensor, each of the right kind."""
    if not isinstance(entry, dict) or sorted(entry) != ["data_offsets", "dtype", "shape"]:
        raise ValueError("a tensor is not described by dtype, shape and data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise ValueError(f"a tensor has the type {quoted(dtype)}, expected one of {', '.join(DTYPES)}")
    if not _naturals(shape) or len(shape) > RANK_LIMIT or (0 in shape and shape != [0]):
        raise ValueError("a tensor has an impossible shape")
    if not _naturals(offsets) or len(offsets) != 2:
        raise ValueError("a tensor has impossible offsets")
    return dtype, tuple(shape), offsets[0], offsets[1]


def _naturals(values: object) -> bool:
    return isinstance(values, list) and all(type(v) is int and v >= 0 for v in values)


def _check_contiguous(layout: Mapping[str, tuple[str, tuple[int, ...], int, int]], size: int) -> None:
    """Raise ValueError unless the tensors follow each other in order and fill the data exactly."""
    cursor = 0
    for name, (dtype, shape, begin, end) in layout.items():
        if begin != cursor or end - begin != math.prod(shape) * np.dtype(DTYPES[dtype]).itemsize:
            raise ValueError(f"the bytes of {quoted(name)} are not where its shape puts them")
        cursor = end
    if cursor != size:
        raise ValueError(f"it holds {size} bytes of numbers, expected {cursor}")


def _check_expected(layout: Mapping[str, tuple[str, tuple[int, ...], int, int]], expected: Table) -> None:
    for name in expected:
        if name not in layout:
            raise ValueError(f"the tensor {quoted(name)} is missing")
    for name, (dtype, shape, *_) in layout.items():
        if name not in expected:
            raise ValueError(f"the tensor {quoted(name)} does not belong to it")
        if (dtype, shape) != (expected[name][0], tuple(expected[name][1])):
            wanted = f"{expected[name][0]} {list(expected[name][1])}"
            raise ValueError(f"the tensor {quoted(name)} is {dtype} {list(shape)}, expected {wanted}")


def _view(data: bytes | bytearray, start: int, dtype: str, shape: tuple[int, ...], begin: int, end: int) -> Array:
    if begin == end:
        return np.zeros(shape, DTYPES[dtype])
    return np.frombuffer(data, DTYPES[dtype], math.prod(shape), start + begin).reshape(shape)


def _plausible(array: Array) -> bool:
    """Return whether floats are finite and booleans are 0 or 1; the extremes tell it without a mask of that size."""
    if array.size == 0:
        return True
    if array.dtype.kind == "f":
        return bool(np.isfinite(array.min()) and np.isfinite(array.max()))
    return array.dtype.kind != "b" or bool(array.view(np.uint8).max() <= 1)
