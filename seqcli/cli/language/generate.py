"""The command that lets a language model write: generate."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.inputs import batches_of_texts, input_options, note_joined
from seqcli.cli.language.asked_model import asked_model, note_unknown
from seqcli.cli.options import command, mixing_options, model_option, output_options, reading_options, spec_options
from seqcli.cli.questions import add_empty, add_numbered, answer_each
from seqcli.cli.session import Session
from seqcli.language.generation_settings import Generating, wanted_texts
from seqcli.settings import given

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.language.writing import Writing

COLUMNS = ("prompt", "sample", "text", "tokens", "log_probability")


@command(
    epilog="Examples: seqcli generate 'once upon a' --sentences 3;  "
    "seqcli generate -n 5 --temperature 0.8 --seed 1 --jsonl;  seqcli generate --no-copy 6 --text book.txt",
)
@click.argument("prompt", nargs=-1)
@model_option
@spec_options(Generating)
@reading_options
@mixing_options
@input_options
@output_options
@click.pass_obj
def generate(session: Session, /, prompt: tuple[str, ...], model: str | None, file: str | None, **params: Any) -> None:
    """Write texts that go on from a prompt, from each line of a file or pipe, or from nothing.

    A text ends with its line (or its paragraph, where the model learned paragraphs) unless --tokens or --sentences says
    where; the unknown word is never written. Words are drawn by the model's probabilities, a little sharpened;
    --temperature 1 leaves them as they are. On a terminal text appears as it is written; in a pipe a text is a record.
    """
    wanted = wanted_texts(given(Generating, params), session.mixing.dynamic)
    note_joined(session, prompt)

    def opened() -> Writing:
        asked = asked_model(session, model)
        if prompt and prompt != ("-",):
            note_unknown(session, asked, " ".join(prompt))
        return asked.writing(wanted, session.text_form)

    def add(out: Results, writing: Writing, lines: Sequence[str | None], number: int) -> None:
        for place, line in enumerate(lines, number - 1):
            if line is None:
                add_empty(out, "")
            elif out.read_by_a_person and not wanted.beam:  # a table is what a terminal gets
                for sample in range(wanted.n):
                    session.terminal.stream(writing.as_it_comes(line, place, sample))
            else:
                texts = writing.texts(line, place)
                add_numbered(out, line, ((str(one), one.tokens, one.log_probability) for one in texts))

    answer_each(session, COLUMNS, ([line] for line in _prompts(prompt, file)), opened, add)


def _prompts(words: tuple[str, ...], file: str | None) -> Iterator[str | None]:
    """Yield the prompts, None for an empty line; a single empty one where nothing was given."""
    alone = not words and file is None
    unheard = sys.stdin is None or sys.stdin.closed or sys.stdin.isatty()
    if (alone and unheard) or (words and not "".join(words).strip()):
        yield ""
        return
    none = True
    for texts in batches_of_texts(words, file):
        for text in texts:
            none = False
            yield text if text.strip() else None
    if none and alone:
        yield ""
