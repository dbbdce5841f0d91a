"""Attention to be looked at: a picture, or cells in the terminal."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from seqcli.cli.session import Session

if TYPE_CHECKING:
    from seqcli.translation.lines import Looked

CELLS = " ░▒▓█"  # from nothing to all of a weight
LONGEST_WORD = 12  # letters of a source word above its column


def draw_heatmap(session: Session, path: str, looked: Looked) -> None:
    """Write the picture of an attention."""
    from seqcli.plots.attention import draw_attention
    from seqcli.plots.figure import japanese_font
    from seqcli.text.tokens import shown

    source, target = (list(map(shown, side)) for side in (looked.source, looked.target))
    if any(_width(word) > len(word) for word in [*source, *target]) and japanese_font() is None:
        session.note(
            "Note: no Japanese font was found on this system, so the picture has boxes for letters; install one, such "
            "as Noto Sans CJK JP."
        )
    draw_attention(path, source, target, looked.weights)


def shaded_cells(looked: Looked) -> list[str]:
    """Return attention as lines of text: source words from top to bottom above the columns, a target word a row."""
    from seqcli.text.tokens import shown

    columns = [shown(word)[:LONGEST_WORD] for word in looked.source]
    names = [shown(word) for word in looked.target]
    width = max(map(_width, names), default=0)
    height = max(map(len, columns), default=0)
    lines = []
    for i in range(height):
        letters = [column.rjust(height)[i] for column in columns]
        lines.append(" " * (width + 1) + "".join(letter + " " * (2 - _width(letter)) for letter in letters))
    for name, weights in zip(names, looked.weights, strict=True):
        cells = "".join(2 * CELLS[min(round(float(w) * (len(CELLS) - 1)), len(CELLS) - 1)] for w in weights)
        lines.append(" " * (width - _width(name)) + f"{name} {cells}")
    return [line.rstrip() for line in lines] + [""]


def _width(text: str) -> int:
    """Return the columns that a text takes on a terminal."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)
