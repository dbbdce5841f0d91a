"""What a person is told at the end of the training of a model that fills gaps."""

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
    shares = ", ".join(f"{held_out[f'accuracy_{n}']:.1%} {how}" for n, how in ((1, "first"), (5, "among five")))
    found = (
        f": of {held_out['tokens']:,} held-out words "
        f"{shares}, {held_out['accuracy_10']:.1%} among ten; {held_out['nats_per_token']:.4f} nats per missing word"
    )
    tell(session, outcome, found, ["fill", tips.gap(corpus)], as_json)
