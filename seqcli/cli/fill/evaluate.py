"""The command that measures models that fill gaps: evaluate-fill."""

from __future__ import annotations

import click

from seqcli.cli.completion import complete_model
from seqcli.cli.fill.asked_model import asked_model
from seqcli.cli.options import asked_models, command, option, output_options, reading_options, spec_options
from seqcli.cli.session import Session
from seqcli.fill.answer_settings import Measuring
from seqcli.settings import given, settings

COLUMNS = ("model", "tokens", "unknown_rate", "accuracy_1", "accuracy_5", "accuracy_10", "nats_per_token")


@command(
    epilog="Examples: seqcli evaluate-fill gaps --test emma.txt --json;  "
    "seqcli evaluate-fill both left --test emma.txt",
)
@click.argument("models", nargs=-1, metavar="[MODEL]...", shell_complete=complete_model)
@option("--test", multiple=True, required=True, metavar="FILE", help="The text to measure on.")
@reading_options
@spec_options(Measuring)
@output_options
@click.pass_obj
def evaluate_fill(session: Session, /, models: tuple[str, ...], test: tuple[str, ...], threads: int | None) -> None:
    """Measure models on a text: how often a missing word is found, first, among five, or among ten.

    Every word is asked for, each from all that stands left and right of it; the ends of lines (or paragraphs) are read
    and not asked for. Figures do not depend on how the text is batched. Nats per token are what a missing word costs;
    they are no perplexity, as every word is among what the others are found by.
    """
    how = settings(Measuring(), given(Measuring, {"threads": threads}))
    asked = [asked_model(session, name) for name in asked_models(models)]  # before the first is measured
    with session.terminal.results(*COLUMNS) as out:
        for one in asked:
            out.add(one.name, *one.measure(test, session.text_form, how))
            out.flush()
