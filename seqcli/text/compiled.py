"""Functions compiled by numba, their machine code kept for the next run where there is a place to keep it."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(function: Callable[..., Any], fastmath: bool = False) -> Any:
    """Compile a function at its first call; it runs beside the interpreter. fastmath: sums may be taken in any order.

    The code is kept beside the module, or in the user's cache folder where the module may not be written to. Where
    neither may, it is compiled in every process, a second or two.
    """
    try:
        kept = njit(nogil=True, cache=True, fastmath=fastmath)(function)
    except RuntimeError:  # numba finds no folder to keep the code in
        return njit(nogil=True, fastmath=fastmath)(function)
    _bind_to_package(kept, os.path.dirname(function.__code__.co_filename))
    return kept


def _bind_to_package(kept: Any, folder: str) -> None:
    """Let a change of any module of the package make kept code void: functions and constants of others are in it."""
    file: Any = getattr(getattr(kept, "_cache", None), "_cache_file", None)
    if hasattr(file, "_source_stamp"):  # numba compares it with that of the kept code; by itself it is one module's
        file._source_stamp = (file._source_stamp, _stamp(folder))


@functools.cache
def _stamp(folder: str) -> tuple[tuple[str, int, int], ...]:
    """Return the names, times and sizes of the modules in a folder."""
    with os.scandir(folder) as entries:
        modules = [(entry.name, entry.stat()) for entry in entries if entry.name.endswith(".py")]
    return tuple(sorted((name, stat.st_mtime_ns, stat.st_size) for name, stat in modules))
