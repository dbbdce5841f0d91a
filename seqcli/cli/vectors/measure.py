"""The commands that judge word vectors: evaluate-vectors and compare."""

from __future__ import annotations

from typing import Any

import click

from seqcli.cli.completion import complete_model
from seqcli.cli.options import asked_models, command, option, output_options, spec_options
from seqcli.cli.session import Session
from seqcli.settings import given, settings
from seqcli.vectors.comparison_settings import Comparing

COLUMNS = ("model", "test", "section", "measure", "items", "covered", "coverage", "value", "low", "high", "p")


@command(
    name="evaluate-vectors",
    epilog="Example: seqcli evaluate-vectors books glove --test wordsim353.txt --test questions-words.txt",
)
@click.argument("models", nargs=-1, metavar="[MODEL]...", shell_complete=complete_model)
@option("--test", multiple=True, required=True, metavar="FILE", help="Word pairs with scores, or analogies.")
@output_options
@click.pass_obj
def evaluate_vectors(session: Session, /, models: tuple[str, ...], test: tuple[str, ...]) -> None:
    """Measure word vectors on word pairs (rank correlation with people's scores) and analogies (share solved).

    Every figure stands beside its coverage, and has a 95 % confidence interval. Of several models each is compared with
    the first on the items that both cover; p is the chance of such a difference between equally good models.
    """
    from seqcli.vectors.answers import open_vectors

    first, *others = [open_vectors(session, name) for name in asked_models(models)]
    with session.terminal.results(*COLUMNS) as out:
        for figure in first.evaluate(*test, others=others):
            out.add(*figure)


@command(epilog="Examples: seqcli compare novels news -k 5;  seqcli compare novels news cell broadcast")
@click.argument("first", shell_complete=complete_model)
@click.argument("second", shell_complete=complete_model)
@click.argument("words", nargs=-1, metavar="[WORD]...")
@spec_options(Comparing)
@output_options
@click.pass_obj
def compare(session: Session, /, first: str, second: str, words: tuple[str, ...], **params: Any) -> None:
    """Show where the meaning of words differs between two models, or of the words given.

    The first model is turned onto the second (orthogonal Procrustes on their shared words). similarity is a word's to
    itself after that; overlap is the share of its nearest shared words that are the same in both.
    """
    from seqcli.vectors.answers import open_vectors

    how = given(Comparing, params)
    settings(Comparing(), how)  # before anything is read
    one, other = open_vectors(session, first), open_vectors(session, second)
    with session.terminal.results("word", "similarity", "overlap", "first", "second") as out:
        for moved in one.compare(other, *words, **how):
            out.add(moved.word, moved.similarity, moved.overlap, " ".join(moved.first), " ".join(moved.second))
