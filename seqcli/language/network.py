"""A stored language model as a network in torch, to be measured or to learn on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqcli.store import Record


def network(record: Record) -> Any:
    """Return the network of a record, in torch."""
    import torch

    from seqcli.language.arrays import language_table
    from seqcli.language.model import LanguageModel
    from seqcli.store.weights import stored_weights

    size = len(record.vocabulary())
    arrays = stored_weights(record, language_table(record.spec, size))
    model = LanguageModel(record.spec, size)
    model.load_state_dict({key: torch.from_numpy(value.copy()) for key, value in arrays.items()})
    return model
