"""What is said of a model that fills gaps: its held-out figures. It sees both sides: none of them is a perplexity."""

from __future__ import annotations

from typing import Any, NamedTuple


class Figures(NamedTuple):
    """How well a model finds the words of a text, each from all the others: shares found first, among 5, among 10."""

    tokens: int
    unknown_rate: float
    accuracy_1: float
    accuracy_5: float
    accuracy_10: float
    nats_per_token: float


def figures(nats: float, tokens: int, unknown_rate: float) -> dict[str, Any]:
    """Return the held-out figures that are known beside the accuracies."""
    return {"tokens": tokens, "unknown_rate": unknown_rate, "nats_per_token": nats}


def nats_text(nats: float) -> str:
    """Return a held-out figure as a person reads it."""
    return f"{nats:.3f} nats per missing word"
