"""The settings of a dialogue model's evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqcli.settings import setting

MODES = ("full", "shuffled", "none", "foreign")


@dataclass(frozen=True)
class Measuring:
    """How a dialogue model is measured on dialogues."""

    context: str | None = setting(
        None,
        "What is heard before a reply: all of it, its utterances in a random order, the last one alone, or another "
        "dialogue's before that.  [default: each in turn]",
        choices=MODES,
        panel="Other",
    )
    by_turn: bool = setting(
        False, "Also for the replies at each depth of a dialogue.", panel="Other", typed="--by-turn"
    )
    draws: int = setting(
        100, "Draws of the latent variable for each importance-weighted estimate.", low=1, high=100_000, panel="Other"
    )
    weighted: int = setting(
        200,
        "Replies that the importance-weighted estimate is made of: what it lies below the bound is theirs.",
        low=2,
        high=10**6,
        panel="Other",
    )
    most: int = setting(
        500, "Replies at most that --replies draws, spread evenly over the dialogues.", low=1, high=10**6, panel="Other"
    )
    seed: int = setting(1, "Start of what is drawn.", low=0, high=2**31 - 1, panel="Other")


if TYPE_CHECKING:  # what a type checker knows of the same settings as keyword arguments; a test compares the names
    from typing import TypedDict

    class HowMeasured(TypedDict, total=False):
        """Measuring."""

        context: str | None
        by_turn: bool
        draws: int
        weighted: int
        most: int
        seed: int
