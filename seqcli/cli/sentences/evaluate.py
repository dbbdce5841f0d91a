"""The command that measures models of sentences: evaluate-sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.completion import complete_model
from seqcli.cli.options import asked_models, command, option, output_options, reading_options, spec_options
from seqcli.cli.outputs import check_picture
from seqcli.cli.sentences.asked_sentences import asked_sentences
from seqcli.cli.session import Session
from seqcli.errors import MisuseError
from seqcli.sentences.answer_settings import Measuring
from seqcli.settings import given, settings

if TYPE_CHECKING:
    from seqcli.sentences.evaluation import Figures


@command(
    epilog="Examples: seqcli evaluate-sentences codes plain --test test.txt --json;  "
    "seqcli evaluate-sentences low mid high --test test.txt --plot rates.png",
)
@click.argument("models", nargs=-1, metavar="[MODEL]...", shell_complete=complete_model)
@option("--test", multiple=True, required=True, metavar="FILE", help="The sentences to measure on.")
@option("--text", multiple=True, metavar="FILE", help="The text that it learned from: are drawn sentences copies?")
@reading_options
@spec_options(Measuring)
@option("--plot", metavar="FILE", help="Draw the models' rates against what reconstruction costs: FILE.png or .svg.")
@option("--replace", is_flag=True, help="Replace a picture that is there.")
@output_options
@click.pass_obj
def evaluate_sentences(
    session: Session,
    /,
    models: tuple[str, ...],
    test: tuple[str, ...],
    text: tuple[str, ...],
    plot: str | None,
    replace: bool,
    **params: Any,
) -> None:
    """Measure models of sentences: how likely sentences are, how much of them their codes keep, what is drawn.

    A VAE has an importance-weighted estimate of the likelihood, with its standard error (of the draws), and the bound;
    only of the estimate is there a perplexity. An autoencoder has none of these, a sentence-lm its exact likelihood.
    Nats per sentence count its end.
    """
    how = settings(Measuring(), given(Measuring, params))
    if plot is not None:
        check_picture(plot, replace)
    found = measure(session, models, test, text, how)
    if plot is not None:
        _draw(plot, found)


def measure(
    session: Session, models: tuple[str, ...], test: Sequence[str], text: Sequence[str], how: Measuring
) -> list[Figures]:
    """Measure models, write their figures, a model when it is measured, and say where a code is ignored."""
    from seqcli.latent.collapse import alarm
    from seqcli.sentences.evaluation import LATENT, NAMES, figures

    asked = [asked_sentences(session, name).asked for name in asked_models(models)]
    measured: list[Figures] = []
    with session.terminal.results(*NAMES) as out:
        for one in asked:
            found = figures(session, one, test, session.text_form, how, text)
            measured.append(found)
            out.add(*found.values)
            out.flush()
            if found.architecture == "vae" and (said := alarm({name: getattr(found, name) for name in LATENT})):
                session.note(f"{found.model}: {said}")
    return measured


def _draw(path: str, found: Sequence[Figures]) -> None:
    """Draw the curve of rate against distortion. Raises MisuseError where there is no model with a rate."""
    from seqcli.plots.rates import draw_rates

    rated = [
        (one.model, one.kl_per_sentence, one.reconstruction_nats_per_sentence)
        for one in found
        if one.kl_per_sentence is not None and one.reconstruction_nats_per_sentence is not None
    ]
    if not rated:
        raise MisuseError("--plot draws the rates of models with a code that is a distribution; name a vae.")
    draw_rates(path, rated)
