"""Stored models made ready to answer: record, tokenizer and vocabulary, arrays."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from seqcli.errors import MisuseError, quoted
from seqcli.language.settings import LanguageSpec
from seqcli.tasks import ARCHITECTURES, TASKS

if TYPE_CHECKING:
    from seqcli.answering import Answering
    from seqcli.session import Session
    from seqcli.store import Record
    from seqcli.text.tokens import Tokenizer
    from seqcli.text.vocabulary import Vocabulary


class Asked:
    """A language model that is ready to answer, alone or mixed."""

    def __init__(
        self, name: str, model: Answering, tokenizer: Tokenizer, vocabulary: Vocabulary, unit: str = "line"
    ) -> None:
        """unit: what the end of a unit ends, a line or a paragraph."""
        self.name, self.model, self.unit = name, model, unit
        self.tokenizer, self.vocabulary = tokenizer, vocabulary

    def ids(self, text: str) -> list[int]:
        """Return the ids of a text behind the end of a unit, as the model met every unit in training."""
        from seqcli.text.tokens import tokens_of
        from seqcli.text.vocabulary import EOS

        return [EOS, *self.vocabulary.encode(tokens_of(self.tokenizer, text))]


def stored_model(record: Record, vocabulary_size: int) -> Answering:
    """Return the model of a record, with numpy alone."""
    module, kind = ARCHITECTURES[record.architecture].answers.split(":")
    model: Answering = getattr(importlib.import_module(module), kind).stored(record, vocabulary_size)
    return model


def language_record(session: Session, name: str | None) -> Record:
    """Return the record of a language model. Raises MisuseError for a model that answers other questions."""
    return checked(session.shelf.read(name, "lm"))


def checked(record: Record) -> Record:
    """Return the record of a language model. Raises MisuseError for that of one that answers other questions."""
    if record.task != "lm":
        raise MisuseError(f"{quoted(record.name)} {TASKS[record.task].does}; name a language model, made by train-lm.")
    return record


def tokens_told(record: Record) -> tuple[object, ...]:
    """Return what is equal where two models cut text into the same tokens and number them alike."""
    files = (record.files[role].sha256 for role in ("vocabulary", "tokenizer") if role in record.files)
    return record.text.tokenizer, record.text.lowercase, *files


def recurrent_record(session: Session, name: str | None) -> Record:
    """Return the record of a language model with recurrent layers. Raises MisuseError for any other."""
    record = language_record(session, name)
    if not isinstance(record.spec, LanguageSpec):
        raise MisuseError(f"{quoted(record.name)} is an {record.architecture} model; name an RNN, a GRU or an LSTM.")
    return record
