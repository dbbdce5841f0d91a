"""What a person is told at the end of the training of a model that fills gaps."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from seqcli.cli import tips
from seqcli.cli.session import Session
from seqcli.quantities import duration

if TYPE_CHECKING:
    from seqcli.text.corpus import Corpus
    from seqcli.training.driver import Outcome


def report(session: Session, outcome: Outcome, corpus: Corpus, as_json: bool) -> None:
    """Say what came of a training, and what to try next."""
    held_out, done = outcome.record.results["held_out"], outcome.done
    if as_json:
        session.terminal.document(outcome.document())
    shares = ", ".join(f"{held_out[f'accuracy_{n}']:.1%} {how}" for n, how in ((1, "first"), (5, "among five")))
    session.note(
        f"Done in {duration(done.seconds)} ({done.why}): {done.what}: of {held_out['tokens']:,} held-out words "
        f"{shares}, {held_out['accuracy_10']:.1%} among ten; {held_out['nats_per_token']:.4f} nats per missing word."
    )
    tip = ["seqcli", "fill", tips.gap(corpus), "-m", outcome.record.name]
    session.note(f"Model: {os.path.relpath(outcome.directory)}. Try:", tip)
