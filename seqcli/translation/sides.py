"""One side of a translation: how its text becomes ids, and ids become text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from seqcli.text.character_kinds import folded
from seqcli.text.tokens import SPACE, Tokenizer, tokens_of
from seqcli.text.vocabulary import EOS, SPECIALS, Vocabulary

_OPENING = re.compile(rf"{SPACE}[\"'„“‚‘«»(\[]")


@dataclass(frozen=True)
class Side:
    """One of the two languages: how its text becomes ids, and ids become text."""

    tokenizer: Tokenizer
    vocabulary: Vocabulary

    @cached_property
    def inner(self) -> NDArray[np.bool_] | None:
        """Which tokens go on with the word before them [V]; None where tokens do not say where words begin."""
        tokens = self.vocabulary.tokens[len(SPECIALS) :]
        if not any(token.startswith(SPACE) for token in tokens):
            return None
        return np.array([False] * len(SPECIALS) + [token[0].isalnum() for token in tokens])

    @cached_property
    def letters(self) -> frozenset[str]:
        """All letters of its tokens, in lower case."""
        return frozenset("".join(self.vocabulary.tokens[len(SPECIALS) :]).lower())

    def unseen(self, text: str) -> str:
        """Return the letters of a text that are in none of its tokens, each once."""
        letters = dict.fromkeys(c for c in folded(text, lowercase=True) if c.isalpha())
        return "".join(c for c in letters if c not in self.letters)

    def tokens(self, text: str) -> list[str]:
        """Return the tokens of a text."""
        return tokens_of(self.tokenizer, text)

    def tokens_behind(self, token: str, text: str) -> list[str]:
        """Return the tokens of a text behind a token: without a space where that one is an opening mark."""
        tokens = self.tokens(text)
        return [tokens[0].removeprefix(SPACE), *tokens[1:]] if tokens and _OPENING.fullmatch(token) else tokens

    def ids(self, text: str) -> list[int]:
        """Return the ids of a text, its end included."""
        return [*self.vocabulary.encode(self.tokens(text)), EOS]

    def text(self, ids: Iterable[int]) -> str:
        """Return the text of ids, those of its end left out."""
        return self.tokenizer.join([self.vocabulary.tokens[i] for i in ids if i != EOS])
