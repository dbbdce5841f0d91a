"""The command `quantize-vectors`."""

from __future__ import annotations

import click

from seqcli.cli.completion import complete_model
from seqcli.cli.options import command, option
from seqcli.cli.session import Session
from seqcli.errors import MisuseError


@command(name="quantize-vectors", epilog="Example: seqcli quantize-vectors books small --quantize pq")
@click.argument("model", shell_complete=complete_model)
@click.argument("name", metavar="NEW-NAME")
@option(
    "--quantize",
    type=click.Choice(("int8", "pq")),
    default="int8",
    help="int8: a quarter of the size; pq: a seventh.  [default: int8]",
)
@option("--replace", is_flag=True, help="Replace a model of the new name.")
@click.pass_obj
def quantize_vectors(session: Session, /, model: str, name: str, quantize: str, replace: bool) -> None:
    """Make a smaller model of word vectors, and say what that costs in similarity and neighbours."""
    from seqcli.store.shelf import TAKEN_IN
    from seqcli.vectors.answers import open_vectors
    from seqcli.vectors.new_tables import make_smaller

    if name == model:
        raise MisuseError("The new name is the old one; quantising loses precision, so give another name.")
    with session.shelf.open(name, replace=replace, task="vectors", ways=TAKEN_IN) as draft:
        make_smaller(session, open_vectors(session, model), draft, quantize)
        session.shelf.set_default(name, only_first=True)
