"""The command that looks at a text before anything is learned from it: corpus."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.completion import complete_file
from seqcli.cli.options import command, option, reading_options, spec_options
from seqcli.cli.session import Session
from seqcli.quantities import size
from seqcli.settings import given, settings
from seqcli.text.settings import TextSpec
from seqcli.training.source import tokenizer_note

if TYPE_CHECKING:
    from seqcli.text.pieces import Pieces
    from seqcli.text.survey import Comparison, Survey

SHOWN = 12  # frequent tokens on the line of the table


@command(
    epilog="Examples: seqcli corpus book.txt;  seqcli corpus train.txt --test test.txt --tokenizer whitespace",
)
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...", shell_complete=complete_file)
@option("--test", multiple=True, metavar="FILE", help="Look at this text too: its unknown rate, and what both have.")
@option(
    "--encode",
    metavar="DIR",
    help="Write the text, read once, into this folder; the file that is named stands in its place from then on.",
    panel="Output",
)
@reading_options
@spec_options(TextSpec)
@option("--json", "as_json", is_flag=True, help="Print one JSON object.", panel="Output")
@click.pass_obj
def corpus(
    session: Session,
    /,
    texts: tuple[str, ...],
    test: tuple[str, ...],
    encode: str | None,
    as_json: bool,
    **params: Any,
) -> None:
    """Look at a text before training: its size, its words, how many of them a vocabulary knows, what would go wrong.

    Takes files, folders, .gz/.bz2/.xz/.zst, 'patterns*', @lists of files, or - for standard input.
    """
    spec = settings(TextSpec(), given(TextSpec, params))
    pieces = _read(session, texts)
    from seqcli.text.files import files_of
    from seqcli.text.survey import compare, survey, warnings

    kept = _kept(session, pieces, texts, encode) if encode else {}
    known = survey(pieces, spec)
    other = compare(pieces, known, _read(session, test)) if test else None
    found = warnings(known, other)
    for line in found:
        session.note(f"Warning: {line}")
    if known.why:
        session.note(tokenizer_note(known.text.tokenizer, known.why))
    figures = {
        "files": len(files_of(texts, session.text_form)),
        **dict(_figures(known)),
        **dict(_compared(other)),
        **kept,
    }
    if as_json:
        frequent = [{"token": token, "count": count} for token, count in known.frequent]
        coverage = [{"vocabulary": size, "share": share} for size, share in known.coverage]
        session.terminal.document({**figures, "coverage": coverage, "frequent": frequent, "warnings": found})
    elif session.terminal.table:
        session.terminal.facts(_in_words(texts, known, other))
    else:
        coverages = {f"coverage_{size}": share for size, share in known.coverage}
        session.terminal.facts([*{**figures, **coverages}.items(), ("frequent", _frequent(known))], "figure", "value")


def _kept(session: Session, pieces: Pieces, texts: tuple[str, ...], folder: str) -> dict[str, str]:
    """Keep a text in a folder, and say where; return what --json tells of it."""
    from seqcli.text.encoded_text import keep
    from seqcli.training.source import named, stem_of

    path = keep(pieces, folder, named([stem_of(texts[0])]))
    session.note(f"Encoded: {size(path.stat().st_size)}. Learn from it:", ("seqcli", "train-lm", str(path)))
    return {"encoded": str(path)}


def _read(session: Session, texts: tuple[str, ...]) -> Pieces:
    from seqcli.text.corpus import read_pieces
    from seqcli.text.files import total_size

    folder = os.curdir if os.access(os.curdir, os.W_OK) else None  # for an unnamed file, where a text is long
    with session.bar(total_size(texts), "reading") as bar:
        return read_pieces(texts, session.text_form, bar.to, folder)


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


def _frequent(known: Survey) -> str:
    return " · ".join(f"{token} {count}" for token, count in known.frequent[:SHOWN])


def _in_words(texts: tuple[str, ...], known: Survey, other: Comparison | None) -> Iterator[tuple[str, str]]:
    """Yield the figures as a person says them, the most important first."""
    text = known.text
    name = texts[0] if len(texts) == 1 else f"{len(texts):,} texts"
    yield "text", f"{name}: {known.lines:,} lines ({known.blank_lines:,} blank), {known.characters:,} characters"
    once = percent(known.seen_once / max(known.types, 1))
    cut = f"cut by --tokenizer {text.tokenizer}"
    yield "tokens", f"{known.tokens:,}, {cut}; {known.types:,} different, {once} of these seen once"
    least = f" (seen at least {text.min_count} times)" if (text.min_count or 1) > 1 else ""
    unknown = f"{percent(known.unknown_rate)} of the text is unknown to it"
    yield "vocabulary", f"{len(known.vocabulary):,} tokens{least}; {unknown}"
    if enough := [(size, share) for size, share in known.coverage if size <= known.types]:
        yield "coverage", ", ".join(f"{percent(share)} with {size:,} tokens" for size, share in enough)
    yield "held out", f"{known.held_out_tokens:,} tokens would be kept to measure by, cut at the ends of {text.unit}s"
    copies = percent(known.repeated_units / max(known.units, 1))
    yield (
        f"{text.unit}s",
        f"{known.units:,}; {copies} repeat an earlier one; the longest line: {known.longest_line:,} letters",
    )
    if known.script.language:
        yield known.script.language, f"{percent(known.script.share)} of the letters"
    if known.marked_unknown:
        yield "<unk>", f"stands {known.marked_unknown:,} times in the text itself"
    words = [(token, count) for token, count in known.frequent if any(map(str.isalnum, token))] or known.frequent
    yield "commonest", " · ".join(f"{token} {count:,}" for token, count in words[:SHOWN])
    if other is not None:
        seen = f"{other.units_in_text:,} of its {other.units:,} {text.unit}s stand in the text"
        yield "test", f"{other.tokens:,} tokens, {percent(other.unknown_rate)} unknown; {seen}"


def percent(share: float) -> str:
    """Return a share as a person says it: what is not quite all or nothing stays so."""
    if share in (0, 1):
        return f"{share:.0%}"
    if share < 0.0001:
        return "under 0.01%"
    return "over 99.99%" if share > 0.9999 else f"{share:.2%}"
