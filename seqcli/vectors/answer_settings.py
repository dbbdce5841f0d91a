"""The settings of word vectors' answers: how many neighbours, and how analogies are answered."""

from __future__ import annotations

from dataclasses import dataclass

from seqcli.settings import setting

MOST = 10_000  # answers at most for one question: a vocabulary is looked at with `models show`


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
