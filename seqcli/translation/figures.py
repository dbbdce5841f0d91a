"""What is said of a translator: its held-out figures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqcli.translation.metrics import Quality

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
    from seqcli.text.character_kinds import KINDS

    kinds = "".join(references).translate(KINDS)
    letters = sum(map(kinds.count, "hkKa"))
    spaceless = sum(map(kinds.count, "hkK"))
    return "char" if spaceless > SPACELESS * max(letters, 1) else "13a"
