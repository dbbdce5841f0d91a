"""The command that trains a model to fill gaps: train-fill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqcli.cli import tips
from seqcli.cli.completion import complete_file
from seqcli.cli.options import command, spec_options
from seqcli.cli.session import Session
from seqcli.cli.training import Asked, tell, trained, training_options
from seqcli.fill.settings import FillRunSpec, FillSpec, FillTextSpec

if TYPE_CHECKING:
    from seqcli.text.corpus import Corpus
    from seqcli.training.driver import Outcome


@command(
    epilog="Example: seqcli train-fill book.txt --minutes 10, then: seqcli fill 'he [_] to the window'",
)
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...", shell_complete=complete_file)
@training_options
@spec_options(FillTextSpec)
@spec_options(FillSpec, leave_out=("architecture",))
@spec_options(FillRunSpec)
@click.pass_obj
def train_fill(session: Session, asked: Asked, /, **params: Any) -> None:
    """Train a model that fills gaps on a text: files, folders, .gz/.bz2/.xz/.zst, or - for standard input.

    A word is predicted from all that stands left and right of it, which neither side has seen: its figures are how
    often it is found, first or among five or ten, and nats per missing word. Model and batches are made as large as
    --minutes can train, unless sizes are given. It stops by itself when held-out text gets no better.
    """
    from seqcli.fill.training import FillTrainer

    trainer, outcome = trained(session, asked, FillTrainer, params)
    if outcome is not None:
        _report(session, outcome, trainer.corpus, asked.as_json)


def _report(session: Session, outcome: Outcome, corpus: Corpus, as_json: bool) -> None:
    """Say what came of a training, and what to try next."""
    held_out = outcome.record.results["held_out"]
    shares = ", ".join(f"{held_out[f'accuracy_{n}']:.1%} {how}" for n, how in ((1, "first"), (5, "among five")))
    found = (
        f": of {held_out['tokens']:,} held-out words "
        f"{shares}, {held_out['accuracy_10']:.1%} among ten; {held_out['nats_per_token']:.4f} nats per missing word"
    )
    tell(session, outcome, found, ["fill", tips.gap(corpus)], as_json)
