"""A stored language model as a network in torch, to be measured or to learn on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqcli.store import Record


def network(record: Record) -> Any:
    """Return the network of a record, in torch."""
    from seqcli.language.arrays import language_table
    from seqcli.language.model import LanguageModel
    from seqcli.layers.stored import with_weights
    from seqcli.store.weights import stored_weights

    size = len(record.vocabulary())
    return with_weights(LanguageModel(record.spec, size), stored_weights(record, language_table(record.spec, size)))
