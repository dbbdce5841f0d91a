"""The command `analogy`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from seqcli.cli.inputs import input_options
from seqcli.cli.options import command, model_option, output_options, spec_options
from seqcli.cli.session import Session
from seqcli.cli.vectors.asked_vectors import RANKED, among_option, answer_lines, asked_vectors, ranked
from seqcli.cli.vectors.words import known_words, parsed
from seqcli.settings import given, settings
from seqcli.vectors.answer_settings import Nearest, Nearing, Solving


@command(epilog="Examples: seqcli analogy king - man + woman;  seqcli analogy --file questions.txt --method mul")
@click.argument("terms", nargs=-1, metavar="WORD [+|-] WORD...")
@model_option
@spec_options(Nearest)
@among_option
@spec_options(Solving, leave_out=("k",))
@input_options
@output_options
@click.pass_obj
def analogy(
    session: Session,
    /,
    terms: tuple[str, ...],
    model: str | None,
    among: str | None,
    file: str | None,
    **params: Any,
) -> None:
    """Add and subtract words: king - man + woman lists what is to woman as king is to man.

    The words of the question are never an answer.
    """
    from seqcli.vectors.questions import signed_words

    how = settings(Solving(), given(Solving, params))
    vectors = asked_vectors(session, model)
    near = vectors.near(Nearing(), among)

    def answer(text: str, piped: bool) -> Iterator[tuple[Any, ...]]:
        parts = parsed(session, piped, text, signed_words) if text or not piped else None
        asked = {*parts[0], *parts[1]} if parts else set()
        known = parts and len(known_words(session, vectors, sorted(asked), piped)) == len(asked)
        return ranked(text, near.analogy(*parts, how) if parts and known else None)

    answer_lines(session, ("prompt", *RANKED), terms, file, answer)
