"""The only file that writes to the terminal: results to stdout; notes and bars to stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from seqcli.cli.layout import (
    HEADING,
    FilledLine,
    Line,
    command_lines,
    display_width,
    readable,
    record_lines,
    shell_word,
    table_lines,
    width_of,
    wrapped,
    wrapped_cell,
)
from seqcli.errors import SeqcliError, escape

Value = str | int | float | bool | list[str] | None
_TSV = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
SHADES = (  # of rising strength; those that matter are told apart without colour too
    "",
    "black on color(230)",
    "underline black on color(222)",
    "bold black on color(208)",
    "bold underline white on color(160)",
)
WITHOUT_TIME_LEFT = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}, {rate_fmt}{postfix}]"  # tqdm's, but for its guess


class Shaded(str):
    """Text of which a terminal shows every part in its shade; anywhere else it is the text alone."""

    parts: tuple[tuple[str, int], ...]  # text, and place among SHADES

    def __new__(cls, parts: Iterable[tuple[str, int]]) -> Shaded:
        parts = tuple(parts)
        made = super().__new__(cls, "".join(text for text, _ in parts))
        made.parts = parts
        return made


class Terminal:
    """Where a command writes. `output` is the format of results: "" (table or TAB-separated), json, jsonl or csv."""

    def __init__(self) -> None:
        self.quiet = False
        self.output = ""

    @property
    def interactive(self) -> bool:
        """Whether somebody looks at the progress as it comes."""
        return not self.quiet and sys.stderr is not None and sys.stderr.isatty()

    @property
    def table(self) -> bool:
        """Whether results become a table that a person reads."""
        return not self.output and sys.stdout is not None and sys.stdout.isatty()

    def note(self, line: str, command: Sequence[str] = ()) -> None:
        """Say something on stderr, escaped; -q silences it. command: words of a command line to try, behind it."""
        if self.quiet or sys.stderr is None:
            return
        with suppress(BrokenPipeError):  # nobody listens any more: no reason to end a training
            print("\n".join(_note_lines(line, command, sys.stderr)), file=sys.stderr, flush=True)

    def legend(self, line: Shaded) -> None:
        """Say on stderr what shades mean, where somebody looks."""
        if self.interactive:
            _print_lines(wrapped_cell(_cell(line), width_of(sys.stderr)), sys.stderr)

    def results(self, *columns: str) -> Results:
        """Return where the records of a command go, in the format that was asked for."""
        return Results(columns, self.output, _stdout())

    def facts(self, facts: Iterable[tuple[str, Value]], *columns: str) -> None:
        """Print what there is to say of one thing: a name and a value a line; in a pipe and CSV, two columns."""
        if self.table:
            names, values = zip(*facts, strict=True)
            _print_lines(record_lines(names, [list(map(_cell, values))], width_of(_stdout())), _stdout())
            return
        with self.results(*columns) as out:
            for name, value in facts:
                out.add(name, value)

    def document(self, value: Mapping[str, Any]) -> None:
        """Print one JSON object."""
        out = _stdout()
        print(_json(value, out), file=out, flush=True)

    def texts(self, lines: Iterable[str]) -> None:
        """Print texts that are no records, a line each: as they are in a pipe, escaped and wrapped on a terminal."""
        out = _stdout()
        out.write("".join(line + "\n" for text in lines for line in _text_lines(text, out)))

    def raw(self, lines: Iterable[str]) -> None:
        """Print lines with their ends, as they are in a pipe, escaped on a terminal: a diff must stay what it is."""
        out = _stdout()
        out.writelines(f"{escape(line[:-1])}\n" if out.isatty() else line for line in lines)

    def shaded(self, lines: Iterable[Shaded]) -> None:
        """Print texts in shades, wrapped on a terminal."""
        out = _stdout()
        for line in lines:
            _print_lines(wrapped_cell(_cell(line), width_of(out)), out)

    def stream(self, pieces: Iterable[str]) -> None:
        """Print a text as its pieces come: as they are in a pipe, escaped on a terminal and wrapped between words."""
        out = _stdout()
        line = FilledLine(width_of(out)) if out.isatty() else None
        for piece in pieces:
            out.write(piece if line is None else line.add("\n".join(map(escape, piece.split("\n")))))
            out.flush()
        out.write((line.end() if line else "") + "\n")

    @contextmanager
    def bar(self, total: int | None, what: str, unit: str = "B", own_time: bool = False) -> Iterator[Bar]:
        """Show how far something is, as a bar on a terminal; total None where it is not known.

        own_time: what stands beside the bar says how long it will take, better than the bar could.
        """
        bar = Bar(self, total, what, unit, own_time)
        try:
            yield bar
        finally:
            bar.close()


class Bar:
    """A bar over something that is counted; silent where nobody looks."""

    def __init__(self, terminal: Terminal, total: int | None, what: str, unit: str, own_time: bool) -> None:
        self._terminal = terminal
        self._bar: Any = None
        if terminal.interactive:
            from tqdm import tqdm

            scale = unit in ("B", "token", "word")
            shape = {"bar_format": WITHOUT_TIME_LEFT} if own_time else {}
            self._bar = tqdm(
                total=total, desc=what, unit=unit, unit_scale=scale, leave=False, dynamic_ncols=True, **shape
            )

    def to(self, count: int, total: int | None = None, extra: str = "") -> None:
        """Move the bar to a count, of a new total where one is given."""
        if self._bar is not None:
            self._bar.total = self._bar.total if total is None else total
            if extra:
                self._bar.set_postfix_str(extra, refresh=False)
            self._bar.update(count - self._bar.n)

    def note(self, line: str) -> None:
        """Say a line above the bar."""
        if self._bar is not None:
            self._bar.clear()
        self._terminal.note(line)
        if self._bar is not None:
            self._bar.refresh()

    def close(self) -> None:
        """Take the bar off the screen."""
        if self._bar is not None:
            self._bar.close()


class Results:
    """Records on their way to stdout, in order; a table waits for its end, everything else is written at once."""

    def __init__(self, columns: Sequence[str], output: str, out: TextIO) -> None:
        self.columns = list(columns)
        self._output = output or ("table" if out.isatty() else "tsv")
        self._out = out
        self._rows: list[list[Value]] = []
        self._count = 0
        self._csv: Any = None

    def __enter__(self) -> Results:
        if self._output == "csv":
            import csv

            self._csv = csv.writer(self._out, lineterminator="\n")
            self._csv.writerow(self.columns)
        return self

    @property
    def read_by_a_person(self) -> bool:
        """Whether the records become a table on a terminal."""
        return self._output == "table"

    def add(self, *values: Value) -> None:
        """Write a record, its values in the order of the columns."""
        if self._output == "table":
            self._rows.append(list(values))
        elif self._output == "tsv":
            self._out.write("\t".join(_text(v).translate(_TSV) for v in values) + "\n")
        elif self._output == "csv":
            seen = escape if self._out.isatty() else str
            self._csv.writerow([seen(_text(v)) for v in values])
        else:
            line = _json(dict(zip(self.columns, values, strict=True)), self._out)
            opening = "" if self._output == "jsonl" else ",\n" if self._count else "["
            self._out.write(opening + line + ("\n" if self._output == "jsonl" else ""))
        self._count += 1

    def flush(self) -> None:
        """Let a reader have what is there: a program that asks and waits must get its answer."""
        self._out.flush()

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        if kind is None:
            if self._output == "json":
                self._out.write("]\n" if self._count else "[]\n")
            if self._output == "table" and self._rows:
                _print_table(self.columns, self._rows, self._out)
            self._out.flush()


def _stdout() -> TextIO:
    if sys.stdout is None:
        raise SeqcliError("Standard output is closed; leave it open, or send it to a file.")
    return sys.stdout


def _text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _json(value: Mapping[str, Any], out: TextIO) -> str:
    """Return JSON; on a terminal with what it could obey written as JSON writes it too, \\u009b."""
    import json  # here: a help page does without it

    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if text.isascii() or not out.isatty():
        return text
    return "".join(c if escape(c) == c else json.dumps(c)[1:-1] for c in text)


def _text_lines(text: str, out: TextIO) -> list[str]:
    return wrapped(escape(text), width_of(out)) if out.isatty() else [text]


def _note_lines(line: str, command: Sequence[str], out: TextIO) -> list[str]:
    """Return a note as it is written: on a terminal wrapped, a command that does not fit below it, to be copied."""
    lines = [escape(part) for part in line.split("\n")]
    typed = [shell_word(escape(word)) for word in command]
    whole = " ".join(typed)
    width = width_of(out) if out.isatty() else None
    if width is None:
        return [*lines[:-1], f"{lines[-1]} {whole}".rstrip()]
    below: list[str] = []
    if command and display_width(f"{lines[-1]} {whole}") <= width:
        lines[-1] += f" {whole}"
    elif command:
        below = ["  " + part for part in command_lines(typed, width - 2)]
    return [part for text in lines for part in wrapped(text, width)] + below


def _cell(value: Value) -> Line:
    cell = value.parts if isinstance(value, Shaded) else ((readable(value), 0),)
    return [(escape(text), shade) for text, shade in cell]


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[Value]], out: TextIO) -> None:
    numeric = [all(row[i] is None or _is_number(row[i]) for row in rows) for i in range(len(columns))]
    cells = [[_cell(value) for value in row] for row in rows]
    _print_lines(table_lines(columns, cells, numeric, width_of(out)), out)


def _print_lines(lines: Iterable[Line], out: TextIO) -> None:
    """Print lines of text in shades, as they are set."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=out, highlight=False)
    for line in lines:
        styled = ((text, "bold" if shade == HEADING else SHADES[shade]) for text, shade in line)
        console.print(Text.assemble(*styled), soft_wrap=True)


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
