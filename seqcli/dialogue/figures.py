"""What is said of a dialogue model: its held-out figures."""

from __future__ import annotations

import math
from typing import Any


def figures(nats: float, tokens: int, unknown_rate: float) -> dict[str, Any]:
    """Return the held-out figures of a model from its nats per token of the replies."""
    found = {"tokens": tokens, "unknown_rate": unknown_rate, "nats_per_token": nats}
    return found | {"perplexity": math.exp(min(nats, 700.0))}


def nats_text(nats: float) -> str:
    """Return a held-out figure as a person reads it."""
    return f"perplexity {math.exp(min(nats, 700.0)):.1f}" if nats < 20 else f"{nats:.1f} nats per token"
