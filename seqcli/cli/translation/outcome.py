"""What is said of a trained translator: its held-out figures, and the report at the end of a training."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

from seqcli.cli.fitting import Done, document_of
from seqcli.cli.options import Session
from seqcli.cli.terminal import duration

if TYPE_CHECKING:
    from seqcli.metrics import Quality
    from seqcli.store import Draft

SPACELESS = 0.3  # share of letters in a script without spaces, from which BLEU compares characters


def figures(nats: float, tokens: int, unknown_rate: float) -> dict[str, Any]:
    """Return the held-out figures of a translator from its nats per target token."""
    return {
        "tokens": tokens,
        "unknown_rate": unknown_rate,
        "nats_per_token": nats,
        "perplexity": math.exp(min(nats, 700.0)),
    }


def quality_figures(found: Quality, pairs: int) -> dict[str, Any]:
    """Return the scores of translations beside their references."""
    return {"pairs": pairs, "bleu": found.bleu, "chrf": found.chrf, "signature": found.signature}


def nats_text(nats: float) -> str:
    """Return a held-out figure as a person reads it."""
    return f"{nats:.3f} nats per token"


def bleu_tokenizer(references: list[str]) -> str:
    """Return how sacrebleu is to cut a target: into characters where it is mainly written without spaces."""
    from seqcli.text.rules import KINDS

    kinds = "".join(references).translate(KINDS)
    letters = sum(map(kinds.count, "hkKa"))
    spaceless = sum(map(kinds.count, "hkK"))
    return "char" if spaceless > SPACELESS * max(letters, 1) else "13a"


def report(session: Session, draft: Draft, done: Done, seconds: float, example: str) -> dict[str, Any]:
    """Say what came of a training, and what to try next; return its object of --json. seconds: of all the work."""
    assert draft.record is not None
    held_out = draft.record.results["held_out"]
    session.terminal.note(
        f"Done in {duration(done.seconds)} ({done.why}): {done.what}: held-out BLEU {held_out['bleu']:.1f}, "
        f"chrF {held_out['chrf']:.1f} over {held_out['pairs']:,} pairs ({held_out['signature']}), "
        f"{held_out['nats_per_token']:.4f} nats per token."
    )
    tip = ["seqcli", "translate", example, "-m", draft.name]
    session.terminal.note(f"Model: {os.path.relpath(draft.directory)}. Try:", tip)
    return document_of(draft, seconds, done.seconds, done.speed)
