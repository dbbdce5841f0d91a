"""One column, or two, of a CSV, TSV or JSON lines file as lines of text."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any

from seqcli.errors import CorpusError, quoted
from seqcli.text.file_kinds import delimiter_of
from seqcli.text.form import Form

BLOCK = 1 << 20  # bytes of text given on together
LONGEST_CELL = 1 << 26  # characters: an unclosed quote would swallow the file
SHOWN = 8  # columns that a message names


def cells_of(lines: Iterable[str], form: Form, where: str) -> Iterator[list[str]]:
    """Yield the cells asked for of every row; one that has none of them gives empty ones.

    Raises CorpusError, with the line, for a column that is not there or a row that is none.
    """
    found = iter(lines)
    first = next((line for line in found if line.strip()), "")
    rows = _with_first(first, found)
    if first.lstrip().startswith("{"):
        return _of_objects(rows, form, where)
    return _of_table(rows, form, delimiter_of(first), where)


def text_of(lines: Iterable[str], form: Form, where: str) -> Iterator[bytes]:
    """Yield a column as text, a line or more a row; rows without it are counted in a note."""
    missing = count = size = 0
    cells: list[str] = []
    for (cell,) in cells_of(lines, form, where):
        count += 1
        if not cell.strip():
            missing += 1
            continue
        cells.append(f"{cell}\n")
        size += len(cell)
        if size > BLOCK:
            yield "".join(cells).encode()
            cells, size = [], 0
    yield "".join(cells).encode()
    if missing:
        form.note(f"Note: {where}: {missing:,} of {count:,} rows have nothing in the column and are left out.")


def _with_first(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _of_objects(lines: Iterator[str], form: Form, where: str) -> Iterator[list[str]]:
    known = False
    row: Any = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise CorpusError(f"{where}, line {number}: no JSON object; mend the line, or leave it out.") from error
        if not isinstance(row, dict):
            raise CorpusError(f"{where}, line {number}: no JSON object; mend the line, or leave it out.")
        values = [_reached(row, name) for name in form.columns]
        for name, value in zip(form.columns, values, strict=True):
            if isinstance(value, (dict, list)):
                raise CorpusError(
                    f"{where}, line {number}: {quoted(name)} is no text; name what is in it, as in {name}.KEY."
                )
        known = known or any(value is not None for value in values)
        yield ["" if value is None else _text(value) for value in values]
    if not known:
        raise _no_column(form.columns[0], list(row), where)


def _text(value: object) -> str:
    return str(value).encode("utf-8", "replace").decode()  # half of a character, which JSON can write, is none


def _reached(row: dict[str, Any], name: str) -> Any:
    """Return what stands under a key, or, where there is none, under keys with points between: translation.en."""
    if name in row:
        return row[name]
    found: Any = row
    for key in name.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _of_table(lines: Iterator[str], form: Form, delimiter: str, where: str) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_CELL)
    ends = (f"{line}\n" for line in lines)
    if delimiter == "\t":  # in TSV a quote is a letter
        reader = csv.reader(ends, delimiter=delimiter, quoting=csv.QUOTE_NONE, strict=True)
    else:
        reader = csv.reader(ends, delimiter=delimiter, strict=True)
    places: list[int] | None = None
    width = 0
    try:
        for row in reader:
            if places is None:
                places, width = _places(row, form, where), len(row)
                if not all(name.isdecimal() and name not in row for name in form.columns):
                    continue  # a header
            if row and len(row) != width:  # a cell with an unquoted comma would be cut off there
                raise CorpusError(f"{where}, line {reader.line_num}: {len(row)} columns, expected {width}; mend it.")
            yield [row[place] for place in places] if row else [""] * len(places)
    except csv.Error as error:
        raise CorpusError(f"{where}, line {reader.line_num}: {error}; mend the line, or its quotes.") from error


def _places(header: list[str], form: Form, where: str) -> list[int]:
    names = [name.strip() for name in header]
    places = []
    for name in form.columns:
        if name in names:
            places.append(names.index(name))
        elif name.isdecimal() and 1 <= int(name) <= len(names):
            places.append(int(name) - 1)
        else:
            raise _no_column(name, names, where)
    return places


def _no_column(name: str, names: list[str], where: str) -> CorpusError:
    there = ", ".join(quoted(one, 20) for one in names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
    return CorpusError(f"{where} has no column {quoted(name)}; it has {there or 'none'}.")
