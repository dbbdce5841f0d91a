"""A text as written, read as the tokens of a model: every token knows its place, and which others it stands beside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from seqcli.fill.proofreading.markup import OPAQUE, Prose, kind_of
from seqcli.text.character_kinds import SPACES
from seqcli.text.token_spans import surfaces
from seqcli.text.tokens import JOINER, Tokenizer

WINDOW = 48  # tokens read together: whole sentences, as many as fit; a neighbour further away says next to nothing
WRAPPED = 120  # characters: a longer line is no line of a wrapped paragraph
LONGEST = 96  # tokens of a sentence that is not cut
APART = 0.5  # share of the full stops and commas that stand alone, from which a text is one of tokens, not of prose
_SPACE = SPACES.decode()
_PIECE = re.compile(f"[^{_SPACE}]+")
_GAP = re.compile(rf"\n[{_SPACE}]*\n")
_ALONE = re.compile(r"(?<!\S)[.,;:!?](?!\S)")
_MARK = re.compile(r"[.,;:!?](?!\S)")
_ENDS = frozenset((".", "!", "?", "…", "...", "。", "！", "？", "?!", "!!"))
_CLOSES = frozenset("\"'”’»)]」』）")
_CLITICS = frozenset(("'s", "'re", "'ve", "'ll", "'d", "'m", "’s", "’re", "’ve", "’ll", "’d", "’m"))
_CLOSING = ".,;:!?)]%'”’"
_QUOTES = {"``": f'"{JOINER}', "''": f'{JOINER}"'}  # as the Penn Treebank has them
_NOT = frozenset(("n't", "n’t", "N'T"))


class Token(NamedTuple):
    """A token of the model, and where it stands in the text as written."""

    token: str
    start: int
    end: int


class Reading:
    """The tokens of a text in order, cut into windows that are read by themselves.

    windows: (first token, behind the last) of each; tokens that are left alone are OPAQUE.
    """

    def __init__(self, text: str, tokens: list[Token], windows: list[tuple[int, int]], apart: bool) -> None:
        self.text, self.tokens, self.windows = text, tokens, windows
        self.apart = apart  # its marks stand apart, as in text that is cut into tokens

    def ends(self, window: tuple[int, int]) -> bool:
        """Return whether a window is of whole sentences: what has no end is a heading, an item or a cell of a table."""
        last = [self.tokens[i].token.strip(JOINER) for i in range(max(window[1] - 2, window[0]), window[1])]
        return any(token in _ENDS or token[:1] in _CLOSES for token in last)

    def surface(self, i: int) -> str:
        """Return a token as it is written."""
        return self.text[self.tokens[i].start : self.tokens[i].end]


def read(text: str, tokenizer: Tokenizer, path: str = "") -> Reading:
    """Read a text: markup left alone, paragraphs cut into windows of whole sentences."""
    prose = Prose(text, kind_of(path, text))
    apart = stands_apart(prose.text)
    cut = _Pieces(tokenizer, apart)
    tokens: list[Token] = []
    windows: list[tuple[int, int]] = []
    for start, end in units(prose.text):
        first = len(tokens)
        for match in _PIECE.finditer(prose.text, start, end):
            at = match.start()
            tokens += [Token(t, prose.place(at + a), prose.place(at + b, end=True)) for t, a, b in cut[match[0]]]
        if apart:
            tokens[first:] = list(_joined(tokens[first:]))
        windows += _windows(tokens, first, len(tokens))
    return Reading(text, tokens, windows, apart)


def stands_apart(text: str) -> bool:
    """Return whether most marks of a text have a space before them: it is cut into tokens already."""
    marks = len(_MARK.findall(text))
    return marks > 0 and len(_ALONE.findall(text)) > APART * marks


def units(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the paragraphs of a text stand: between blank lines where lines are wrapped, else the lines.

    A line that goes on in lower case, without an end of a sentence before it, is wrapped, too.
    """
    start = 0
    for gap in _GAP.finditer(text):
        yield from _lines(text, start, gap.start())
        start = gap.end()
    yield from _lines(text, start, len(text))


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the lines of a block as units, those that are wrapped as one."""
    lines = [(m.start(), m.end()) for m in re.finditer(r"[^\n]+", text[start:end])]
    longest = max((b - a for a, b in lines), default=0)
    first = 0
    for i, (low, high) in enumerate(lines):
        last = i + 1 == len(lines)
        if last or not _goes_on(text[start + low : start + high], text[start + lines[i + 1][0] :][:40], longest):
            yield start + lines[first][0], start + high
            first = i + 1


def _goes_on(line: str, following: str, longest: int) -> bool:
    """Return whether a sentence goes on in the next line: as the letters say, or a line full to a usual width."""
    ended = line.rstrip(_SPACE + "\"'”’»)]")[-1:] in _ENDS
    begins = following.lstrip(_SPACE)[:1]
    if begins.islower():
        return not ended
    full = 50 <= longest <= WRAPPED and len(line) > 0.7 * longest
    return full and not ended and begins.isalnum()


class _Pieces(dict[str, list[tuple[str, int, int]]]):
    """How each piece is cut, found when first met: tokens and their places in it."""

    def __init__(self, tokenizer: Tokenizer, apart: bool) -> None:
        """apart: marks stand alone, and are read as if they touched the word that they belong to."""
        self._tokenizer, self._apart = tokenizer, apart

    def __missing__(self, piece: str) -> list[tuple[str, int, int]]:
        if self._apart and (instead := _touching(piece)):
            self[piece] = [(instead, 0, len(piece))]
            return self[piece]
        tokens = self._tokenizer.split(piece)
        found: list[tuple[str, int, int]] = []
        at = done = 0
        for part, count in surfaces(self._tokenizer, piece):
            whole = "".join(tokens[done : done + count]) if count == 1 else OPAQUE
            if count:
                found.append((OPAQUE if OPAQUE in part else whole, at, at + len(part)))
            at, done = at + len(part), done + count
        self[piece] = found
        return found


def _touching(piece: str) -> str:
    """Return a mark that stands alone as prose would have it, '.' as '￭.'; "" for what is none."""
    if piece in _CLITICS or (len(piece) <= 3 and not any(map(str.isalnum, piece)) and piece[0] in _CLOSING):
        return JOINER + piece
    return piece if piece in _NOT else _QUOTES.get(piece, "")


def _joined(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yield the tokens of a text whose marks stand apart, do n't as don't."""
    waiting: Token | None = None
    for token in tokens:
        if waiting is not None and token.token in _NOT:
            waiting = Token(waiting.token + token.token, waiting.start, token.end)
            continue
        if waiting is not None:
            yield waiting
        waiting = token
    if waiting is not None:
        yield waiting


def _windows(tokens: Sequence[Token], first: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield parts of a paragraph: whole sentences, as many as fit; one too long for any window is cut."""
    start = first
    for a, b in _sentences(tokens, first, end):
        if a > start and b - start > WINDOW:
            yield start, a
            start = a
        while b - start > LONGEST:
            yield start, start + WINDOW
            start += WINDOW
    if end > start:
        yield start, end


def _sentences(tokens: Sequence[Token], first: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where sentences begin and end."""
    start, ended = first, False
    for i in range(first, end):
        bare = tokens[i].token.strip(JOINER)
        if ended and bare not in _CLOSES and bare not in _ENDS:
            yield start, i
            start = i
            ended = False
        ended = ended or bare in _ENDS
    if end > start:
        yield start, end
