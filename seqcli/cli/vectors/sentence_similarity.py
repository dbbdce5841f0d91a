"""The command `sentence-similarity`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from seqcli.cli.inputs import input_options
from seqcli.cli.options import command, model_option, output_options
from seqcli.cli.session import Session
from seqcli.cli.vectors.asked_vectors import answer_lines, asked_vectors
from seqcli.cli.vectors.words import parsed
from seqcli.errors import MisuseError


@command(name="sentence-similarity", epilog="Example: seqcli sentence-similarity 'a cat sat' 'the dog stood'")
@click.argument("sentences", nargs=-1, metavar="FIRST SECOND")
@model_option
@input_options
@output_options
@click.pass_obj
def sentence_similarity(session: Session, /, sentences: tuple[str, ...], model: str | None, file: str | None) -> None:
    """Say how alike two sentences are: the cosine between the means of their words' vectors.

    Frequent words count less, where the model knows how frequent they are. Words without a vector are left out, and
    `known` is the share of those that have one. A line of a file or pipe holds two sentences, apart by a tab.
    """
    import math

    from seqcli.vectors.questions import two_sentences

    if sentences and sentences != ("-",) and len(sentences) != 2:
        raise MisuseError("Give two sentences, each in quotes: seqcli sentence-similarity 'a cat sat' 'the dog stood'")
    vectors = asked_vectors(session, model)

    def answer(text: str, piped: bool) -> Iterator[tuple[Any, ...]]:
        pair = parsed(session, piped, text, two_sentences) if text else None
        if pair is None:
            yield text, None, None, None
        else:
            found = vectors.sentence_similarity(*pair)
            yield *pair, None if math.isnan(found.similarity) else found.similarity, found.known

    answer_lines(session, ("first", "second", "similarity", "known"), sentences, file, answer, "\t")
