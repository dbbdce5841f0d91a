"""What a person is told at the end of the training of a translator."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from seqcli.cli.session import Session
from seqcli.quantities import duration

if TYPE_CHECKING:
    from seqcli.training.driver import Outcome


def report(session: Session, outcome: Outcome, example: str) -> None:
    """Say what came of a training, and what to try next."""
    held_out, done = outcome.record.results["held_out"], outcome.done
    session.note(
        f"Done in {duration(done.seconds)} ({done.why}): {done.what}: held-out BLEU {held_out['bleu']:.1f}, "
        f"chrF {held_out['chrf']:.1f} over {held_out['pairs']:,} pairs ({held_out['signature']}), "
        f"{held_out['nats_per_token']:.4f} nats per token."
    )
    tip = ["seqcli", "translate", example, "-m", outcome.record.name]
    session.note(f"Model: {os.path.relpath(outcome.directory)}. Try:", tip)
