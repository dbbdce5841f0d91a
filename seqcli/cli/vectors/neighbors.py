"""The command `neighbors`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from seqcli.cli.inputs import input_options
from seqcli.cli.options import command, model_option, output_options, spec_options
from seqcli.cli.sentences.latent_space import has_codes, sentence_neighbors
from seqcli.cli.session import Session
from seqcli.cli.vectors.asked_vectors import RANKED, among_option, answer_words, asked_vectors, ranked
from seqcli.settings import given, settings
from seqcli.vectors.answer_settings import Nearest, Nearing


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

    def answer(known: list[str]) -> Iterator[Iterator[tuple[Any, ...]]]:
        return map(ranked, known, near.neighbors(known))

    answer_words(session, ("word", *RANKED), words, file, vectors, answer)
