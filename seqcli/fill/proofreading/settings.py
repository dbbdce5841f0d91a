"""The settings of proofreading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqcli.errors import MisuseError, quoted
from seqcli.settings import setting

USUAL_ALARMS = "0.3%"
LEAST, MOST = 1e-5, 0.5  # of right words that may be marked
SUGGESTIONS_MOST = 50


@dataclass(frozen=True)
class Proofreading:
    """What is asked of a proofreading."""

    alarm_rate: str = setting(
        USUAL_ALARMS,
        "Share of right words that may be marked, as on held-out text: 1% or 0.01.",
        panel="Other",
        metavar="SHARE",
    )
    k: int = setting(3, "Suggestions of a mark.", low=1, high=SUGGESTIONS_MOST, panel="Other", typed="-k")


NOISE = ("letters", "words", "mixed", "none")


@dataclass(frozen=True)
class Damaging:
    """Which errors are put into a right text to measure what is found of them."""

    noise: str = setting(
        "mixed",
        "Errors: 3 % of all letters; another word for one in 50; every kind, some 5 % of the words; or none.",
        choices=NOISE,
        panel="Other",
    )
    by_kind: bool = setting(False, "Measure each kind of error, too.", panel="Other", typed="--by-kind")
    letters: int = setting(
        300_000, "Letters of the text that are looked at, from its beginning.", low=100, high=10**9, panel="Other"
    )
    seed: int = setting(1, "Start of the errors.", low=0, high=2**31 - 2, panel="Other")


def share_of(text: str | float) -> float:
    """Return a share typed as 1% or 0.01. Raises MisuseError."""
    typed = str(text).strip()
    try:
        share = float(typed.removesuffix("%")) / (100 if typed.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not LEAST <= share <= MOST:
        raise MisuseError(f"--alarm-rate is {quoted(typed, 20)}; give a share from 0.001% to 50%, as in 1% or 0.01.")
    return share


if TYPE_CHECKING:  # what a type checker knows of the same settings as keyword arguments; a test compares the names
    from typing import TypedDict

    class HowProofread(TypedDict, total=False):
        """Proofreading."""

        alarm_rate: str | float
        k: int
