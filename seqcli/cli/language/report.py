"""What a person is told at the end of the training of a language model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqcli.cli import tips
from seqcli.cli.session import Session
from seqcli.cli.training import tell

if TYPE_CHECKING:
    from seqcli.text.corpus import Corpus
    from seqcli.training.driver import Outcome


def report(session: Session, outcome: Outcome, corpus: Corpus, as_json: bool) -> None:
    """Say what came of a training, and what to try next."""
    held_out = outcome.record.results["held_out"]
    found = (
        f": held-out perplexity {held_out['perplexity']:.2f} "
        f"({held_out['nats_per_token']:.4f} nats per token, {held_out['bits_per_character']:.3f} bits per character) "
        f"over {held_out['tokens']:,} tokens"
    )
    tell(session, outcome, found, ["predict-word", tips.prompt(corpus)], as_json)
