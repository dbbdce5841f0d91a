"""The command `evaluate-vectors`."""

from __future__ import annotations

import click

from seqcli.cli.completion import complete_model
from seqcli.cli.options import asked_models, command, option, output_options
from seqcli.cli.session import Session

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
