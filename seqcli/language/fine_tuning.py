"""train-lm --from: a training that begins with the weights of another model, on another text, with more words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seqcli.errors import MisuseError, quoted
from seqcli.language.load import recurrent_record
from seqcli.training.origin import check_fits
from seqcli.training.plan import Plan

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store import Record
    from seqcli.text.corpus import Corpus

FREE = {"dropout", "embedding_dropout", "weight_dropout", "output", "samples"}  # what weights do not depend on
FREE_TEXT = {"min_count", "vocabulary_size", "held_out", "unit"}
BY_WORD = ("embedding", "output", "output_bias")  # parameters with a row for each token


def origin_of(session: Session, name: str | None, params: Mapping[str, Any], like: str | None) -> Record | None:
    """Return the model that a training begins from. Raises MisuseError for settings that its weights do not fit."""
    if name is None:
        return None
    if like or params.get("recipe"):
        raise MisuseError(f"--from takes the settings of {quoted(name)}; leave out --like and --recipe.")
    record = recurrent_record(session, name)
    check_fits(record, record.spec, FREE, params)
    check_fits(record, record.text, FREE_TEXT, params)
    return record


def with_room(plan: Plan, origin: Record, params: Mapping[str, Any]) -> Plan:
    """Return the plan with the origin's tokenizer, and with room for as many new words as there were.

    Room is made only where the size of the vocabulary was not given.
    """
    plan = replace(plan, text=replace(plan.text, tokenizer=origin.text.tokenizer))
    if params.get("vocabulary_size") is not None:
        return plan
    size = max(plan.text.vocabulary_size, 2 * len(origin.vocabulary()))
    return replace(plan, text=replace(plan.text, vocabulary_size=size))


def begin_from(origin: Record, model: Any, corpus: Corpus) -> None:
    """Give a model the weights of another, whose vocabulary its own begins with.

    A new word has the rows of <unk>, and of its probability a share by how often it stands in the text: to all the
    words that were known before, the model gives the probabilities that it gave.
    """
    import numpy as np
    import torch

    from seqcli.language.arrays import language_table
    from seqcli.store.weights import stored_weights
    from seqcli.text.vocabulary import UNK

    known, size = len(origin.vocabulary()), len(corpus.vocabulary)
    counts = np.maximum(corpus.train.counts(size), 1)
    shares = np.log(counts / (counts[UNK] + counts[known:].sum()))
    arrays = stored_weights(origin, language_table(origin.spec, known))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            array = arrays[name]
            if name.split(".")[0] in BY_WORD:
                array = np.concatenate([array, np.repeat(array[UNK : UNK + 1], size - known, axis=0)])
            if name == "output_bias":
                array[UNK] += shares[UNK]
                array[known:] += shares[known:]
            parameter.copy_(torch.from_numpy(array))
