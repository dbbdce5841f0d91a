"""The commands that train: train-lm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqcli.cli import tips
from seqcli.cli.completion import complete_file, complete_model
from seqcli.cli.options import architecture_option, command, option, spec_options
from seqcli.cli.session import Session
from seqcli.cli.training import Asked, tell, trained, training_options
from seqcli.language.settings import LanguageSpec, NgramSpec
from seqcli.text.settings import TextSpec
from seqcli.training.settings import RunSpec

if TYPE_CHECKING:
    from seqcli.text.corpus import Corpus
    from seqcli.training.driver import Outcome


@command(
    epilog="Example: seqcli train-lm book.txt --minutes 5, then: seqcli predict-word 'some of them'",
)
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...", shell_complete=complete_file)
@training_options
@option(
    "--from",
    "begin_from",
    metavar="NAME",
    shell_complete=complete_model,
    help="Begin with this model's weights, and add the words that it lacks.",
)
@spec_options(TextSpec)
@architecture_option("lm", "lstm")
@spec_options(LanguageSpec, leave_out=("architecture",))
@spec_options(NgramSpec, leave_out=("architecture",))
@spec_options(RunSpec)
@click.pass_obj
def train_lm(session: Session, asked: Asked, /, **params: Any) -> None:
    """Train a language model on a text: files, folders, .gz/.bz2/.xz/.zst, or - for standard input.

    It stops by itself when held-out text gets no better, and keeps the best weights. N-grams are counted in seconds.
    --from goes on with another model on this text: its weights and settings, its tokens and those that it lacks.
    """
    from seqcli.language.training import LanguageTrainer

    trainer, outcome = trained(session, asked, LanguageTrainer, params)
    if outcome is not None:
        _report(session, outcome, trainer.corpus, asked.as_json)


def _report(session: Session, outcome: Outcome, corpus: Corpus, as_json: bool) -> None:
    """Say what came of a training, and what to try next."""
    held_out = outcome.record.results["held_out"]
    found = (
        f": held-out perplexity {held_out['perplexity']:.2f} "
        f"({held_out['nats_per_token']:.4f} nats per token, {held_out['bits_per_character']:.3f} bits per character) "
        f"over {held_out['tokens']:,} tokens"
    )
    tell(session, outcome, found, ["predict-word", tips.prompt(corpus)], as_json)
