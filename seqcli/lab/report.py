"""What an experiment of the lab found: tables, the numbers behind its picture, and one sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Tell = Callable[..., None]  # (sentence, **numbers): a line of progress, in the reader's language


class Table(NamedTuple):
    """A further table of a report."""

    name: str
    columns: tuple[str, ...]
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Report:
    """The result of one experiment.

    columns and rows: the table. numbers: what the sentence quotes. sentence: what was seen, as clauses in English with
    the numbers' names in braces; which clauses depends on the numbers. series: what only the picture shows.
    """

    experiment: str
    settings: dict[str, Any]
    columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    numbers: dict[str, Any]
    sentence: tuple[str, ...]
    series: dict[str, Any] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)


def silent(sentence: str, **numbers: Any) -> None:
    """Tell nothing."""
