"""What is said of a dialogue model: its held-out figures."""

from __future__ import annotations

import math
from typing import Any


def figures(nats: float, tokens: int, unknown_rate: float, latent: bool = False) -> dict[str, Any]:
    """Return the held-out figures of a model from its nats per token of the replies, with latent a bound."""
    found: dict[str, Any] = {"tokens": tokens, "unknown_rate": unknown_rate}
    if latent:
        return found | {"bound_nats_per_token": nats}
    return found | {"nats_per_token": nats, "perplexity": math.exp(min(nats, 700.0))}


def nats_text(nats: float) -> str:
    """Return a held-out figure as a person reads it."""
    return f"perplexity {math.exp(nats):.1f}" if nats < 20 else f"{nats:.1f} nats per token"


def bound_text(nats: float) -> str:
    """Return a held-out figure of a model with a latent variable as a person reads it."""
    return f"bound {nats:.3f} nats per token"
