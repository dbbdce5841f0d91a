"""A sentence with gaps: `[_]` stands for a word, `[_*]` for up to three."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqcli.errors import MisuseError, quoted
from seqcli.text.tokens import SPACE, Characters, Subwords, Tokenizer, Whitespace, Words, pieces_of, tokens_of

if TYPE_CHECKING:
    from seqcli.fill.load import Fill

GAP = re.compile(r"\[_(\*?)\]")
LONGEST = 3  # words in a gap of unknown length
MOST = 16  # gaps of a sentence: an answer to more would be a text, not what is missing in one
STAND_IN = "Qgapq"  # cut as a word is: in place of a gap while its piece is cut


@dataclass(frozen=True)
class Gap:
    """A place without words. free: it has up to three; glued: no space stands before it."""

    free: bool
    glued: bool


@dataclass(frozen=True)
class Gapped:
    """A sentence with gaps, as tokens; text: as it was written."""

    text: str
    parts: tuple[str | Gap, ...]

    @property
    def gaps(self) -> list[Gap]:
        """The gaps, in order."""
        return [part for part in self.parts if isinstance(part, Gap)]

    def filled(self, words: Sequence[Sequence[str | None]]) -> tuple[list[str | None], list[int]]:
        """Return the tokens with those of each gap in place, and for each gap where its first token stands.

        words: of each gap; None stands for a token that is not known.
        """
        tokens: list[str | None] = []
        places = []
        given = iter(words)
        for part in self.parts:
            if isinstance(part, Gap):
                places.append(len(tokens))
                tokens += next(given)
            else:
                tokens.append(part)
        return tokens, places

    def text_with(self, asked: Fill, words: Sequence[Sequence[str | None]]) -> str:
        """Return the sentence with words in its gaps, as a model of other tokens reads it."""
        tokens, _ = self.filled(words)
        return asked.tokenizer.join([token for token in tokens if token is not None])


def gapped(asked: Fill, text: str) -> Gapped:
    """Return a sentence with gaps, cut as the model's text was. Raises MisuseError for none, and for too many."""
    count = len(GAP.findall(text))
    if not count:
        raise MisuseError(f"There is no gap in {quoted(text)}; write [_] where a word is missing.")
    if count > MOST:
        raise MisuseError(f"There are {count} gaps in {quoted(text)}; give at most {MOST} at a time.")
    parts = tuple(part for piece in pieces_of(text) for part in _cut(asked.tokenizer, piece, text))
    return Gapped(text, parts)


def tokens_of_answer(asked: Fill, words: str, gap: Gap) -> list[str]:
    """Return the tokens of what is to stand in a gap. Raises MisuseError for nothing."""
    tokens = tokens_of(asked.tokenizer, words)
    if not tokens:
        raise MisuseError("A choice is empty; give a word, or several words, for each.")
    return _without_space(tokens) if gap.glued else tokens


def _cut(tokenizer: Tokenizer, piece: str, text: str) -> Iterator[str | Gap]:
    """Yield the tokens and gaps of a white-space piece."""
    if not GAP.search(piece):
        yield from tokenizer.split(piece)
    elif isinstance(tokenizer, Words | Whitespace):
        yield from _cut_around(tokenizer, piece, text)
    else:
        yield from _cut_apart(tokenizer, piece)


def _cut_around(tokenizer: Tokenizer, piece: str, text: str) -> Iterator[str | Gap]:
    """Cut a piece with a word in place of the gap, so that the marks beside it are cut as beside any word."""
    stand_in = STAND_IN
    while stand_in.lower() in text.lower():
        stand_in += "q"
    free = iter([bool(star) for star in GAP.findall(piece)])
    for token in tokenizer.split(GAP.sub(stand_in, piece)):
        if token.lower() == stand_in.lower():
            yield Gap(next(free), glued=False)
        elif stand_in.lower() in token.lower():
            raise MisuseError(f"A gap in {quoted(piece)} is part of a word; put spaces around it.")
        else:
            yield token


def _cut_apart(tokenizer: Tokenizer, piece: str) -> Iterator[str | Gap]:
    """Cut what stands on each side of a gap by itself, as fits scripts without spaces and pieces of words."""
    begin = 0
    for match in [*GAP.finditer(piece), None]:
        part = piece[begin : match.start() if match else len(piece)]
        if part:
            tokens = tokenizer.split(part)
            yield from _without_space(tokens) if begin else tokens
        elif not begin and isinstance(tokenizer, Characters):
            yield SPACE
        if match:
            glued = match.start() > 0 or not isinstance(tokenizer, Subwords)
            yield Gap(bool(match[1]), glued)
            begin = match.end()


def _without_space(tokens: Sequence[str]) -> list[str]:
    """Return tokens of which the first does not say that a space stands before it."""
    first = tokens[0].removeprefix(SPACE) if tokens else ""
    return [first, *tokens[1:]] if first else list(tokens[1:])
