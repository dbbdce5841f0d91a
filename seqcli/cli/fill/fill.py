"""The command that asks for missing words: fill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.fill.asked_model import asked_model, mixing_options
from seqcli.cli.inputs import batches_of_texts, input_options, note_joined
from seqcli.cli.options import command, model_option, option, output_options, spec_options
from seqcli.cli.questions import answer_each
from seqcli.cli.session import Session
from seqcli.errors import MisuseError, quoted
from seqcli.fill.answer_settings import Filling
from seqcli.settings import given, settings

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.fill.answers import Filled, GapFiller

COLUMNS = ("sentence", "blank", "rank", "word", "probability")


@command(
    epilog="Examples: seqcli fill 'he [_] to the window';  seqcli fill 'they [_] here' --among were,are,is;  "
    "seqcli fill --file questions.tsv --choices --jsonl",
)
@click.argument("sentence", nargs=-1)
@model_option
@option("--among", metavar="WORDS", help="Choose between these words or phrases, with commas between them.")
@option("--choices", is_flag=True, help="Each line is a sentence, a TAB, and its choices with commas between them.")
@spec_options(Filling)
@mixing_options
@input_options
@output_options
@click.pass_obj
def fill(
    session: Session,
    /,
    sentence: tuple[str, ...],
    model: str | None,
    among: str | None,
    choices: bool,
    file: str | None,
    mix: tuple[str, ...],
    fit_on: tuple[str, ...],
    keep: bool,
    **params: Any,
) -> None:
    """Say which words are likely in the gaps of a sentence, or of each line of a file or pipe.

    A gap is written [_], or [_*] where up to three words may be missing. Several gaps are filled together: answers of
    one rank belong together and have one probability. With --among or --choices the whole sentence is judged with each
    choice in place, and probabilities are shares of the choices; else they are the model's own, over its whole
    vocabulary. An empty line gives an empty record.

    --mix asks language models or n-grams too, how likely the whole sentence is with each answer in place. --fit-on
    finds how much each of them counts, on a text from which words are taken out; --keep puts that into the model.
    """
    given_values = given(Filling, params)
    how = settings(Filling(), given_values)
    if among is not None and choices:
        raise MisuseError("--among gives choices for every sentence, --choices each line its own; leave out one.")
    if sentence and not "".join(sentence).strip():
        raise MisuseError("The sentence is empty; give one with a gap, as in: seqcli fill 'he [_] to the window'")
    note_joined(session, sentence)
    k = how.k if "k" in given_values or not (choices or among) else None
    fixed = split_choices(among, "--among") if among is not None else []

    def add(out: Results, asked: GapFiller, lines: Sequence[str], first: int) -> None:
        for line in lines:
            text, own = question_of(line) if choices and line.strip() else (line, fixed)
            add_answers(out, text, asked.fill(text, k, among=own, beam=how.beam))

    def opened() -> GapFiller:
        return asked_model(session, model, mix, fit_on, keep)

    answer_each(session, COLUMNS, batches_of_texts(sentence, file), opened, add)


def add_answers(out: Results, text: str, answers: Sequence[Filled]) -> None:
    """Write a record for each gap of each answer; one that is empty where there is none."""
    for rank, one in enumerate(answers, 1):
        for blank, word in enumerate(one.words, 1):
            out.add(text, blank, rank, word, one.probability)
    if not answers:
        out.add(text, None, None, None, None)


def split_choices(text: str, where: str) -> list[str]:
    """Return the choices that stand between commas. Raises MisuseError for an empty one."""
    found = [choice.strip() for choice in text.split(",")]
    if not all(found):
        raise MisuseError(f"{where} has an empty choice in {quoted(text)}; put a word between any two commas.")
    return found


def question_of(line: str) -> tuple[str, list[str]]:
    """Return the sentence and the choices of a line. Raises MisuseError where there is no TAB."""
    text, tab, rest = line.partition("\t")
    if not tab:
        raise MisuseError(f"--choices takes a sentence, a TAB, and choices with commas between: {quoted(line)}.")
    return text, split_choices(rest.partition("\t")[0], "A line")
