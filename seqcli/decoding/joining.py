"""Tokens joined as they come: each shows what it adds to the text, at the cost of the few before it."""

from __future__ import annotations

from collections.abc import Sequence

from seqcli.text.tokens import Tokenizer

BEFORE = 8  # tokens that decide how the next one is joined; a character is four bytes, and a token each, at most
UNFINISHED = "\ufffd"  # what a character shows of which not every byte has come


class Joining:
    """A text that tokens are added to."""

    def __init__(self, tokenizer: Tokenizer, before: Sequence[str]) -> None:
        """before: tokens of the line that the text goes on from."""
        self._tokenizer = tokenizer
        self._tokens = list(before[-BEFORE:])
        self._said = tokenizer.join(self._tokens)
        self._lines = 0  # ends of lines that are said once something follows them

    def added(self, token: str) -> str:
        """Return what a token adds; nothing where it is a byte of a character that is not whole."""
        self._tokens.append(token)
        text = self._tokenizer.join(self._tokens)
        if text.endswith(UNFINISHED) or not text.startswith(self._said):
            return ""
        new = "\n" * self._lines + text[len(self._said) :]
        self._said, self._lines = text, 0
        if len(self._tokens) > 4 * BEFORE:
            self._tokens = self._tokens[-BEFORE:]
            self._said = self._tokenizer.join(self._tokens)
        return new

    def line(self) -> str:
        """End a line."""
        self._tokens, self._said = [], ""
        self._lines += 1
        return ""
