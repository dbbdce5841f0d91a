"""The command `odd-one-out`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from seqcli.cli.inputs import input_options
from seqcli.cli.options import command, model_option, output_options
from seqcli.cli.session import Session
from seqcli.cli.vectors.asked_vectors import answer_lines, asked_vectors
from seqcli.cli.vectors.words import known_words, parsed


@command(name="odd-one-out", epilog="Example: seqcli odd-one-out breakfast lunch dinner river")
@click.argument("words", nargs=-1, metavar="WORD WORD WORD...")
@model_option
@input_options
@output_options
@click.pass_obj
def odd_one_out(session: Session, /, words: tuple[str, ...], model: str | None, file: str | None) -> None:
    """Name the word that is least like the others: its similarity is the cosine to their mean.

    A line of a file or pipe holds three words or more.
    """
    vectors = asked_vectors(session, model)

    def answer(text: str, piped: bool) -> Iterator[tuple[Any, ...]]:
        some = known_words(session, vectors, text.split(), piped)
        found = parsed(session, piped, some, vectors.odd_one_out) if text else None
        yield text, *(found or (None, None))

    answer_lines(session, ("prompt", "word", "similarity"), words, file, answer)
