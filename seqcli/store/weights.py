"""The weights of a stored model, believed once they are of a size to compute with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqcli.errors import DamagedError, quoted

if TYPE_CHECKING:
    from seqcli.store.arrays import Table

LARGEST_WEIGHT = 1e9  # no training gives one near it; through every layer their products stay numbers


def stored_weights(record: Any, expected: Table) -> dict[str, Any]:
    """Return the weights of a record of the store. Raises DamagedError for other arrays, and for numbers too large."""
    arrays: dict[str, Any] = record.arrays("weights", expected)
    for name, array in arrays.items():
        if array.size and max(-float(array.min()), float(array.max())) > LARGEST_WEIGHT:
            raise too_large(record.where("weights"), f"the numbers of {quoted(name)}")
    return arrays


def too_large(where: str, what: str = "its weights") -> DamagedError:
    """Return the error of finite numbers that are so large that their products are not; where: the model's name."""
    return DamagedError(f"{where} cannot be used: {what} are too large to compute with; train it anew with --replace.")
