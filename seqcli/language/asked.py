"""A language model ready to answer, alone or mixed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqcli.answering import Answering
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
