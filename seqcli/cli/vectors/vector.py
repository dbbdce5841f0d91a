"""The command `vector`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from seqcli.cli.inputs import input_options
from seqcli.cli.layout import readable
from seqcli.cli.options import command, model_option, output_options
from seqcli.cli.questions import add_empty, answer_each
from seqcli.cli.session import Session
from seqcli.cli.vectors.asked_vectors import asked_vectors
from seqcli.cli.vectors.words import answerable, are_lines, words_of_argument
from seqcli.errors import ModelError

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.vectors.answers import WordVectors


@command(epilog="Examples: seqcli vector king --json;  seqcli vector --file words.txt > vectors.tsv")
@click.argument("words", nargs=-1, metavar="WORD...")
@model_option
@input_options
@output_options
@click.pass_obj
def vector(session: Session, /, words: tuple[str, ...], model: str | None, file: str | None) -> None:
    """Print the numbers of each word's vector.

    Nine digits in a pipe, in columns: enough to read the same float32 again. Four on a terminal.
    """
    vectors = asked_vectors(session, model)
    listed = session.terminal.output in ("json", "jsonl")
    person = session.terminal.table
    numbers = ("vector",) if listed or person else tuple(map(str, range(1, vectors.dimensions + 1)))
    piped = are_lines(words, file)
    failed: ModelError | None = None

    def add(out: Results, vectors: WordVectors, texts: Sequence[str], first: int) -> None:
        nonlocal failed
        known, failed = answerable(session, vectors, texts, piped)
        answered = frozenset(known)
        for text in texts:
            if text in answered:
                row = vectors[text].tolist()
                digits = [f"{value:.9g}" for value in row]
                out.add(text, *([row] if listed else [" ".join(map(readable, row))] if person else digits))
            elif piped:
                add_empty(out, text)

    answer_each(session, ("word", *numbers), words_of_argument(words, file), lambda: vectors, add)
    if failed:
        raise failed
