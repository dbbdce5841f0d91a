"""The settings of word vectors' answers: how many neighbours, how analogies are answered, what is compared or drawn."""

from __future__ import annotations

from dataclasses import dataclass

from seqcli.settings import setting

MOST = 10_000  # answers at most for one question: a vocabulary is looked at with `models show`
DRAWN = 20_000  # words: more are a cloud, and t-SNE would take an hour


@dataclass(frozen=True)
class Nearest:
    """Which of the words near a word, or a sum of words, are answers."""

    k: int = setting(10, "Answers each.", low=1, high=MOST, panel="Other", typed="-k")


@dataclass(frozen=True)
class Nearing(Nearest):
    """How neighbours are searched for."""

    approximate: bool = setting(
        False,
        "Search the index that index-vectors built: quick for millions of words.",
        panel="Other",
        typed="--approximate",
    )


@dataclass(frozen=True)
class Solving(Nearest):
    """How analogies are answered."""

    method: str = setting(
        "add",
        "add: 3CosAdd, sums of vectors; mul: 3CosMul, products of similarities.",
        choices=("add", "mul"),
        panel="Other",
    )


@dataclass(frozen=True)
class Comparing:
    """What is compared of two models."""

    k: int = setting(10, "Nearest words compared.", low=1, high=10**6, panel="Other", typed="-k")
    show: int = setting(20, "Words that moved most.", low=1, high=10**6, panel="Other")
    commonest: int = setting(5000, "Sought among these.", low=1, high=10**6, panel="Other")
    every: bool = setting(False, "Show function words and punctuation that moved, too.", panel="Other", typed="--all")


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
