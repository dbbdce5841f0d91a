"""The command that measures translators on a test set: evaluate-translation."""

from __future__ import annotations

from typing import Any

import click

from seqcli.cli.completion import complete_model
from seqcli.cli.options import asked_models, command, option, output_options, reading_options, spec_options
from seqcli.cli.outputs import check_picture
from seqcli.cli.session import Session
from seqcli.settings import given, settings
from seqcli.translation.answer_settings import BeamSettings
from seqcli.translation.evaluation_settings import SEARCH, Measuring

COLUMNS = ("model", "part", "pairs", "bleu", "chrf", "ter", "nats_per_token", "p_value", "signature")


@command(
    epilog="Examples: seqcli evaluate-translation --test test.en --test test.de --by-length;  "
    "seqcli evaluate-translation one two --test test.en --test test.de --json",
)
@click.argument("models", nargs=-1, metavar="[MODEL]...", shell_complete=complete_model)
@option("--test", multiple=True, required=True, metavar="FILE", help="Source and target, or one file of both.")
@reading_options
@spec_options(Measuring, leave_out=SEARCH)
@option("--plot", metavar="FILE", help="Draw BLEU by the sources' lengths: FILE.png or .svg.")
@option("--replace", is_flag=True, help="Replace a picture that is there.")
@spec_options(BeamSettings)
@output_options
@click.pass_obj
def evaluate_translation(
    session: Session,
    /,
    models: tuple[str, ...],
    test: tuple[str, ...],
    plot: str | None,
    replace: bool,
    **params: Any,
) -> None:
    """Measure translators on a test set: BLEU, chrF and TER by sacrebleu, on text as it is read, with the signature.

    Of several models, the p-value says how often chance alone makes the BLEU of one differ so from the first's (paired
    bootstrap). BLEU compares characters where the target is written without spaces.
    """
    how = settings(Measuring(), {**given(Measuring, params), **({"by_length": True} if plot else {})})
    if plot is not None:
        check_picture(plot, replace)
    from seqcli.plots.by_length import draw_by_length
    from seqcli.translation.answers import open_translator
    from seqcli.translation.evaluation import CHARACTERS, WHOLE, figures
    from seqcli.translation.pairs import read_pairs

    asked = [open_translator(session, name).lines for name in asked_models(models)]
    pairs = read_pairs(test, session.text_form)
    if pairs.empty:
        session.note(f"Note: {pairs.empty:,} of {pairs.lines:,} lines have an empty side and are left out.")
    drawn: dict[str, dict[str, float]] = {one.name: {} for one in asked}
    with session.terminal.results(*COLUMNS) as out:
        for figure in figures(session, asked, pairs, how):
            out.add(*figure)
            out.flush()
            if figure.part != WHOLE:
                drawn[figure.model][figure.part.removesuffix(CHARACTERS)] = figure.bleu
    if plot is not None:
        parts = list(next(iter(drawn.values())))
        draw_by_length(plot, parts, {name: list(bleu.values()) for name, bleu in drawn.items()})
