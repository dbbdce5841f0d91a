"""What is said of a trained language model: its held-out figures, and the report at the end of a training."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

from seqcli.cli import tips
from seqcli.cli.fitting import Done, document_of
from seqcli.cli.options import Session
from seqcli.cli.terminal import duration

if TYPE_CHECKING:
    from seqcli.store import Draft
    from seqcli.text.corpus import Corpus

WORSE = 1.0  # nats above even guessing from which it is said: an untrained network is not that far off


def figures(nats: float, tokens: int, unknown_rate: float, characters: int) -> dict[str, Any]:
    """Return the held-out figures of a language model from its nats per token."""
    return {
        "tokens": tokens,
        "unknown_rate": unknown_rate,
        "nats_per_token": nats,
        "perplexity": math.exp(min(nats, 700.0)),
        "bits_per_character": nats * tokens / math.log(2) / max(characters, 1),
    }


def perplexity_text(nats: float, vocabulary_size: int | None = None) -> str:
    """Return a held-out figure as a person reads it, with a remark where guessing among the vocabulary does better."""
    perplexity = math.exp(min(nats, 700.0))
    shown = (
        f"{perplexity:,.2f}" if perplexity < 1e4 else f"{perplexity:,.0f}" if perplexity < 1e9 else f"{perplexity:.3g}"
    )
    if vocabulary_size is None or nats < math.log(vocabulary_size) + WORSE:
        return f"perplexity {shown}"
    return (
        f"perplexity {shown}, worse than guessing evenly ({vocabulary_size:,}): if it does not fall soon, a lower "
        "--learning-rate is needed"
    )


def report(session: Session, draft: Draft, corpus: Corpus, done: Done, seconds: float, as_json: bool) -> None:
    """Say what came of a training, and what to try next; seconds: of the whole command."""
    assert draft.record is not None
    held_out = draft.record.results["held_out"]
    where = os.path.relpath(draft.directory)
    if as_json:
        session.terminal.document(document_of(draft, seconds, done.seconds, done.speed))
    session.terminal.note(
        f"Done in {duration(done.seconds)} ({done.why}): {done.what}: held-out perplexity {held_out['perplexity']:.2f} "
        f"({held_out['nats_per_token']:.4f} nats per token, {held_out['bits_per_character']:.3f} bits per character) "
        f"over {held_out['tokens']:,} tokens."
    )
    session.terminal.note(f"Model: {where}. Try:", ["seqcli", "predict-word", tips.prompt(corpus), "-m", draft.name])
