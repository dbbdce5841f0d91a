"""What a person is told at the end of the training of a translator."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from seqcli.cli.session import Session
from seqcli.quantities import duration
from seqcli.training.follow import Done, document_of

if TYPE_CHECKING:
    from seqcli.store import Draft


def report(session: Session, draft: Draft, done: Done, seconds: float, example: str) -> dict[str, Any]:
    """Say what came of a training, and what to try next; return its object of --json. seconds: of all the work."""
    assert draft.record is not None
    held_out = draft.record.results["held_out"]
    session.note(
        f"Done in {duration(done.seconds)} ({done.why}): {done.what}: held-out BLEU {held_out['bleu']:.1f}, "
        f"chrF {held_out['chrf']:.1f} over {held_out['pairs']:,} pairs ({held_out['signature']}), "
        f"{held_out['nats_per_token']:.4f} nats per token."
    )
    tip = ["seqcli", "translate", example, "-m", draft.name]
    session.note(f"Model: {os.path.relpath(draft.directory)}. Try:", tip)
    return document_of(draft, seconds, done.seconds, done.speed)
