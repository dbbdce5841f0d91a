"""The command `vector`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from seqcli.cli.inputs import input_options
from seqcli.cli.number_rows import number_cells, number_columns
from seqcli.cli.options import command, model_option, output_options
from seqcli.cli.session import Session
from seqcli.cli.vectors.asked_vectors import answer_words, asked_vectors


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
    columns = ("word", *number_columns(session.terminal, "vector", vectors.dimensions))

    def answer(known: list[str]) -> Iterator[list[tuple[Any, ...]]]:
        for word in known:
            yield [(word, *number_cells(session.terminal, vectors[word].tolist()))]

    answer_words(session, columns, words, file, vectors, answer)
