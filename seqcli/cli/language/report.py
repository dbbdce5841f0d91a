"""What a person is told at the end of the training of a language model."""

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
    session.note(
        f"Done in {duration(done.seconds)} ({done.why}): {done.what}: held-out perplexity {held_out['perplexity']:.2f} "
        f"({held_out['nats_per_token']:.4f} nats per token, {held_out['bits_per_character']:.3f} bits per character) "
        f"over {held_out['tokens']:,} tokens."
    )
    where, tip = os.path.relpath(outcome.directory), ["seqcli", "predict-word", tips.prompt(corpus)]
    session.note(f"Model: {where}. Try:", [*tip, "-m", outcome.record.name])
