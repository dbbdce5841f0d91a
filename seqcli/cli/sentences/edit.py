"""The command `edit`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.inputs import batches_of_texts, input_options, note_joined
from seqcli.cli.options import command, model_option, option, output_options, spec_options
from seqcli.cli.questions import add_empty, answer_each
from seqcli.cli.sentences.asked_sentences import asked_sentences
from seqcli.cli.session import Session
from seqcli.sentences.answer_settings import Searching
from seqcli.settings import given, settings

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.sentences.answers import Sentences


@command(epilog="Examples: seqcli edit 'The dog sleeps.' --word cat;  seqcli edit --word not -f sentences.txt --json")
@click.argument("text", nargs=-1)
@option("--word", required=True, metavar="WORD", help="The word that the sentence is to have.")
@model_option
@spec_options(Searching)
@input_options
@output_options
@click.pass_obj
def edit(
    session: Session, /, text: tuple[str, ...], word: str, model: str | None, file: str | None, **params: Any
) -> None:
    """Find the nearest sentence that contains a word, by a search among codes.

    `distance` is that between the codes of the two sentences.
    """
    how = settings(Searching(), given(Searching, params))
    note_joined(session, text)

    def add(out: Results, asked: Sentences, lines: Sequence[str], first: int) -> None:
        for line in lines:
            if not line.strip():
                add_empty(out, line)
                continue
            found = asked.edited(line, word, how)
            out.add(line, word, found.sentence, found.distance)
            out.flush()

    columns = ("sentence", "word", "edited", "distance")
    answer_each(session, columns, batches_of_texts(text, file), lambda: asked_sentences(session, model), add)
