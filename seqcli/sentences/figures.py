"""What is said of a model of sentences: its held-out figures, each by the name of what it is."""

from __future__ import annotations

import math
from typing import Any

from seqcli.errors import MisuseError

COST = {  # architecture -> what its nats a sentence are
    "vae": "bound_nats_per_sentence",
    "autoencoder": "reconstruction_nats_per_sentence",
    "sentence-lm": "nats_per_sentence",
}


def figures(architecture: str, nats: float, tokens: int, sentences: int, unknown_rate: float) -> dict[str, Any]:
    """Return the held-out figures from nats per token. Only a language model's are a likelihood, and a perplexity."""
    found: dict[str, Any] = {"tokens": tokens, "sentences": sentences, "unknown_rate": unknown_rate}
    found[COST[architecture]] = nats * tokens / sentences
    if architecture == "sentence-lm":
        found |= {"nats_per_token": nats, "perplexity": math.exp(min(nats, 700.0))}
    return found


def cost_text(architecture: str, nats: float) -> str:
    """Return a held-out figure, nats a sentence, as a person reads it."""
    name = COST[architecture].removesuffix("nats_per_sentence").replace("_", " ")
    return f"{name}{nats:.2f} nats per sentence"


def check_coded(architecture: str, name: str) -> None:
    """Raise MisuseError for a model that has no code."""
    if architecture == "sentence-lm":
        raise MisuseError(f"{name} has no latent code; name a model of --architecture vae or autoencoder.")
