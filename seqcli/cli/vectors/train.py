"""The command that trains word vectors: train-w2v."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqcli.cli import tips
from seqcli.cli.completion import complete_file, complete_model_or_file
from seqcli.cli.options import command, option, spec_options
from seqcli.cli.session import Session
from seqcli.cli.training import Asked, tell, trained, training_options
from seqcli.vectors.settings import VectorsRunSpec, VectorsSpec, VectorsTextSpec
from seqcli.vectors.training import loss_text

if TYPE_CHECKING:
    from seqcli.training.driver import Outcome
    from seqcli.vectors.training import Words


@command(
    epilog="Example: seqcli train-w2v book.txt --epochs 5, then: seqcli neighbors king",
)
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...", shell_complete=complete_file)
@option(
    "--from",
    "begin_from",
    metavar="MODEL",
    shell_complete=complete_model_or_file,
    help="Begin with the vectors of a model, or of a vectors file.",
)
@training_options
@spec_options(VectorsTextSpec, leave_out=("subwords",))
@spec_options(VectorsSpec)
@spec_options(VectorsRunSpec)
@click.pass_obj
def train_w2v(session: Session, asked: Asked, /, **params: Any) -> None:
    """Train word vectors (word2vec) on a text: files, folders, .gz/.bz2/.xz/.zst, or - for standard input.

    Contexts end where a line or paragraph ends. The settings are named as everywhere, their defaults those of
    word2vec.c, but for the learning rate: words share their negatives here, which allows twice the steps.
    """
    from seqcli.vectors.training import VectorsTrainer

    trainer, outcome = trained(session, asked, VectorsTrainer, params)
    if outcome is not None:
        _report(session, outcome, trainer.words, asked.as_json)


def _report(session: Session, outcome: Outcome, words: Words, as_json: bool) -> None:
    """Say what came of a training, and what to try next."""
    from seqcli.vectors.load import few_words

    held_out = outcome.record.results["held_out"]
    found = f". Held-out {loss_text(held_out['nats_per_pair'])} over {held_out['pairs']:,} pairs"
    tip = ["neighbors", tips.content_word(words.names)]
    tell(session, outcome, found, tip, as_json, filter(None, [few_words(outcome.record)]))
