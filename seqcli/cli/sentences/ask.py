"""The commands that ask a model of sentences: sample, reconstruct, interpolate, attribute, edit, embed."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.inputs import batches_of_texts, input_options, note_joined
from seqcli.cli.layout import readable
from seqcli.cli.options import command, model_option, option, output_options, spec_options
from seqcli.cli.outputs import check_free
from seqcli.cli.questions import add_empty, answer_each
from seqcli.cli.session import Session
from seqcli.errors import MisuseError, quoted
from seqcli.sentences.answer_settings import Drawing, Moving, Searching, Walking, Writing
from seqcli.settings import given, settings

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.sentences.answers import Sentences

ENDINGS = (".npy", ".tsv")


@command(epilog="Examples: seqcli sample -n 5;  seqcli sample --like 'It is late.' --temperature 0.5 --jsonl")
@model_option
@spec_options(Drawing)
@output_options
@click.pass_obj
def sample(session: Session, /, model: str | None, **params: Any) -> None:
    """Draw sentences: a code from the prior, then words. A line each; unknown words are never drawn.

    --like draws codes that could be a sentence's. A sentence-lm draws its words without a code.
    """
    how = settings(Drawing(), given(Drawing, params))
    asked = _open(session, model)
    numbers = itertools.count(1)
    with session.terminal.results("sample", "sentence") as out:
        for some in asked.samples(how):
            if not session.terminal.output:
                session.terminal.texts(some)
                continue
            for text in some:
                out.add(next(numbers), text)
            out.flush()


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

    _rewrite(session, "reconstruction", text, model, file, answer)


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
        lambda: _open(session, model),
        add,
    )


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

    _rewrite(session, "moved", text, model, file, answer)


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
    answer_each(session, columns, batches_of_texts(text, file), lambda: _open(session, model), add)


@command(epilog="Examples: seqcli embed -f sentences.txt --output codes.npy;  seqcli embed 'It is late.' --json")
@click.argument("text", nargs=-1)
@model_option
@option("--output", metavar="FILE", help="Write the codes there: FILE.npy for numpy, or .tsv.")
@option("--replace", is_flag=True, help="Replace a file that is there.")
@input_options
@output_options
@click.pass_obj
def embed(
    session: Session,
    /,
    text: tuple[str, ...],
    model: str | None,
    output: str | None,
    replace: bool,
    file: str | None,
) -> None:
    """Print the code of each sentence, or write the codes of all to a file for other tools: the means of the posterior.

    Nine digits in a pipe, in columns: enough to read the same float32 again. Four on a terminal.
    """
    note_joined(session, text)
    if output is not None:
        _write_codes(session, output, replace, text, model, file)
        return
    listed, person = session.terminal.output in ("json", "jsonl"), session.terminal.table
    asked = _open(session, model)
    asked.check_coded()
    numbers = ("code",) if listed or person else tuple(map(str, range(1, asked.record.spec.latent_size + 1)))

    def add(out: Results, asked: Sentences, lines: Sequence[str], first: int) -> None:
        codes = iter(asked.embed([line for line in lines if line.strip()]))
        for line in lines:
            if not line.strip():
                add_empty(out, line)
                continue
            row = next(codes).tolist()
            digits = [f"{value:.9g}" for value in row]
            out.add(line, *([row] if listed else [" ".join(map(readable, row))] if person else digits))

    answer_each(session, ("sentence", *numbers), batches_of_texts(text, file), lambda: asked, add)


def _write_codes(
    session: Session, output: str, replace: bool, text: tuple[str, ...], model: str | None, file: str | None
) -> None:
    """Write the codes of all sentences to one file."""
    if not output.lower().endswith(ENDINGS):
        raise MisuseError(f"{quoted(output)} ends in neither .npy nor .tsv; name the file so.")
    check_free(output, replace)
    from io import BytesIO

    import numpy as np

    from seqcli.store.files import write_whole

    asked = _open(session, model)
    lines = [line for batch in batches_of_texts(text, file) for line in batch]
    if any(not line.strip() for line in lines):
        raise MisuseError("A line is empty, and has no code; leave it out, so that line n of the text is row n.")
    codes, made = asked.embed(lines), BytesIO()
    if output.lower().endswith(".npy"):
        np.save(made, codes)
    else:
        np.savetxt(made, codes, fmt="%.9g", delimiter="\t")
    write_whole(output, [made.getvalue()])
    session.note(f"{len(codes):,} codes of {codes.shape[1]} numbers in {quoted(output)}.")


def _rewrite(
    session: Session, column: str, text: tuple[str, ...], model: str | None, file: str | None, answer: Any
) -> None:
    """Write a sentence for each sentence: plain lines, or records of both."""
    note_joined(session, text)

    def add(out: Results, asked: Sentences, lines: Sequence[str], first: int) -> None:
        full = [line for line in lines if line.strip()]
        found = iter(answer(full, asked) if full else [])
        rows = [next(found) if line.strip() else "" for line in lines]
        if not session.terminal.output:
            session.terminal.texts(rows)
            return
        for line, row in zip(lines, rows, strict=True):
            if line.strip():
                out.add(line, row)
            else:
                add_empty(out, line)

    answer_each(session, ("sentence", column), batches_of_texts(text, file), lambda: _open(session, model), add)


def _texts(session: Session, path: str) -> list[str]:
    """Return the lines of a file that hold something."""
    from seqcli.text.reading import read_lines

    return [line for line in read_lines([path], session.text_form) if line.strip()]


def _open(session: Session, model: str | None) -> Sentences:
    from seqcli.sentences.answers import open_sentences

    return open_sentences(session, model)
