"""Stored models made ready to answer: record, tokenizer and vocabulary, arrays."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqcli.cli.options import Session
from seqcli.errors import MisuseError, quoted
from seqcli.spec import ARCHITECTURES, TASKS, LanguageSpec

if TYPE_CHECKING:
    from seqcli.inference import Answering
    from seqcli.store import Record
    from seqcli.text.tokens import Tokenizer
    from seqcli.text.vocabulary import Vocabulary

IMPORTED = "it was imported"  # why there is nothing to train in a model that another program learned


@dataclass(frozen=True)
class Asked:
    """A language model that is ready to answer."""

    name: str
    model: Answering
    tokenizer: Tokenizer
    vocabulary: Vocabulary
    unit: str  # what the end of a unit ends: a line or a paragraph

    def ids(self, text: str) -> list[int]:
        """Return the ids of a text behind the end of a unit, as the model met every unit in training."""
        from seqcli.text.tokens import tokens_of
        from seqcli.text.vocabulary import EOS

        return [EOS, *self.vocabulary.encode(tokens_of(self.tokenizer, text))]


def open_language_model(session: Session, name: str | None, remembers: bool = False) -> Asked:
    """Return a model of the shelf, with what Session.mixing adds to it; with numpy alone, unless it is to learn.

    remembers: what --cache and --dynamic add goes on from one scored text to the next.
    """
    if session.mixing.asked:
        from seqcli.cli.language.mixing import answering, blend_of

        blend = blend_of(session, name)
        record, model = blend.records[0], answering(blend, remembers)
        return Asked(blend.name, model, tokenizer_of(record), record.vocabulary(), record.text.unit)
    record = language_record(session, name)
    vocabulary = record.vocabulary()
    session.spare.fit_products()
    model = stored_model(record, len(vocabulary))
    return Asked(record.name, model, tokenizer_of(record), vocabulary, record.text.unit)


def stored_model(record: Record, vocabulary_size: int) -> Answering:
    """Return the model of a record, with numpy alone."""
    module, kind = ARCHITECTURES[record.architecture].answers.split(":")
    model: Answering = getattr(importlib.import_module(module), kind).stored(record, vocabulary_size)
    return model


def language_record(session: Session, name: str | None) -> Record:
    """Return the record of a language model. Raises MisuseError for a model that answers other questions."""
    record = session.shelf.read(name, "lm")
    if record.task != "lm":
        raise MisuseError(f"{quoted(record.name)} {TASKS[record.task]}; name a language model, made by train-lm.")
    return record


def recurrent_record(session: Session, name: str | None) -> Record:
    """Return the record of a language model with recurrent layers. Raises MisuseError for any other."""
    record = language_record(session, name)
    if not isinstance(record.spec, LanguageSpec):
        raise MisuseError(f"{quoted(record.name)} is an {record.architecture} model; name an RNN, a GRU or an LSTM.")
    return record


def tokenizer_of(record: Record, which: str = "") -> Tokenizer:
    """Return the tokenizer that a model's text was cut with; which: of two sides, "source-" or "target-"."""
    from seqcli.text import tokens

    kind, role = record.text.tokenizer, f"{which}tokenizer"
    if kind != "subwords":
        return tokens.make(kind, record.text.lowercase)
    return tokens.make(kind, record.text.lowercase, record.load(role), record.where(role))
