"""Stored models of sentences made ready to answer: the network, the tokenizer and the vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqcli.errors import MisuseError, quoted
from seqcli.sentences.answer_settings import LONGEST
from seqcli.store.tokenizer import tokenizer_of
from seqcli.tasks import TASKS

if TYPE_CHECKING:
    from seqcli.sentences.arrays import SentenceArrays
    from seqcli.store import Record


class Asked:
    """A model of sentences that is ready to answer."""

    def __init__(self, record: Record) -> None:
        self.record = check_sentences(record)
        self.vocabulary, self.tokenizer = record.vocabulary(), tokenizer_of(record)
        self.model = stored_model(record, len(self.vocabulary))
        self.longest = max(record.text.longest, LONGEST)  # tokens of a sentence that is written

    def ids(self, text: str) -> list[int]:
        """Return the ids of a sentence, EOS at its end."""
        from seqcli.text.tokens import tokens_of
        from seqcli.text.vocabulary import EOS

        return [*self.vocabulary.encode(tokens_of(self.tokenizer, text)), EOS]

    def text(self, ids: Sequence[int]) -> str:
        """Return the sentence of ids without EOS."""
        return self.tokenizer.join([self.vocabulary.tokens[i] for i in ids])


def stored_model(record: Record, vocabulary_size: int) -> SentenceArrays:
    """Return the network of a record, with numpy alone."""
    from seqcli.sentences.arrays import SentenceArrays

    return SentenceArrays.stored(record, vocabulary_size)


def check_sentences(record: Record) -> Record:
    """Return a record that is a model of sentences. Raises MisuseError for a model that answers other questions."""
    if record.task != "sentences":
        raise MisuseError(
            f"{quoted(record.name)} {TASKS[record.task].does}; name a model of sentences, made by train-vae."
        )
    return record
