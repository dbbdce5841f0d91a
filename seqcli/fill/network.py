"""A stored model as a network in torch, to be measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqcli.store import Record


def network(record: Record) -> Any:
    """Return the network of a record, in torch."""
    from seqcli.fill.arrays import fill_table
    from seqcli.fill.model import FillModel
    from seqcli.layers.stored import with_weights
    from seqcli.store.weights import stored_weights

    size = len(record.vocabulary())
    return with_weights(FillModel(record.spec, size), stored_weights(record, fill_table(record.spec, size)))
