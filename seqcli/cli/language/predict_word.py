"""The command that asks a language model for the next word: predict-word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.inputs import batches_of_texts, input_options, note_joined
from seqcli.cli.language.asked_model import asked_model, note_unknown
from seqcli.cli.language.interactive import type_with
from seqcli.cli.options import command, mixing_options, model_option, option, output_options, spec_options
from seqcli.cli.questions import add_numbered, answer_each
from seqcli.cli.session import Session
from seqcli.errors import MisuseError
from seqcli.language.answer_settings import Predicting
from seqcli.settings import given, settings

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.language.answers import LanguageModel

COLUMNS = ("prompt", "rank", "word", "probability")
NEXT_COLUMNS = ("prompt", "position", "word", "probability", "text")


@command(
    epilog="Examples: seqcli predict-word 'some of them' -k 5;  seqcli predict-word --file prompts.txt --jsonl;  "
    "seqcli predict-word --interactive",
)
@click.argument("prompt", nargs=-1)
@model_option
@mixing_options
@spec_options(Predicting)
@option("-i", "--interactive", is_flag=True, help="Complete lines as they are typed, on a terminal.")
@input_options
@output_options
@click.pass_obj
def predict_word(
    session: Session,
    /,
    prompt: tuple[str, ...],
    model: str | None,
    interactive: bool,
    file: str | None,
    **params: Any,
) -> None:
    """Say which words are likely to come next, behind a prompt or behind each line of a file or pipe.

    All words are one prompt: predict-word some of them asks once; lines of --file or a pipe are asked each by itself.
    Probabilities are the model's own, over its whole vocabulary. An empty line gives an empty record.
    """
    how = settings(Predicting(), given(Predicting, params))
    if interactive:
        if prompt or how.next or file is not None:
            raise MisuseError("--interactive takes no prompt, --file or --next; leave them out.")
        return type_with(session, model, how.k)
    if prompt and not "".join(prompt).strip():
        raise MisuseError("The prompt is empty; give some words, as in: seqcli predict-word 'some of them'")
    note_joined(session, prompt)

    def answers(asked: LanguageModel, texts: Sequence[str]) -> Sequence[Any]:
        if how.next:
            return asked.predict_next(texts, how.next, exclude_special=how.exclude_special)
        return asked.predict(texts, how.k, exclude_special=how.exclude_special)

    def add(out: Results, asked: LanguageModel, texts: Sequence[str], first: int) -> None:
        if prompt and prompt != ("-",):
            note_unknown(session, asked, texts[0])
        for text, found in zip(texts, answers(asked, texts), strict=True):
            add_numbered(out, text, found)

    columns = NEXT_COLUMNS if how.next else COLUMNS
    answer_each(session, columns, batches_of_texts(prompt, file), lambda: asked_model(session, model), add)
