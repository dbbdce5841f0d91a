"""What is said of a language model: its held-out figures."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

WORSE = 1.0  # nats above even guessing from which it is said: an untrained network is not that far off


class Figures(NamedTuple):
    """How well a language model predicts a text."""

    tokens: int
    unknown_rate: float
    nats_per_token: float
    perplexity: float
    bits_per_character: float


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
