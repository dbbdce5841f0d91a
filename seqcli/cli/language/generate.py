"""The command that lets a language model write: generate."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import click

from seqcli.cli.inputs import batches_of_texts, input_options, note_joined
from seqcli.cli.language.ask import note_unknown
from seqcli.cli.options import (
    Number,
    command,
    mixing_options,
    model_option,
    option,
    output_options,
    reading_options,
    spec_options,
)
from seqcli.cli.session import Session
from seqcli.decoding.settings import Sampling
from seqcli.errors import MisuseError
from seqcli.language.writing import SEEDS, Wanted, Writing
from seqcli.settings import given, settings

COLUMNS = ("prompt", "sample", "text", "tokens", "log_probability")
HIGHEST = {"count": 100_000, "tokens": 100_000, "sentences": 100_000, "beam": 1_000, "no_copy": 1_000}


@command(
    epilog="Examples: seqcli generate 'once upon a' --sentences 3;  "
    "seqcli generate -n 5 --temperature 0.8 --seed 1 --jsonl;  seqcli generate --no-copy 6 --text book.txt",
)
@click.argument("prompt", nargs=-1)
@model_option
@option("-n", "count", type=Number(int), default=1, metavar="N", help="Texts for each prompt.  [default: 1]")
@option("--tokens", type=Number(int), metavar="N", help="Write this many tokens, over the ends of lines too.")
@option("--sentences", type=Number(int), metavar="N", help="Write this many sentences.")
@option("--stop", multiple=True, metavar="WORD", help="End before this word.")
@option("--no-copy", type=Number(int), metavar="N", help="Never repeat more than N tokens running of --text.")
@option("--text", multiple=True, metavar="FILE", help="The text that --no-copy is about: the training text, as a rule.")
@spec_options(Sampling)
@option(
    "--beam", type=Number(int), metavar="N", help="Draw nothing: search for likely texts, N at a time.", panel="Drawing"
)
@option(
    "--seed", type=Number(int), metavar="N", help="Start of the random numbers.  [default: a new one]", panel="Drawing"
)
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
    drawing = given(Sampling, params)
    how = settings(Sampling(), drawing)
    wanted = Wanted(how=how, **{f.name: params[f.name] for f in fields(Wanted) if f.name != "how"})
    _check(wanted, drawing, session)
    note_joined(session, prompt)
    writing: Writing | None = None
    with session.terminal.results(*COLUMNS) as out:
        for place, line in enumerate(_prompts(prompt, file)):
            writing = writing or Writing(session, model, wanted, session.mixing, session.text_form)
            if line and prompt and prompt != ("-",):
                note_unknown(session, writing.asked, line)
            if line is None:
                out.add("", None, None, None, None)
            elif out.read_by_a_person and not wanted.beam:  # a table is what a terminal gets
                for sample in range(wanted.count):
                    session.terminal.stream(writing.as_it_comes(line, place, sample))
            else:
                for sample, one in enumerate(writing.texts(line, place), 1):
                    out.add(line, sample, one.text, one.tokens, one.log_probability)
            out.flush()


def _check(wanted: Wanted, drawing: dict[str, Any], session: Session) -> None:
    """Raise MisuseError for numbers out of range and options that do not go together."""
    for name, high in HIGHEST.items():
        value, typed = getattr(wanted, name), "-n" if name == "count" else f"--{name.replace('_', '-')}"
        if value is not None and not 1 <= value <= high:
            raise MisuseError(f"{typed} is {value}; give a number from 1 to {high:,}.")
    if wanted.seed is not None and not 0 <= wanted.seed < SEEDS:
        raise MisuseError(f"--seed is {wanted.seed}; give a number from 0 to {SEEDS - 1:,}.")
    if wanted.tokens and wanted.sentences:
        raise MisuseError("Give --tokens or --sentences, not both.")
    if bool(wanted.no_copy) != bool(wanted.text):
        raise MisuseError(
            "--no-copy N and --text FILE belong together: a model does not keep the text it learned from."
        )
    if wanted.beam and (drawing or wanted.seed is not None):
        raise MisuseError("--beam draws nothing; leave out the other options of Drawing.")
    if wanted.beam and wanted.count > wanted.beam:
        raise MisuseError(f"A beam of {wanted.beam} finds no more than {wanted.beam} texts; -n is {wanted.count}.")
    if session.mixing.dynamic:
        raise MisuseError("--dynamic learns from what is read, and this is written; leave it out.")


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
