"""The settings of searching and grouping texts by meaning."""

from __future__ import annotations

from dataclasses import dataclass

from seqcli.settings import setting
from seqcli.vectors.answer_settings import Nearest
from seqcli.vectors.search.passages import UNITS


@dataclass(frozen=True)
class Passages:
    """What is searched for, or grouped."""

    unit: str = setting(
        "auto",
        "What a passage is; auto: paragraphs where blank lines part any, else lines; long ones cut between sentences.",
        choices=UNITS,
        panel="Text",
    )


@dataclass(frozen=True)
class Searching(Nearest):
    """How many passages are found, and what is shown around them."""

    around: int = setting(0, "Lines shown before and behind each.", low=0, high=100, panel="Output", typed="-C")


@dataclass(frozen=True)
class Grouping:
    """Into how many groups passages are put."""

    groups: int | None = setting(
        None, "Groups (default: by how many passages there are, 2 to 20).", low=1, high=1_000, panel="Other"
    )
    seed: int = setting(1, "Random seed; the same seed, the same groups.", low=0, high=2**32 - 1, panel="Other")
    examples: int = setting(
        3, "Passages shown of each group on a terminal; elsewhere all are printed.", low=1, high=10_000, panel="Output"
    )
