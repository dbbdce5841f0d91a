"""In what form a text comes, as typed: its encoding, the columns to read of a table, or nothing looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from seqcli.quantities import bytes_of

AUTO = "auto"  # UTF-8, or the encoding that is recognised


def say_nothing(note: str) -> None:
    """Let a note go unheard."""


@dataclass(frozen=True)
class Form:
    """How files are read. note hears, in one line, what a person should know of them."""

    encoding: str = AUTO
    columns: tuple[str, ...] = ()  # names, or numbers from 1, of a CSV, TSV or JSON lines file
    plain: bool = False  # markup, documents and tables are read as they are
    documents: bool = True  # those of a folder are texts; where not, they are passed over
    rows: bool = False  # tables and JSON are, by whoever knows them; documents are opened
    wanted: int = 1  # columns that are read: two of one file of pairs
    memory: int | None = None  # bytes that reading may take, whatever the text; None: as many as it wants
    note: Callable[[str], None] = say_nothing

    def options(self) -> list[str]:
        """Return the options that give this form, as typed."""
        words = [] if self.encoding == AUTO else ["--encoding", self.encoding]
        words += [word for name in self.columns for word in ("--column", name)]
        words += [] if self.memory is None else ["--memory", str(self.memory)]
        return [*words, "--plain"] if self.plain else words


TEXT = Form()
PLAIN = Form("utf-8", plain=True)
KEYWORDS = ("encoding", "columns", "plain", "memory")


def form_of(given: Mapping[str, Any]) -> Form:
    """Return the form that keyword arguments say; the other ones are passed over."""
    columns = given.get("columns", ())
    return Form(
        given.get("encoding", TEXT.encoding),
        (columns,) if isinstance(columns, str) else tuple(columns),
        given.get("plain", TEXT.plain),
        memory=None if (memory := given.get("memory")) is None else bytes_of(str(memory)),
    )
