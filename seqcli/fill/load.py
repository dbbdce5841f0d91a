"""Stored models that fill gaps made ready to answer: record, tokenizer and vocabulary, arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqcli.errors import MisuseError, quoted
from seqcli.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seqcli.fill.arrays import FillArrays
    from seqcli.session import Session
    from seqcli.store import Record
    from seqcli.text.tokens import Tokenizer
    from seqcli.text.vocabulary import Vocabulary


class Fill:
    """A bidirectional model that is ready to answer: its network as arrays, and how text becomes ids and back.

    unseen: about how many different words the training text had that the vocabulary has not; the probability of the
    unknown word is divided among so many.
    """

    def __init__(
        self,
        name: str,
        arrays: FillArrays,
        tokenizer: Tokenizer,
        vocabulary: Vocabulary,
        unseen: int = 1,
        unit: str = "line",
    ) -> None:
        """unit: what the end of a unit ends, a line or a paragraph."""
        self.name, self.arrays, self.tokenizer, self.vocabulary = name, arrays, tokenizer, vocabulary
        self.unseen, self.unit = max(unseen, 1), unit

    def tokens(self, text: str) -> list[str]:
        """Return the tokens of a text."""
        from seqcli.text.tokens import tokens_of

        return tokens_of(self.tokenizer, text)

    def ids(self, tokens: Sequence[str]) -> list[int]:
        """Return the ids of tokens; a text has no end of a unit before or behind it."""
        return self.vocabulary.encode(tokens)


def fill_record(session: Session, name: str | None) -> Record:
    """Return the record of a model that fills gaps. Raises MisuseError for one that answers other questions."""
    return checked(session.shelf.read(name, "fill"))


def checked(record: Record) -> Record:
    """Return the record of a model that fills gaps. Raises MisuseError for one that answers other questions."""
    if record.task != "fill":
        raise MisuseError(
            f"{quoted(record.name)} {TASKS[record.task].does}; name a bidirectional model, made by train-fill."
        )
    return record


def fill_of(record: Record, vocabulary: Vocabulary | None = None) -> Fill:
    """Return the model of a record, with numpy alone. vocabulary: its own, where that was read."""
    from seqcli.fill.arrays import FillArrays
    from seqcli.store.tokenizer import tokenizer_of

    vocabulary = vocabulary or record.vocabulary()
    arrays = FillArrays.stored(record, len(vocabulary))
    unseen = record.corpus.get("unseen_words", 1)
    return Fill(record.name, arrays, tokenizer_of(record), vocabulary, unseen, record.text.unit)
