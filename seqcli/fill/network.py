"""A stored model as a network in torch, to be measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqcli.store import Record


def network(record: Record) -> Any:
    """Return the network of a record, in torch."""
    import torch

    from seqcli.fill.arrays import fill_table
    from seqcli.fill.model import FillModel
    from seqcli.store.weights import stored_weights

    size = len(record.vocabulary())
    arrays = stored_weights(record, fill_table(record.spec, size))
    model = FillModel(record.spec, size)
    model.load_state_dict({key: torch.from_numpy(value.copy()) for key, value in arrays.items()})
    return model
