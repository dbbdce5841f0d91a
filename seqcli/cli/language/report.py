"""What a person is told at the end of the training of a language model."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from seqcli.cli import tips
from seqcli.cli.session import Session
from seqcli.quantities import duration
from seqcli.training.follow import Done, document_of

if TYPE_CHECKING:
    from seqcli.store import Draft
    from seqcli.text.corpus import Corpus


def report(session: Session, draft: Draft, corpus: Corpus, done: Done, seconds: float, as_json: bool) -> None:
    """Say what came of a training, and what to try next; seconds: of the whole command."""
    assert draft.record is not None
    held_out = draft.record.results["held_out"]
    where = os.path.relpath(draft.directory)
    if as_json:
        session.terminal.document(document_of(draft, seconds, done.seconds, done.speed))
    session.note(
        f"Done in {duration(done.seconds)} ({done.why}): {done.what}: held-out perplexity {held_out['perplexity']:.2f} "
        f"({held_out['nats_per_token']:.4f} nats per token, {held_out['bits_per_character']:.3f} bits per character) "
        f"over {held_out['tokens']:,} tokens."
    )
    session.note(f"Model: {where}. Try:", ["seqcli", "predict-word", tips.prompt(corpus), "-m", draft.name])
