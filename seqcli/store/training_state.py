"""The state that a training goes on from: which arrays it is made of, told from the settings alone."""

from __future__ import annotations

from collections.abc import Mapping

from seqcli.errors import DamagedError, quoted
from seqcli.spec import LanguageSpec
from seqcli.store.arrays import Array, Table
from seqcli.store.record import Record


def training_state(record: Record, weights: Table) -> dict[str, Array]:
    """Return the state of a training with gradients; weights: the arrays of its model. Raises DamagedError.

    What is carried from batch to batch may be missing: at the begin of the text nothing is.
    """
    state, expected, carried = record.arrays("state"), _expected(record, weights), _carried(record)
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


def _carried(record: Record) -> Mapping[str, tuple[str, tuple[int, ...]]]:
    """Return what the layers of a language model hand from one stretch of text to the next."""
    spec, batch = record.spec, record.run.batch_size
    if not isinstance(spec, LanguageSpec):
        return {}
    parts = 2 if spec.architecture == "lstm" else 1
    shapes: dict[tuple[int, int], tuple[int, ...]]
    shapes = {(i, j): (1, batch, spec.hidden_size) for i in range(spec.layers) for j in range(parts)}
    if spec.attention:
        shapes |= {
            (spec.layers, 0): (spec.attention, batch, spec.hidden_size),
            (spec.layers, 1): (spec.attention, batch),
        }
    return {f"carried.{i}.{j}": ("F32", shape) for (i, j), shape in shapes.items()}
