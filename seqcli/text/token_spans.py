"""Where in a text its tokens stand: to show the text as it was written, with something said of every token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from seqcli.text.character_kinds import SPACES, folded
from seqcli.text.tokens import JOINER, SPACE, Tokenizer

_RUNS = re.compile(f"[{SPACES.decode()}]+|[^{SPACES.decode()}]+")


class Surface(NamedTuple):
    """A stretch of a text, and how many tokens it is: 0 for white space, several where they cannot be told apart."""

    text: str
    tokens: int


def surfaces(tokenizer: Tokenizer, text: str) -> Iterator[Surface]:
    """Yield a text cut where its tokens are: joined they are the text again, and the tokens come in order."""
    for match in _RUNS.finditer(text):
        piece = match[0]
        if piece[0] not in SPACES.decode():
            yield from _of_piece(piece, tokenizer.split(piece))
        else:
            yield Surface(piece, 0)


def _of_piece(piece: str, tokens: list[str]) -> Iterator[Surface]:
    """Cut a piece; whole, where it does not show its tokens letter by letter."""
    seen = folded(piece, lowercase=True)
    ends: list[tuple[int, int]] = []  # where a stretch ends, and the tokens up to there
    at = 0
    for count, token in enumerate(tokens, 1):
        letters = token.strip(JOINER).lstrip(SPACE).lower()
        start = seen.find(letters, at)
        if len(seen) != len(piece) or start < 0 or seen[at:start].strip():
            yield Surface(piece, len(tokens))
            return
        at = start + len(letters)
        if letters:
            ends.append((at, count))
    if not ends or at != len(piece) or ends[-1][1] != len(tokens):
        yield Surface(piece, len(tokens))
        return
    begin = before = 0
    for end, count in ends:
        yield Surface(piece[begin:end], count - before)
        begin, before = end, count
