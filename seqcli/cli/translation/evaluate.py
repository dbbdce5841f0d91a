"""The command that measures translators on a test set: evaluate-translation."""

from __future__ import annotations

import click

from seqcli.cli.completion import complete_model
from seqcli.cli.options import Number, asked_models, command, option, output_options, reading_options
from seqcli.cli.outputs import check_picture
from seqcli.cli.session import Session
from seqcli.cli.translation.options import search_options, searching_of
from seqcli.errors import MisuseError
from seqcli.translation.evaluation import CHARACTERS, chance, figures, measure, parts_of
from seqcli.translation.figures import bleu_tokenizer
from seqcli.translation.load import translation_record
from seqcli.translation.metrics import TOKENIZERS

COLUMNS = ("model", "part", "pairs", "bleu", "chrf", "ter", "nats_per_token", "p_value", "signature")


@command(
    epilog="Examples: seqcli evaluate-translation --test test.en --test test.de --by-length;  "
    "seqcli evaluate-translation one two --test test.en --test test.de --json",
)
@click.argument("models", nargs=-1, metavar="[MODEL]...", shell_complete=complete_model)
@option("--test", multiple=True, required=True, metavar="FILE", help="Source and target, or one file of both.")
@reading_options
@option("--by-length", is_flag=True, help="Also for each quarter of the sentences, by their sources' lengths.")
@option(
    "--bleu-tokenizer",
    "cut",
    type=click.Choice(TOKENIZERS),
    help="How BLEU cuts text.  [default: 13a, or char]",
)
@option("--samples", type=Number(int), default=1000, metavar="N", help="Of the paired bootstrap.  [default: 1000]")
@option("--plot", metavar="FILE", help="Draw BLEU by the sources' lengths: FILE.png or .svg.")
@option("--replace", is_flag=True, help="Replace a picture that is there.")
@search_options
@output_options
@click.pass_obj
def evaluate_translation(
    session: Session,
    /,
    models: tuple[str, ...],
    test: tuple[str, ...],
    by_length: bool,
    cut: str | None,
    samples: int,
    plot: str | None,
    replace: bool,
    beam: int,
    length_penalty: float,
    coverage: float,
) -> None:
    """Measure translators on a test set: BLEU, chrF and TER by sacrebleu, on text as it is read, with the signature.

    Of several models, the p-value says how often chance alone makes the BLEU of one differ so from the first's (paired
    bootstrap). BLEU compares characters where the target is written without spaces.
    """
    from seqcli.plots.by_length import draw_by_length
    from seqcli.translation.pairs import read_pairs

    how = searching_of(beam, length_penalty, coverage)
    if not 1 <= samples <= 100_000:
        raise MisuseError(f"--samples is {samples}; give a number from 1 to 100,000.")
    if plot is not None:
        check_picture(plot, replace)
    for model in asked_models(models):
        translation_record(session, model)  # before the first is measured
    pairs = read_pairs(test, session.text_form)
    cut = cut or bleu_tokenizer(pairs.target)
    if pairs.empty:
        session.note(f"Note: {pairs.empty:,} of {pairs.lines:,} lines have an empty side and are left out.")
    translated: dict[str, list[str]] = {}
    drawn: dict[str, list[float]] = {}
    parts = parts_of(pairs, by_length or plot is not None)
    with session.terminal.results(*COLUMNS) as out:
        for model in asked_models(models):
            name, translations, nats = measure(session, model, pairs, how)
            p_value = chance(next(iter(translated.values())), translations, pairs, cut, samples) if translated else None
            translated[name], drawn[name] = translations, []
            for part, places in parts:
                whole = part == "all"
                row = figures([translations[i] for i in places], [pairs.target[i] for i in places], cut)
                extra = (nats, p_value) if whole else (None, None)
                out.add(name, part, len(places), row["bleu"], row["chrf"], row["ter"], *extra, row["signature"])
                if not whole:
                    drawn[name].append(row["bleu"])
            out.flush()
    if plot is not None:
        draw_by_length(plot, [part.removesuffix(CHARACTERS) for part, _ in parts[1:]], drawn)
