"""What an experiment found, on its way to the reader: language, tables, sentence, picture."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.options import option
from seqcli.cli.outputs import check_picture
from seqcli.cli.session import Session
from seqcli.errors import quoted
from seqcli.lab.japanese import LANGUAGES, NAMING, speaker, told

if TYPE_CHECKING:
    from seqcli.cli.terminal import Terminal
    from seqcli.lab.report import Report

language_option = option(
    "--lang",
    type=click.Choice(LANGUAGES),
    default="en",
    help="Language of tables, sentence and picture.  [default: en]",
)
SHORT = {"singular_value": "sigma", "forget_bias": "bias", "finite_differences": "differences"}  # to fit 80 columns
SIGNIFICANT = 3  # digits of a number in a table; JSON, JSON lines and CSV have all
NO_FONT = (
    "Note: no Japanese font was found on this system, so the words of the picture are English; "
    "install one, such as Noto Sans CJK JP."
)


def picture_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --save and --replace."""
    function = option("--replace", is_flag=True, help="Replace a picture that is there.", panel="Output")(function)
    return option("--save", metavar="FILE", help="Draw the picture into a .png or .svg file.", panel="Output")(function)


@dataclass(frozen=True)
class Asked:
    """How the reader wants to be told."""

    language: str
    save: str | None


def prepared(session: Session, params: dict[str, Any]) -> Asked:
    """Return how to tell, and refuse a picture that could not be written before the experiment is run."""
    save: str | None = params["save"]
    if save is not None:
        check_picture(save, params["replace"])
    return Asked(params["lang"], save)


def teller(terminal: Terminal, language: str) -> Callable[..., None]:
    """Return what tells a line of progress."""
    say = speaker(language)
    return lambda sentence, **numbers: terminal.note(told(say, (sentence,), numbers))


def show(terminal: Terminal, report: Report, asked: Asked) -> None:
    """Print tables and sentence, or one JSON object with every number; draw the picture."""
    say = speaker(asked.language)
    sentence = told(say, report.sentence, report.numbers)
    if terminal.output == "json":
        terminal.document(_document(report, sentence))
    else:
        _print_table(terminal, report.columns, report.rows, say)
        if terminal.output:
            terminal.note(sentence)
        else:
            for table in report.tables:
                terminal.texts([""])
                terminal.texts([f"{say(table.name)}:"])
                _print_table(terminal, table.columns, table.rows, say)
            terminal.texts([""])
            terminal.texts([sentence])
    if asked.save is not None:
        _draw(terminal, report, asked)


def _print_table(
    terminal: Terminal, columns: tuple[str, ...], rows: list[dict[str, Any]], say: Callable[[str], str]
) -> None:
    headings = columns if terminal.output else tuple(_heading(say(column)) for column in columns)
    read_by_people = not terminal.output
    with terminal.results(*headings) as out:
        for row in rows:
            said = [say(row[c]) if c in NAMING and isinstance(row[c], str) else _plain(row[c]) for c in columns]
            out.add(*(_short(value) if read_by_people else value for value in said))


def _heading(name: str) -> str:
    return SHORT.get(name, name)


def _short(value: Any) -> Any:
    """Return a number to the digits that a reader compares; what is not quite 1 stays so."""
    if not isinstance(value, float) or (value < 1 <= float(f"{value:.{SIGNIFICANT}g}")):
        return value
    return float(f"{value:.{SIGNIFICANT}g}")


def _plain(value: Any) -> Any:
    """Return a value that JSON has: infinite and no number become null."""
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _document(report: Report, sentence: str) -> dict[str, Any]:
    tables = {table.name: table.rows for table in report.tables}
    document: dict[str, Any] = {"experiment": report.experiment, "settings": report.settings, "sentence": sentence}
    document |= {"numbers": report.numbers, "rows": report.rows, "tables": tables, "series": report.series}
    plain: dict[str, Any] = _plain(document)
    return plain


def _draw(terminal: Terminal, report: Report, asked: Asked) -> None:
    from seqcli.plots.figure import japanese_font
    from seqcli.plots.lab import draw

    assert asked.save is not None
    language = asked.language
    if language == "ja" and japanese_font() is None:
        terminal.note(NO_FONT)
        language = "en"
    draw(asked.save, report, speaker(language))
    terminal.note(f"The picture is in {quoted(asked.save)}.")
