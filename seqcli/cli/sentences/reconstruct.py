"""The command `reconstruct`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.inputs import input_options
from seqcli.cli.options import command, model_option, output_options, spec_options
from seqcli.cli.sentences.asked_sentences import answer_each_sentence
from seqcli.cli.session import Session
from seqcli.sentences.answer_settings import Writing
from seqcli.settings import given, settings

if TYPE_CHECKING:
    from seqcli.sentences.answers import Sentences


@command(epilog="Examples: seqcli reconstruct 'It is late.';  seqcli reconstruct -f sentences.txt --json")
@click.argument("text", nargs=-1)
@model_option
@spec_options(Writing)
@input_options
@output_options
@click.pass_obj
def reconstruct(session: Session, /, text: tuple[str, ...], model: str | None, file: str | None, **params: Any) -> None:
    """Write each sentence again from its code alone: what is kept of it, and what is lost.

    One line out for one line in, an empty one for an empty one.
    """
    how = settings(Writing(), given(Writing, params))

    def answer(asked: Sequence[str], sentences: Sentences) -> list[str]:
        return sentences.written(sentences.embed(asked), how.beam)

    answer_each_sentence(session, "reconstruction", text, model, file, answer)
