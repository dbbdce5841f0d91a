"""Functions compiled by numba, their machine code kept for the next run where there is a place to keep it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function at its first call; it runs beside the interpreter.

    The code is kept beside the module, or in the user's cache folder where the module may not be written to. Where
    neither may, it is compiled in every process, a second or two.
    """
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # numba finds no folder to keep the code in
        return njit(nogil=True)(function)
