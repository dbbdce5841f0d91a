"""How text is set on a terminal: the columns that it takes, lines broken between words, tables, numbers, commands."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, TextIO

USUAL_WIDTH = 80  # columns, where neither COLUMNS nor the terminal says
LEAST_WIDTH = 20  # columns: a narrower terminal is not written for
GAPS = ("  ", " ")  # between the columns of a table; the second where the first leaves no room
LEAST_TEXT = 20  # columns of a text in a table; where there is less, a record is set below a record
DIGITS, SMALL_DIGITS = 4, 2  # of a number that a person reads; the second below a thousandth
_OPENING, _CLOSING = (
    frozenset("「『（【〈《〔［｛“‘"),
    frozenset("」』）】〉》〕］｝”’、。，．・！？：；ー々…ぁぃぅぇぉっゃゅょァィゥェォッャュョ"),
)
_PLAIN = re.compile(r"[\w@%+=:,./。、-]+")  # a word that no shell changes

Part = tuple[str, int]  # text, and its shade
Line = list[Part]


def width_of(stream: TextIO) -> int:
    """Return the columns of the terminal that a stream writes to."""
    try:
        columns = int(os.environ.get("COLUMNS", ""))
    except ValueError:
        columns = 0
    if columns <= 0:
        try:
            columns = os.get_terminal_size(stream.fileno()).columns
        except (OSError, ValueError):
            columns = 0
    return max(columns or USUAL_WIDTH, LEAST_WIDTH)


def display_width(text: str) -> int:
    """Return the columns that a text takes: East Asian wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(2 if _wide(c) else 0 if unicodedata.combining(c) else 1 for c in text)


def wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of at most `width` columns, broken between words; what has no joint stays whole."""
    starts = line_starts(text, width)
    return [text[a:b].rstrip() for a, b in pairwise([*starts, len(text)])] if len(starts) > 1 else [text]


def line_starts(text: str, width: int) -> list[int]:
    """Return where each line of a wrapped text begins."""
    starts, used = [0], 0
    if display_width(text) <= width:
        return starts
    place = 0
    for part in parts(text, width):
        here = text[starts[-1] : place]
        if here.strip() and used + display_width(part.rstrip()) > width:
            starts.append(place)
            used = 0
        used += display_width(part)
        place += len(part)
    return starts


def parts(text: str, width: int) -> Iterator[str]:
    """Yield the parts of a text that a line is not broken in, each with the spaces behind it.

    Japanese and Chinese that has no better joint for longer than a line is broken between any two characters.
    """
    joints = [0, *(i for i in range(1, len(text)) if _joint(text, i)), len(text)]
    for a, b in pairwise(joints):
        if display_width(text[a:b].rstrip()) <= width:
            yield text[a:b]
        else:
            loose = [a, *(i for i in range(a + 1, b) if _loose_joint(text, i)), b]
            yield from (text[i:j] for i, j in pairwise(loose))


class FilledLine:
    """A text that comes in pieces, filled into lines: a part is written once what follows shows that it ended."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._held, self._space, self._used = "", "", 0

    def add(self, piece: str) -> str:
        """Return what can be written, now that this piece has come."""
        *whole, self._held = (self._held + piece).split("\n")
        out = "".join("".join(map(self._placed, parts(line, self._width))) + self._ended() for line in whole)
        *ready, self._held = [*parts(self._held, self._width)] or [""]
        return out + "".join(map(self._placed, ready))

    def end(self) -> str:
        """Return what is left to be written."""
        return self._placed(self._held)

    def _placed(self, part: str) -> str:
        shown = part.rstrip(" ")
        before, self._used = self._space, self._used + len(self._space) + display_width(shown)
        if self._used > self._width and self._used > display_width(shown):
            before, self._used = "\n", display_width(shown)
        self._space = part[len(shown) :]
        return before + shown

    def _ended(self) -> str:
        self._used, self._space = 0, ""
        return "\n"


def _joint(text: str, i: int) -> bool:
    """Return whether a line may begin at text[i]: behind spaces, in [a|b|c], in Japanese where a phrase begins."""
    before, here = text[i - 1], text[i]
    if before.isspace() or here.isspace():
        return before.isspace() and not here.isspace() and "=" not in (here, text[i - 2 : i - 1])  # p = 0.01 is one
    if before == "|":
        return text.rfind("[", 0, i) > text.rfind("]", 0, i)
    if not _loose_joint(text, i):
        return False
    if before in "、。，．！？」』）】" or here in _OPENING:
        return True
    honorific = before in "おご" and (i < 2 or not _hiragana(text[i - 2]))
    return _hiragana(before) and not _hiragana(here) and not honorific


def _loose_joint(text: str, i: int) -> bool:
    """Return whether the rules of Japanese typesetting let a line begin at text[i]."""
    before, here = text[i - 1], text[i]
    if not (_wide(before) or _wide(here)) or unicodedata.combining(here):
        return False
    return before not in _OPENING and here not in _CLOSING


def _hiragana(c: str) -> bool:
    return "\u3041" <= c <= "\u309f"


def _wide(c: str) -> bool:
    return c > "\u10ff" and unicodedata.east_asian_width(c) in "WF"


