"""The command that draws: map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.completion import complete_model_then_file
from seqcli.cli.options import command, model_option, option, spec_options
from seqcli.cli.outputs import check_free, check_picture, model_and_file
from seqcli.cli.sentences.latent_space import draw_sentences, has_codes
from seqcli.cli.session import Session
from seqcli.cli.vectors.asked_vectors import among_option
from seqcli.errors import MisuseError, quoted
from seqcli.settings import given, settings
from seqcli.vectors.map_settings import MapSettings

if TYPE_CHECKING:
    from seqcli.vectors.map import Map

ENDINGS = (".png", ".svg", ".html")


@command(name="map", epilog="Examples: seqcli map words.html --commonest 500;  seqcli map nouns.png --among nouns.txt")
@click.argument("words", nargs=-1, required=True, metavar="[MODEL] FILE", shell_complete=complete_model_then_file)
@model_option
@spec_options(MapSettings, leave_out=("method", "seed"))
@among_option
@spec_options(MapSettings, leave_out=("commonest", "every"))
@option("--replace", is_flag=True, help="Replace a file that is there.")
@click.pass_obj
def map_vectors(
    session: Session,
    /,
    words: tuple[str, ...],
    model: str | None,
    among: str | None,
    replace: bool,
    **params: Any,
) -> None:
    """Draw a map of words on which near words stand together: .png, .svg, or .html to explore, which needs no network.

    Where a model of sentences is named, those of --among FILE are drawn, by their codes.

    Of the commonest words those that mean something are drawn, as far as that can be told: the first hundred of a text,
    nearly all function words, come in only where there are too few others. Of the words of --among, those that the
    model knows are drawn.
    """
    model, file = model_and_file(words, model, "seqcli map books words.html")
    if not file.lower().endswith(ENDINGS):
        raise MisuseError(f"{quoted(file)} ends in none of {', '.join(ENDINGS)}; name the picture so.")
    how = settings(MapSettings(), given(MapSettings, params))
    check = check_free if file.lower().endswith(".html") else check_picture
    check(file, replace)
    if has_codes(session, model):
        return draw_sentences(session, model, among, how, file)
    from seqcli.vectors.answers import open_vectors
    from seqcli.vectors.map import map_of
    from seqcli.vectors.projection import check_method

    check_method(how.method)
    found = map_of(open_vectors(session, model), how, among)
    labelled = _draw(found, file)
    session.note(f"{len(found.words):,} words, {labelled:,} labelled, drawn in {quoted(file)}.")


def _draw(found: Map, file: str) -> int:
    """Write the picture or the page; return how many words have their label."""
    if not file.lower().endswith(".html"):
        from seqcli.plots.vectors import draw_map

        return draw_map(file, found.words, found.places, found.title, found.axes)
    from seqcli.plots.map_page import map_page
    from seqcli.store.files import write_whole

    write_whole(file, [map_page(found.title, found.words, found.places, found.near()).encode()])
    return len(found.words)
