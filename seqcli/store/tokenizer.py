"""The tokenizer that a model's text was cut with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqcli.store import Record
    from seqcli.text.tokens import Tokenizer


def tokenizer_of(record: Record, which: str = "") -> Tokenizer:
    """Return the tokenizer that a model's text was cut with; which: of two sides, "source-" or "target-"."""
    from seqcli.text import tokens

    kind, role = record.text.tokenizer, f"{which}tokenizer"
    if kind != "subwords":
        return tokens.make(kind, record.text.lowercase)
    return tokens.make(kind, record.text.lowercase, record.load(role), record.where(role))
