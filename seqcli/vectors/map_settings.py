"""The settings of a map of words."""

from __future__ import annotations

from dataclasses import dataclass

from seqcli.settings import setting

DRAWN = 20_000  # words: more are a cloud, and t-SNE would take an hour


@dataclass(frozen=True)
class MapSettings:
    """What a map of words shows, and how its two dimensions are made."""

    commonest: int = setting(200, "The N commonest words that mean something.", low=3, high=DRAWN, panel="Other")
    every: bool = setting(
        False, "Draw function words and punctuation among the commonest, too.", panel="Other", typed="--all"
    )
    method: str = setting(
        "pca",
        "How many dimensions become two; tsne and umap keep near words together better.",
        choices=("pca", "tsne", "umap"),
        panel="Other",
    )
    seed: int = setting(1, "Random start of tsne and umap.", low=0, high=2**31 - 1, panel="Other")
