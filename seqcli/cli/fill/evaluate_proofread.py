"""The command that measures proofreading: evaluate-proofread."""

from __future__ import annotations

from typing import Any

import click

from seqcli.cli.completion import complete_model
from seqcli.cli.options import asked_models, command, option, output_options, reading_options, spec_options
from seqcli.cli.outputs import check_picture
from seqcli.cli.session import Session
from seqcli.errors import MisuseError
from seqcli.fill.proofreading.settings import NOISE, Damaging, Proofreading, share_of
from seqcli.settings import given, settings

COLUMNS = (
    *("model", "kind", "words", "errors", "auc", "alarm_rate", "precision", "recall", "recall_at_rate"),
    *("first_suggestion", "fixed", "broken", "words_per_second"),
)
GOLD_COLUMNS = ("model", "sentences", "proposed", "precision", "recall", "f05", "gleu", "gleu_source")


@command(
    epilog="Examples: seqcli evaluate-proofread --test emma.txt --noise words --alarm-rate 1%;  "
    "seqcli evaluate-proofread novels --test emma.txt --noise letters --by-kind --json;  "
    "seqcli evaluate-proofread --gold essays.m2;  seqcli evaluate-proofread --gold dev.src --gold dev.ref0",
)
@click.argument("models", nargs=-1, metavar="[MODEL]...", shell_complete=complete_model)
@option("--test", multiple=True, metavar="FILE", help="A text without errors, into which errors are put.")
@option("--gold", multiple=True, metavar="FILE", help="An .m2 file; or a file of sources, then one or more corrected.")
@spec_options(Damaging)
@spec_options(Proofreading, leave_out=("k",))
@option(
    "--baseline",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_model,
    help="Measure another network beside it, of the same text: train-fill --sides left reads left to right.",
)
@option("--plot", metavar="FILE", help="Draw how reliable the probabilities are: FILE.png or .svg.")
@option("--replace", is_flag=True, help="Replace a picture that is there.")
@reading_options
@output_options
@click.pass_obj
def evaluate_proofread(
    session: Session,
    /,
    models: tuple[str, ...],
    test: tuple[str, ...],
    gold: tuple[str, ...],
    baseline: tuple[str, ...],
    plot: str | None,
    replace: bool,
    **params: Any,
) -> None:
    """Measure proofreading: on a right text with errors put into it, or on sentences that people corrected.

    --test: AUC of the probabilities; alarm rate, precision and recall at the threshold of --alarm-rate, and recall
    where exactly so many right words of this text are marked; how often the first suggestion of an error is right; and
    the shares of errors fixed and of right words broken when all first suggestions are taken. Beside the models stands
    what the frequency of words alone would find, and what each --baseline would, with weights of their own.

    --gold: precision, recall and F0.5 of edits, and GLEU (0 to 1), for each sentence by itself.
    """
    how, damaging = settings(Proofreading(), given(Proofreading, params)), settings(Damaging(), given(Damaging, params))
    share_of(how.alarm_rate)
    if bool(test) == bool(gold):
        raise MisuseError("Give --test FILE, a text without errors, or --gold FILE, what people corrected.")
    if plot is not None:
        if gold:
            raise MisuseError("--plot draws what --test measures; leave it out.")
        check_picture(plot, replace)
    if gold:
        return _measure_gold(session, models, gold, how)
    _measure_damaged(session, models, test, how, damaging, plot, baseline)


def _measure_gold(session: Session, models: tuple[str, ...], gold: tuple[str, ...], how: Proofreading) -> None:
    from seqcli.cli.fill.asked_model import asked_model
    from seqcli.fill.proofreading.evaluation import gold_figures
    from seqcli.fill.proofreading.gold import read_gold

    sentences = read_gold(gold)
    asked = [asked_model(session, name) for name in asked_models(models)]
    with session.terminal.results(*GOLD_COLUMNS) as out:
        for one in asked:
            out.add(*gold_figures(session, one.name, one.proofreader(), sentences, how))
            out.flush()


def _measure_damaged(
    session: Session,
    models: tuple[str, ...],
    test: tuple[str, ...],
    how: Proofreading,
    damaging: Damaging,
    plot: str | None,
    baseline: tuple[str, ...],
) -> None:
    from seqcli.cli.fill.asked_model import asked_model
    from seqcli.fill.proofreading.evaluation import UNIGRAM, baseline_figures, by_frequency, damaged_text, figures
    from seqcli.text.reading import read_lines

    text = "\n".join(read_lines(test, session.text_form))[: damaging.letters]
    asked = [asked_model(session, name) for name in asked_models(models)]
    first = asked[0].proofreader()
    session.spare.fit_products()
    damaged, other = (damaged_text(first, text, damaging.noise, damaging.seed + i) for i in range(2))
    curves = {}
    with session.terminal.results(*COLUMNS) as out:
        for one in asked:
            proofreader = one.proofreader()
            rows, curves[one.name] = figures(session, one.name, proofreader, damaged, how, damaging.by_kind)
            for row in rows:
                out.add(*row)
            out.flush()
        if damaging.noise != NOISE[-1]:
            texts = damaged, other
            for name in baseline:
                beside = asked_model(session, name).beside(first)
                out.add(*baseline_figures(name, beside, texts, how))
            out.add(*baseline_figures(UNIGRAM, first.examiner, texts, how, by_frequency))
    if plot is not None:
        from seqcli.plots.reliability import draw_reliability

        draw_reliability(plot, {name: [(b.said, b.found, b.words) for b in curve] for name, curve in curves.items()})
