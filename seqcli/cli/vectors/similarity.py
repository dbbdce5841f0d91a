"""The command `similarity`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from seqcli.cli.inputs import input_options
from seqcli.cli.options import command, model_option, output_options
from seqcli.cli.session import Session
from seqcli.cli.vectors.asked_vectors import answer_lines, asked_vectors
from seqcli.cli.vectors.words import known_words, parsed


@command(epilog="Examples: seqcli similarity cat dog;  seqcli similarity --file pairs.txt")
@click.argument("words", nargs=-1, metavar="FIRST SECOND")
@model_option
@input_options
@output_options
@click.pass_obj
def similarity(session: Session, /, words: tuple[str, ...], model: str | None, file: str | None) -> None:
    """Say how alike two words are: the cosine between their vectors, 1 for the same direction.

    A line of a file or pipe holds two words, apart by a tab or spaces.
    """
    from seqcli.vectors.questions import two_words

    vectors = asked_vectors(session, model)

    def answer(text: str, piped: bool) -> Iterator[tuple[Any, ...]]:
        pair = parsed(session, piped, text, two_words) if text else None
        known = pair and len(known_words(session, vectors, [*pair], piped)) == len({*pair})
        yield *(pair or (text, None)), vectors.similarity(*pair) if pair and known else None

    answer_lines(session, ("first", "second", "similarity"), words, file, answer)
