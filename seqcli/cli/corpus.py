"""The command that looks at a text before anything is learned from it: corpus."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.options import Session, command, given, option, settings, spec_options
from seqcli.cli.preparing import tokenizer_note
from seqcli.spec import TextSpec

if TYPE_CHECKING:
    from seqcli.text.pieces import Pieces
    from seqcli.text.survey import Comparison, Survey

SHOWN = 12  # frequent tokens on the line of the table


@command(
    epilog="Examples: seqcli corpus book.txt;  seqcli corpus train.txt --test test.txt --tokenizer whitespace",
)
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...")
@option("--test", multiple=True, metavar="FILE", help="Look at this text too: its unknown rate, and what both have.")
@option("--encoding", default="utf-8", metavar="NAME", help="Encoding of the text.  [default: utf-8]")
@spec_options(TextSpec)
@option("--json", "as_json", is_flag=True, help="Print one JSON object.", panel="Output")
@click.pass_obj
def corpus(
    session: Session, /, texts: tuple[str, ...], test: tuple[str, ...], encoding: str, as_json: bool, **params: Any
) -> None:
    """Look at a text before training: its size, its words, how many of them a vocabulary knows, what would go wrong.

    Takes files, folders, .gz/.bz2/.xz, or - for standard input. Warnings go to stderr.
    """
    spec = settings(TextSpec(), given(TextSpec, params))
    pieces = _read(session, texts, encoding)
    from seqcli.text.reading import files_of
    from seqcli.text.survey import compare, survey, warnings

    known = survey(pieces, spec)
    other = compare(pieces, known, _read(session, test, encoding)) if test else None
    found = warnings(known, other)
    figures = {"files": len(files_of(texts)), **dict(_figures(known)), **dict(_compared(other))}
    if as_json:
        frequent = [{"token": token, "count": count} for token, count in known.frequent]
        coverage = [{"vocabulary": size, "share": share} for size, share in known.coverage]
        session.terminal.document({**figures, "coverage": coverage, "frequent": frequent, "warnings": found})
    else:
        with session.terminal.results("figure", "value") as out:
            for name, value in figures.items():
                out.add(name, value)
            for size, share in known.coverage:
                out.add(f"coverage_{size}", share)
            out.add("frequent", " · ".join(f"{token} {count}" for token, count in known.frequent[:SHOWN]))
    if known.why:
        session.terminal.note(tokenizer_note(known.text.tokenizer, known.why))
    for line in found:
        session.terminal.note(f"Warning: {line}")


def _read(session: Session, texts: tuple[str, ...], encoding: str) -> Pieces:
    from seqcli.text.corpus import read_pieces
    from seqcli.text.reading import total_size

    folder = os.curdir if os.access(os.curdir, os.W_OK) else None  # for an unnamed file, where a text is long
    with session.terminal.bar(total_size(texts), "reading") as bar:
        return read_pieces(texts, encoding, bar.to, folder)


def _figures(known: Survey) -> Iterator[tuple[str, str | int | float]]:
    text = known.text
    yield "lines", known.lines
    yield "blank_lines", known.blank_lines
    yield "unit", text.unit
    yield "units", known.units
    yield "repeated_units", known.repeated_units
    yield "longest_line", known.longest_line
    yield "characters", known.characters
    yield "tokenizer", text.tokenizer
    yield "tokens", known.tokens
    yield "types", known.types
    yield "seen_once", known.seen_once
    yield "training_tokens", known.training_tokens
    yield "held_out_tokens", known.held_out_tokens
    yield "min_count", text.min_count or 1
    yield "vocabulary", len(known.vocabulary)
    yield "unknown_rate", known.unknown_rate
    yield "held_out_unknown_rate", known.held_out_unknown_rate
    yield "marked_unknown", known.marked_unknown
    yield "japanese", known.script.japanese


def _compared(other: Comparison | None) -> Iterator[tuple[str, int | float]]:
    if other is not None:
        yield "test_tokens", other.tokens
        yield "test_unknown_rate", other.unknown_rate
        yield "test_units", other.units
        yield "test_units_in_text", other.units_in_text
        yield "test_long_units", other.long_units
        yield "test_long_units_in_text", other.long_units_in_text
