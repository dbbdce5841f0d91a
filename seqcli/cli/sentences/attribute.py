"""The command `attribute`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.inputs import input_options
from seqcli.cli.options import command, model_option, option, output_options, spec_options
from seqcli.cli.sentences.asked_sentences import answer_each_sentence
from seqcli.cli.session import Session
from seqcli.sentences.answer_settings import Moving
from seqcli.settings import given, settings

if TYPE_CHECKING:
    from seqcli.sentences.answers import Sentences


@command(
    epilog="Example: seqcli attribute 'He sees it.' --without present.txt --having past.txt --strength 1.5",
)
@click.argument("text", nargs=-1)
@option("--without", required=True, metavar="FILE", help="Sentences that have it not, one a line.")
@option("--having", required=True, metavar="FILE", help="Sentences that have it, one a line.")
@model_option
@spec_options(Moving)
@input_options
@output_options
@click.pass_obj
def attribute(
    session: Session,
    /,
    text: tuple[str, ...],
    without: str,
    having: str,
    model: str | None,
    file: str | None,
    **params: Any,
) -> None:
    """Give sentences what others have: longer, negated, past tense. The way between two lists is added to their codes.

    One line out for one line in, an empty one for an empty one.
    """
    how = settings(Moving(), given(Moving, params))
    ways: list[Any] = []

    def answer(asked: Sequence[str], sentences: Sentences) -> list[str]:
        if not ways:
            ways.append(sentences.direction(_texts(session, without), _texts(session, having)))
        return sentences.moved(asked, ways[0], how)

    answer_each_sentence(session, "moved", text, model, file, answer)


def _texts(session: Session, path: str) -> list[str]:
    """Return the lines of a file that hold something."""
    from seqcli.text.reading import read_lines

    return [line for line in read_lines([path], session.text_form) if line.strip()]
