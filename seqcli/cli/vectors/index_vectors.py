"""The command `index-vectors`."""

from __future__ import annotations

import click

from seqcli.cli.completion import complete_model
from seqcli.cli.options import Number, command, option
from seqcli.cli.session import Session
from seqcli.errors import MisuseError, quoted
from seqcli.quantities import size


@command(
    name="index-vectors",
    epilog="Example: seqcli index-vectors glove, then: seqcli neighbors king -m glove --approximate",
)
@click.argument("model", shell_complete=complete_model)
@option("--threads", type=Number(int), metavar="N", default=1, help="CPU threads; one gives the same index each time.")
@click.pass_obj
def index_vectors(session: Session, /, model: str, threads: int) -> None:
    """Build the approximate index of a model, stored beside it: for tables beyond a million words."""
    from seqcli.vectors.answers import open_vectors
    from seqcli.vectors.approximate import Index, check_usearch

    check_usearch()
    if not 1 <= threads <= 1024:
        raise MisuseError(f"--threads is {threads}; give a number from 1 to 1,024.")
    with session.shelf.open(model, resume=True) as draft:
        vectors = open_vectors(session, model)
        with session.bar(len(vectors), "indexing", "word") as bar:
            data = Index.build(vectors.table, threads, bar.to).to_bytes()
        draft.amend(vectors.record.results, {"index": data})
    session.note(f"An index of {len(vectors):,} words, {size(len(data))}, stands beside {quoted(model)}.")
