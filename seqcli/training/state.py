"""The state that a training goes on from: which arrays it is made of, told from the settings alone."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from seqcli.errors import DamagedError, quoted
from seqcli.store.arrays import Array, Table
from seqcli.store.record import Record


def training_state(
    record: Record, weights: Table, carried: Mapping[str, tuple[str, tuple[int, ...]]] = MappingProxyType({})
) -> dict[str, Array]:
    """Return the state of a training with gradients; weights: the arrays of its model. Raises DamagedError.

    carried: those that its layers hand from one batch to the next.

    What is carried from batch to batch may be missing: at the begin of the text nothing is.
    """
    state, expected = record.arrays("state"), _expected(record, weights)
    needed = {**expected, **carried} if any(name in carried for name in state) else expected
    for name in sorted(needed.keys() | state.keys()):
        found = ("F32", state[name].shape) if name in state and state[name].dtype == "f4" else None
        negative = name.startswith(("step.", "exp_avg_sq.")) and name in state and state[name].min(initial=0) < 0
        if found != needed.get(name) or negative:
            raise DamagedError(
                f"{record.where('state')} does not fit the model: {quoted(name)} is not as expected; train anew with "
                "--replace."
            )
    return state


def _expected(record: Record, weights: Table) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return the weights, their running mean, and what the optimiser keeps of each once there was an update."""
    kinds = ["weights", *["mean"] * (record.run.average > 0)]
    updated = record.progress.get("update", 0) > record.progress.get("begun_update", 0)
    kinds += ["exp_avg", "exp_avg_sq"] if updated else []
    found = {f"{kind}.{name}": (dtype, tuple(shape)) for kind in kinds for name, (dtype, shape) in weights.items()}
    steps = {f"step.{name}": ("F32", (1,)) for name in weights} if updated else {}
    return found | steps
