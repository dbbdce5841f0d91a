"""A language model ready to answer, alone or mixed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqcli.language.load import language_record, stored_model
from seqcli.language.mixture.settings import ALONE, Mixing
from seqcli.store.tokenizer import tokenizer_of

if TYPE_CHECKING:
    from seqcli.answering import Answering
    from seqcli.session import Session
    from seqcli.text.tokens import Tokenizer
    from seqcli.text.vocabulary import Vocabulary


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


def open_language_model(session: Session, name: str | None, mixing: Mixing = ALONE, remembers: bool = False) -> Asked:
    """Return a model of the shelf, with what is mixed in; with numpy alone, unless it is to learn.

    remembers: what --cache and --dynamic add goes on from one scored text to the next.
    """
    if mixing.asked:
        from seqcli.language.mixture.choice import blend_of
        from seqcli.language.mixture.members import answering

        blend = blend_of(session, name, mixing)
        record, model = blend.records[0], answering(blend, remembers)
        return Asked(blend.name, model, tokenizer_of(record), record.vocabulary(), record.text.unit)
    record = language_record(session, name)
    vocabulary = record.vocabulary()
    session.spare.fit_products()
    model = stored_model(record, len(vocabulary))
    return Asked(record.name, model, tokenizer_of(record), vocabulary, record.text.unit)
