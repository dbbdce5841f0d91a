"""The command `interpolate`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.inputs import batches_of_texts, input_options
from seqcli.cli.options import command, model_option, output_options, spec_options
from seqcli.cli.questions import add_empty, answer_each
from seqcli.cli.sentences.asked_sentences import asked_sentences
from seqcli.cli.session import Session
from seqcli.errors import MisuseError
from seqcli.sentences.answer_settings import Walking
from seqcli.settings import given, settings

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.sentences.answers import Sentences


@command(
    epilog="Examples: seqcli interpolate 'It is late.' 'We walked home.' --steps 7;  seqcli interpolate -f pairs.tsv"
)
@click.argument("sentences", nargs=-1, metavar="FIRST SECOND")
@model_option
@spec_options(Walking)
@input_options
@output_options
@click.pass_obj
def interpolate(
    session: Session, /, sentences: tuple[str, ...], model: str | None, file: str | None, **params: Any
) -> None:
    """Walk one sentence into another: what is written from the codes on the straight way between theirs.

    No step is shorter or longer than both ends, and none shows a sentence again as long as the beam has another. A
    line of a file or pipe holds two sentences, apart by a tab.
    """
    how = settings(Walking(), given(Walking, params))
    if sentences and sentences != ("-",) and len(sentences) != 2:
        raise MisuseError("Give two sentences, each in quotes: seqcli interpolate 'It is late.' 'We walked home.'")
    words = sentences if len(sentences) < 2 else ("\t".join(sentences),)

    def add(out: Results, asked: Sentences, lines: Sequence[str], first: int) -> None:
        for number, line in enumerate(lines, first):
            if not line.strip():
                add_empty(out, number)
                continue
            ends = line.split("\t")
            if len(ends) != 2:
                raise MisuseError(f"Line {number} is no pair; give two sentences with a tab between them.")
            for at, step in enumerate(asked.walk(ends[0], ends[1], how), 1):
                out.add(number, at, step.share, step.sentence)

    answer_each(
        session,
        ("line", "step", "share", "sentence"),
        batches_of_texts(words, file),
        lambda: asked_sentences(session, model),
        add,
    )