def readable(value: Any) -> str:
    """Return a value as a person reads it: few digits, thousands apart; what is not quite 1 stays so."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if not isinstance(value, float):
        return str(value)
    if 1000 <= abs(value) < 1e9:
        return f"{value:,.0f}"
    digits = DIGITS if abs(value) >= 0.001 else SMALL_DIGITS
    while abs(value) < 1 <= abs(float(f"{value:.{digits}g}")):
        digits += 1
    return f"{value:.{digits}g}"


def shell_word(word: str) -> str:
    """Return a word as a person would type it into a shell: quoted only where it must be."""
    if _PLAIN.fullmatch(word):
        return word
    from shlex import quote

    return f'"{word}"' if "'" in word and not set(word) & set('"$`\\!') else quote(word)


def command_lines(words: Sequence[str], width: int) -> list[str]:
    """Return a command, its words as they are typed, that can be copied: lines end in \\ where it takes several."""
    lines = [""]
    for word in words:
        if lines[-1] and display_width(f"{lines[-1]} {word}") > width - len(" \\"):
            lines[-1] += " \\"
            lines.append("    " + word)
        else:
            lines[-1] += f" {word}" if lines[-1] else word
    return lines


def table_lines(
    columns: Sequence[str], rows: Sequence[Sequence[Line]], numeric: Sequence[bool], width: int
) -> list[Line]:
    """Return a table as lines: aligned where it fits without breaking a word or number, else a record below a record.

    Cells are texts in shades; those of numeric columns stand to the right. The first line, where it is a heading, and
    the names of a record have the shade HEADING.
    """
    texts = [["".join(text for text, _ in cell) for cell in row] for row in rows]
    for gap in GAPS:
        widths = _column_widths(columns, texts, numeric, width - len(gap) * (len(columns) - 1))
        if widths is not None:
            break
    else:
        used = [i for i in range(len(columns)) if any(row[i] for row in texts)]  # a column of nothing takes no room
        if 0 < len(used) < len(columns):
            kept = [[row[i] for i in used] for row in rows]
            return table_lines([columns[i] for i in used], kept, [numeric[i] for i in used], width)
        return record_lines(columns, rows, width)
    heading = [_set(_headed(name), w, right) for name, w, right in zip(columns, widths, numeric, strict=True)]
    lines = [_joined(heading, gap)]
    for row in rows:
        broken = [wrapped_cell(cell, w) for cell, w in zip(row, widths, strict=True)]
        for k in range(max(map(len, broken))):
            cells = [cell[k] if k < len(cell) else [] for cell in broken]
            lines.append(_joined([_set(c, w, right) for c, w, right in zip(cells, widths, numeric, strict=True)], gap))
    return lines


HEADING = -1


def _column_widths(
    columns: Sequence[str], texts: Sequence[Sequence[str]], numeric: Sequence[bool], room: int
) -> list[int] | None:
    """Return how wide each column is set, None where there is no room for all; room: without the gaps."""
    natural, least = [], []
    for i, name in enumerate(columns):
        whole = max(map(display_width, (name, *(row[i] for row in texts))))
        words = [part.rstrip() for row in texts for part in parts(row[i], room)]
        longest = max(map(display_width, (name, *words)))
        natural.append(whole)
        least.append(whole if numeric[i] else max(longest, min(whole, LEAST_TEXT)))
    if sum(least) > room:
        return None
    left = room - sum(least)
    while left > 0 and (gap := max(n - have for n, have in zip(natural, least, strict=True))) > 0:
        least[next(i for i, have in enumerate(least) if natural[i] - have == gap)] += 1
        left -= 1
    return least


def record_lines(columns: Sequence[str], rows: Sequence[Sequence[Line]], width: int) -> list[Line]:
    """Return a record below a record, a name and a value a line; what is empty is left out."""
    margin = max(map(display_width, columns)) + len(GAPS[0])
    room = max(width - margin, LEAST_TEXT // 2)
    lines: list[Line] = []
    for row in rows:
        lines += [[]] if lines else []
        for name, cell in zip(columns, row, strict=True):
            if any(text for text, _ in cell):
                first, *more = wrapped_cell(cell, room)
                lines.append([*_set(_headed(name), margin, False), *first])
                lines += [[(" " * margin, 0), *line] for line in more]
    return lines


def wrapped_cell(cell: Line, width: int) -> list[Line]:
    """Return text in shades as lines of at most `width` columns, broken between words."""
    text = "".join(part for part, _ in cell)
    lines: list[Line] = []
    for low, high in pairwise([*line_starts(text, width), len(text)]):
        high = low + len(text[low:high].rstrip()) if high < len(text) else high
        line, place = [], 0
        for part, shade in cell:
            inside = part[max(low - place, 0) : max(high - place, 0)]
            line += [(inside, shade)] if inside else []
            place += len(part)
        lines.append(line)
    return lines


def _headed(name: str) -> Line:
    return [(name, HEADING)]


def _set(cell: Line, width: int, right: bool) -> Line:
    """Return a cell filled with spaces to its width."""
    left = width - sum(display_width(text) for text, _ in cell)
    space = [(" " * left, 0)] if left > 0 else []
    return [*space, *cell] if right else [*cell, *space]


def _joined(cells: Sequence[Line], gap: str) -> Line:
    """Return cells as one line, without spaces at its end."""
    line = [part for cell in cells for part in [*cell, (gap, 0)]]
    while line and not line[-1][0].strip() and line[-1][1] == 0:
        line.pop()
    return line
