"""The command that draws: map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seqcli.cli import tips
from seqcli.cli.completion import complete_model_or_file
from seqcli.cli.options import Number, command, model_option, option
from seqcli.cli.outputs import check_free, check_picture, model_and_file
from seqcli.cli.session import Session
from seqcli.cli.vectors.ask import among_option, rows_among
from seqcli.errors import MisuseError, quoted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seqcli.vectors.load import Opened

ENDINGS = (".png", ".svg", ".html")
MOST = 20_000  # words: more are a cloud, and t-SNE would take an hour
NEAREST = 8  # words that the page names beside a chosen one


@command(name="map", epilog="Examples: seqcli map words.html --commonest 500;  seqcli map nouns.png --among nouns.txt")
@click.argument("words", nargs=-1, required=True, metavar="[MODEL] FILE", shell_complete=complete_model_or_file)
@model_option
@option(
    "--commonest",
    type=Number(int),
    default=200,
    metavar="N",
    help="The N commonest words that mean something.  [default: 200]",
)
@option("--all", "every", is_flag=True, help="Draw function words and punctuation among the commonest, too.")
@among_option
@option(
    "--method",
    type=click.Choice(("pca", "tsne", "umap")),
    default="pca",
    help="How many dimensions become two; tsne and umap keep near words together better.  [default: pca]",
)
@option("--seed", type=Number(int), default=1, metavar="N", help="Random start of tsne and umap.  [default: 1]")
@option("--replace", is_flag=True, help="Replace a file that is there.")
@click.pass_obj
def map_vectors(
    session: Session,
    /,
    words: tuple[str, ...],
    model: str | None,
    commonest: int,
    every: bool,
    among: str | None,
    method: str,
    seed: int,
    replace: bool,
) -> None:
    """Draw a map of words on which near words stand together: .png, .svg, or .html to explore, which needs no network.

    Of the commonest words those that mean something are drawn, as far as that can be told: the first hundred of a text,
    nearly all function words, come in only where there are too few others. Of the words of --among, those that the
    model knows are drawn.
    """
    model, file = model_and_file(words, model, "seqcli map books words.html")
    if not file.lower().endswith(ENDINGS):
        raise MisuseError(f"{quoted(file)} ends in none of {', '.join(ENDINGS)}; name the picture so.")
    for name, value, low, high in (("--commonest", commonest, 3, MOST), ("--seed", seed, 0, 2**31 - 1)):
        if not low <= value <= high:
            raise MisuseError(f"{name} is {value}; give a number from {low} to {high:,}.")
    check = check_free if file.lower().endswith(".html") else check_picture
    check(file, replace)
    import numpy as np

    from seqcli.vectors.load import open_table
    from seqcli.vectors.projection import check_method

    check_method(method)
    opened = open_table(session, model)
    rows = rows_among(opened, among)
    if rows is None:
        known = opened.table.words
        rows = np.array(range(min(commonest, len(known))) if every else tips.content_rows(known, commonest), np.int64)
    rows = np.sort(rows)
    if len(rows) > MOST:
        raise MisuseError(f"--among names {len(rows):,} words; at most {MOST:,} can be drawn.")
    shown = _draw(opened, rows, file, method, seed)
    session.note(f"{len(rows):,} words, {shown:,} labelled, drawn in {quoted(file)}.")


def _draw(opened: Opened, rows: NDArray[np.int64], file: str, method: str, seed: int) -> int:
    """Write the picture or the page; return how many words have their label."""
    from seqcli.store.files import write_whole
    from seqcli.text.tokens import shown
    from seqcli.vectors.projection import project

    table = opened.table
    places, shares = project(table.matrix[rows] / table.lengths[rows, None], method, seed)
    words = [shown(table.words[row]) for row in rows]
    name = {"pca": "principal components", "tsne": "t-SNE", "umap": "UMAP"}[method]
    title = f"{len(rows)} words of {opened.name}, by {name}"
    if file.lower().endswith(".html"):
        from seqcli.plots.page import map_page

        place = {int(row): at for at, row in enumerate(rows)}
        near = table.neighbors([table.words[row] for row in rows], NEAREST, rows)
        page = map_page(title, words, places, [[(place[n.row], n.similarity) for n in some] for some in near])
        write_whole(file, [page.encode()])
        return len(rows)
    from seqcli.plots.vectors import draw_map

    axes = [f"component {at} ({share:.1%} of the variance)" for at, share in enumerate(shares, 1)]
    return draw_map(file, words, places, title, axes)
