"""The settings of a latent variable: its size, and what keeps it from being ignored."""

from __future__ import annotations

from dataclasses import dataclass

from seqcli.settings import setting

PANEL = "Latent variable"


@dataclass(frozen=True)
class LatentSpec:
    """A latent variable with a diagonal Gaussian posterior; a room inherits it and may give other defaults.

    What the settings do to the objective is told in latent.annealing and layers.latent.
    """

    latent_size: int = setting(32, "Numbers in the latent variable.", low=1, high=4096, panel=PANEL)
    annealing: str = setting(
        "linear",
        "How the weight of the KL rises from 0 to its height: once, in cycles, or not at all: it begins there.",
        choices=("none", "linear", "cyclical"),
        panel=PANEL,
    )
    annealing_share: float = setting(
        0.2, "Share of the training (or of each cycle) that the weight takes to rise.", above=0.0, high=1.0, panel=PANEL
    )
    annealing_cycles: int = setting(4, "Cycles, where --annealing is cyclical.", low=1, high=1000, panel=PANEL)
    kl_weight: float = setting(
        1.0,
        "Height of the KL's weight in the objective; held-out bounds always weigh it 1.",
        low=0.0,
        high=1e3,
        panel=PANEL,
    )
    free_bits: float = setting(
        0.0, "Nats of KL that each number of the latent variable has for nothing.", low=0.0, high=1e3, panel=PANEL
    )
    minimum_rate: float = setting(
        0.0, "Nats of KL in all that cost nothing: the rate that is wanted at least.", low=0.0, high=1e4, panel=PANEL
    )
    word_dropout: float = setting(
        0.0,
        "Share of the words before it that the decoder reads as unknown while training.",
        low=0.0,
        high=1.0,
        panel=PANEL,
    )
    bag_of_words: float = setting(
        0.0,
        "Weight of telling the words, in any order, from the latent variable alone.",
        low=0.0,
        high=1e3,
        panel=PANEL,
    )
