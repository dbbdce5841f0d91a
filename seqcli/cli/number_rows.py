"""Rows of numbers, such as vectors and codes: whole in JSON, in few digits for a person, a column each in a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqcli.cli.layout import readable

if TYPE_CHECKING:
    from seqcli.cli.terminal import Terminal

LISTS = ("json", "jsonl")  # formats that hold a list in one place


def number_columns(terminal: Terminal, name: str, count: int) -> tuple[str, ...]:
    """Return the columns of rows of so many numbers: one of that name, or one for each number."""
    return (name,) if terminal.output in LISTS or terminal.table else tuple(map(str, range(1, count + 1)))


def number_cells(terminal: Terminal, row: list[float]) -> list[Any]:
    """Return what stands in those columns: in a pipe nine digits, enough to read the same float32 again."""
    if terminal.output in LISTS:
        return [row]
    return [" ".join(map(readable, row))] if terminal.table else [f"{value:.9g}" for value in row]
