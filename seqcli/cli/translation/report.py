"""What a person is told at the end of the training of a translator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqcli.cli.session import Session
from seqcli.cli.training import tell

if TYPE_CHECKING:
    from seqcli.training.driver import Outcome


def report(session: Session, outcome: Outcome, example: str) -> None:
    """Say what came of a training, and what to try next; the JSON of both directions is one object, printed later."""
    held_out = outcome.record.results["held_out"]
    found = (
        f": held-out BLEU {held_out['bleu']:.1f}, "
        f"chrF {held_out['chrf']:.1f} over {held_out['pairs']:,} pairs ({held_out['signature']}), "
        f"{held_out['nats_per_token']:.4f} nats per token"
    )
    tell(session, outcome, found, ["translate", example], as_json=False)
