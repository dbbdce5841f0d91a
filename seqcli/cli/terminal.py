"""The only file that writes to the terminal: results to stdout; notes and bars to stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from seqcli.errors import SeqcliError, escape

Value = str | int | float | bool | None
_TSV = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
SHADES = (  # of rising strength; those that matter are told apart without colour too
    "",
    "black on color(230)",
    "underline black on color(222)",
    "bold black on color(208)",
    "bold underline white on color(160)",
)
CURVE_ROWS, CURVE_COLUMNS = 10, 60  # of a curve drawn in characters: fits an 80-column terminal with its labels


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

    def note(self, line: str) -> None:
        """Say something on stderr, escaped; -q silences it."""
        if not self.quiet and sys.stderr is not None:
            with suppress(BrokenPipeError):  # nobody listens any more: no reason to end a training
                print("\n".join(escape(part) for part in line.split("\n")), file=sys.stderr, flush=True)

    def legend(self, line: Shaded) -> None:
        """Say on stderr what shades mean, where somebody looks."""
        if self.interactive:
            from rich.console import Console

            Console(file=sys.stderr, highlight=False).print(_cell(line))

    def results(self, *columns: str) -> Results:
        """Return where the records of a command go, in the format that was asked for."""
        return Results(columns, self.output, _stdout())

    def document(self, value: Mapping[str, Any]) -> None:
        """Print one JSON object."""
        import json  # here, as below: a help page does without it

        print(json.dumps(value, ensure_ascii=False, allow_nan=False), file=_stdout(), flush=True)

    def line(self, text: str) -> None:
        """Print a line of a result on stdout, escaped: what is no record of a table."""
        print(escape(text), file=sys.stdout, flush=True)

    def texts(self, lines: Iterable[str]) -> None:
        """Print texts that are no records, a line each: as they are in a pipe, escaped on a terminal."""
        out = _stdout()
        out.write("".join((escape(line) if out.isatty() else line) + "\n" for line in lines))

    def stream(self, pieces: Iterable[str]) -> None:
        """Print a text as its pieces come, escaped but for the ends of lines."""
        out = _stdout()
        for piece in pieces:
            out.write("\n".join(map(escape, piece.split("\n"))))
            out.flush()
        out.write("\n")

    @contextmanager
    def bar(self, total: int | None, what: str, unit: str = "B") -> Iterator[Bar]:
        """Show how far something is, as a bar on a terminal; total None where it is not known."""
        bar = Bar(total, what, unit, self.interactive)
        try:
            yield bar
        finally:
            bar.close()


class Bar:
    """A bar over something that is counted; silent where nobody looks."""

    def __init__(self, total: int | None, what: str, unit: str, shown: bool) -> None:
        self._bar: Any = None
        if shown:
            from tqdm import tqdm

            scale = unit in ("B", "token", "word")
            self._bar = tqdm(total=total, desc=what, unit=unit, unit_scale=scale, leave=False, dynamic_ncols=True)

    def to(self, count: int, total: int | None = None, extra: str = "") -> None:
        """Move the bar to a count, of a new total where one is given."""
        if self._bar is not None:
            self._bar.total = self._bar.total if total is None else total
            if extra:
                self._bar.set_postfix_str(extra, refresh=False)
            self._bar.update(count - self._bar.n)

    def note(self, terminal: Terminal, line: str) -> None:
        """Say a line above the bar."""
        if self._bar is not None:
            self._bar.clear()
        terminal.note(line)
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
    def shaded(self) -> bool:
        """Whether the shades of a text will be seen."""
        return self._output == "table"

    def add(self, *values: Value) -> None:
        """Write a record, its values in the order of the columns."""
        if self._output == "table":
            self._rows.append(list(values))
        elif self._output == "tsv":
            self._out.write("\t".join(_text(v).translate(_TSV) for v in values) + "\n")
        elif self._output == "csv":
            self._csv.writerow([_text(v) for v in values])
        else:
            import json

            line = json.dumps(dict(zip(self.columns, values, strict=True)), ensure_ascii=False, allow_nan=False)
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
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _cell(value: Value) -> Any:
    from rich.text import Text

    parts = value.parts if isinstance(value, Shaded) else ((_text(value), 0),)
    return Text.assemble(*((escape(text), SHADES[shade]) for text, shade in parts))


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[Value]], out: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    numeric = [all(_is_number(text) for row in rows if (text := _text(row[i]))) for i in range(len(columns))]
    for name, right in zip(columns, numeric, strict=True):
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(_cell, row))
    Console(file=out, highlight=False).print(table)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def duration(seconds: float) -> str:
    """Return seconds as a person says them: 42 s, 3 min 05 s, 2 h 10 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def size(count: float) -> str:
    """Return bytes as a person says them."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def curve(points: Iterable[tuple[float, float]], left: str, below: str) -> str:
    """Return a curve (x, y) drawn in dots, with the range of both axes and what they are."""
    xy = list(points)
    xs, ys = [x for x, _ in xy], [y for _, y in xy]
    low, high, last = min(ys), max(ys), max(xs) or 1.0
    grid = [[" "] * CURVE_COLUMNS for _ in range(CURVE_ROWS)]
    for x, y in xy:
        row = round((high - y) / (high - low or 1.0) * (CURVE_ROWS - 1))
        grid[row][round(x / last * (CURVE_COLUMNS - 1))] = "●"
    labels = [f"{high:.5g}", *[""] * (CURVE_ROWS - 2), f"{low:.5g}"]
    width = max(map(len, labels))
    lines = [f"{label:>{width}} ┤{''.join(row).rstrip()}" for label, row in zip(labels, grid, strict=True)]
    axis = f"{'':>{width}} └{'─' * CURVE_COLUMNS}"
    return "\n".join([left, *lines, axis, f"{'':>{width}}  0{f'{last:,.0f} {below}':>{CURVE_COLUMNS - 1}}"])
