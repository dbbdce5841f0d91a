"""The settings of a comparison of two models of word vectors."""

from __future__ import annotations

from dataclasses import dataclass

from seqcli.settings import setting


@dataclass(frozen=True)
class Comparing:
    """What is compared of two models."""

    k: int = setting(10, "Nearest words compared.", low=1, high=10**6, panel="Other", typed="-k")
    show: int = setting(20, "Words that moved most.", low=1, high=10**6, panel="Other")
    commonest: int = setting(5000, "Sought among these.", low=1, high=10**6, panel="Other")
    every: bool = setting(False, "Show function words and punctuation that moved, too.", panel="Other", typed="--all")
