"""The command `compare`."""

from __future__ import annotations

from typing import Any

import click

from seqcli.cli.completion import complete_model
from seqcli.cli.options import command, output_options, spec_options
from seqcli.cli.session import Session
from seqcli.settings import given, settings
from seqcli.vectors.comparison_settings import Comparing


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
