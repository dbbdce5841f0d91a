"""The command `neighbors`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.inputs import input_options
from seqcli.cli.options import command, model_option, output_options, spec_options
from seqcli.cli.questions import answer_each
from seqcli.cli.sentences.latent_space import has_codes, sentence_neighbors
from seqcli.cli.session import Session
from seqcli.cli.vectors.asked_vectors import RANKED, among_option, asked_vectors, ranked
from seqcli.cli.vectors.words import answerable, are_lines, words_of_argument
from seqcli.errors import ModelError
from seqcli.settings import given, settings
from seqcli.vectors.answer_settings import Nearest, Nearing

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.vectors.answers import NearWords


@command(epilog="Examples: seqcli neighbors king paris -k 5;  seqcli neighbors --file words.txt --jsonl")
@click.argument("words", nargs=-1, metavar="WORD...")
@model_option
@spec_options(Nearest)
@among_option
@spec_options(Nearing, leave_out=("k",))
@input_options
@output_options
@click.pass_obj
def neighbors(
    session: Session,
    /,
    words: tuple[str, ...],
    model: str | None,
    among: str | None,
    file: str | None,
    **params: Any,
) -> None:
    """List the nearest words of each word, by the cosine between their vectors.

    Words are arguments, each answered by itself, or lines of a file or pipe. Of arguments that are unknown, the others
    are answered all the same. Where -m names a model of sentences, the arguments are one sentence, and its nearest
    among those of --among FILE are listed, by the cosine between their codes.
    """
    how = settings(Nearing(), given(Nearing, params))
    if has_codes(session, model):
        return sentence_neighbors(session, words, model, among, file, how.k)
    vectors = asked_vectors(session, model)
    near = vectors.near(how, among)
    piped = are_lines(words, file)
    failed: ModelError | None = None

    def add(out: Results, near: NearWords, texts: Sequence[str], first: int) -> None:
        nonlocal failed
        known, failed = answerable(session, vectors, texts, piped)
        found = dict(zip(known, near.neighbors(known), strict=True))
        for text in texts:
            if text in found or piped:
                for record in ranked(text, found.get(text)):
                    out.add(*record)

    answer_each(session, ("word", *RANKED), words_of_argument(words, file), lambda: near, add)
    if failed:
        raise failed
