"""The command that measures: evaluate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.completion import complete_model
from seqcli.cli.language.asked_model import asked_model
from seqcli.cli.language.paired import compare_models
from seqcli.cli.options import (
    asked_models,
    command,
    mixing_options,
    option,
    output_options,
    reading_options,
    spec_options,
)
from seqcli.cli.session import Session
from seqcli.errors import MisuseError, quoted
from seqcli.language.answer_settings import Measuring, how_measured
from seqcli.settings import given

if TYPE_CHECKING:
    from seqcli.language.paired_comparison import Measured

COLUMNS = ("model", "tokens", "unknown_rate", "nats_per_token", "perplexity", "bits_per_character")


@command(
    epilog="Examples: seqcli evaluate austen --test emma.txt --json;  seqcli evaluate a b --test emma.txt --paired;  "
    "seqcli evaluate austen --mix counts --cache neural --fit-on valid.txt --test emma.txt",
)
@click.argument("models", nargs=-1, metavar="[MODEL]...", shell_complete=complete_model)
@option("--test", multiple=True, required=True, metavar="FILE", help="The text to measure on.")
@reading_options
@spec_options(Measuring)
@option("--paired", is_flag=True, help="Compare the first model with each other, line by line: how sure is it?")
@option("--per-character", is_flag=True, help="Compare bits per character, which models of any tokens have.")
@mixing_options
@output_options
@click.pass_obj
def evaluate(
    session: Session,
    /,
    models: tuple[str, ...],
    test: tuple[str, ...],
    paired: bool,
    per_character: bool,
    **params: Any,
) -> None:
    """Measure models on a text: perplexity, nats per token, bits per character.

    Every token is predicted, the end of every line (or paragraph) included, from all that stands before it up to some
    1,000 tokens. Figures do not depend on how the text is batched. Perplexities of models with different vocabularies
    cannot be compared; bits per character can. A model of another task, named first, is measured by the command of
    its task: evaluate-fill, evaluate-dialogue and so on, whose options it then takes.

    --mix, --cache and --dynamic are measured together with each model. --fit-on chooses their weights and settings on
    another text and says how to give them by hand; --keep puts them into the model, for every later answer.

    --paired tells how much less the first model costs than another on the same lines (or paragraphs), with a 95 %
    confidence interval, and p, the chance of such a difference between models that are equally good.
    """
    how = how_measured(given(Measuring, params))
    if per_character and not paired:
        raise MisuseError("--per-character belongs to --paired; bits per character are among the figures anyway.")
    if paired and len(models) < 2:
        raise MisuseError("--paired compares models; name two or more.")
    asked = [asked_model(session, name) for name in asked_models(models)]  # before the first is measured
    measured = ((one.record.name, one.measure(test, session.text_form, how)) for one in asked)
    if paired:
        return compare_models(session, [one for _, one in measured], per_character)
    seen = dict[bytes, str]()
    with session.terminal.results(*COLUMNS) as out:
        for name, one in measured:
            _note_other_tokens(session, name, one, seen)
            out.add(one.name, *one.figures)
            out.flush()


def _note_other_tokens(session: Session, name: str, one: Measured, seen: dict[bytes, str]) -> None:
    """Say where perplexities cannot be compared; `seen` holds a model for each vocabulary and cut of the text met."""
    from seqcli.language.paired_comparison import tokens_seen

    same = tokens_seen(one.vocabulary, one.encoded.ids)
    if seen and same not in seen:
        session.note(
            f"Note: {quoted(name)} and {quoted(next(iter(seen.values())))} have different vocabularies: compare their "
            "bits per character, not their perplexities."
        )
    seen.setdefault(same, name)
