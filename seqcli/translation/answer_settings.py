"""The settings of a translator's answers: how translations are searched for or drawn, and what they must contain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqcli.settings import setting

BEAM_MOST = 1_000


@dataclass(frozen=True)
class BeamSettings:
    """Which translation is the best, and how far one looks for it."""

    beam: int = setting(5, "Translations kept in sight at each step; 1: greedy.", low=1, high=BEAM_MOST, panel="Other")
    length_penalty: float = setting(  # as Wu et al. 2016, section 7, count the length
        1.0, "Power of the length that log-probabilities are divided by.", low=0.0, high=10.0, panel="Other"
    )
    coverage: float = setting(  # likewise
        0.0, "Weight of looking at every source token.", low=0.0, high=10.0, panel="Other"
    )


@dataclass(frozen=True)
class Translating(BeamSettings):
    """What is asked of translations: what they must contain, how many, and whether they are drawn."""

    glossary: str | None = setting(
        None, "Translate these terms so: lines of term, TAB, translation.", panel="Other", metavar="FILE"
    )
    keep: bool = setting(
        False,
        "Leave numbers, addresses of web and mail, and what stands in {{ }}, as they are.",
        panel="Other",
        typed="--keep",
    )
    copy: bool = setting(True, "Take names and other words that the model never read from the source.", panel="Other")
    n: int | None = setting(
        None, "The N best translations of each line, with scores.", low=1, high=BEAM_MOST, panel="Other", typed="-n"
    )
    sample: float | None = setting(None, "Draw translations, at this temperature.", low=0.01, high=100.0, panel="Other")
    seed: int = setting(1, "Start of what is drawn.", low=0, high=2**31 - 1, panel="Other")


if TYPE_CHECKING:  # what a type checker knows of the same settings as keyword arguments; a test compares the names
    import os
    from collections.abc import Iterable, Mapping
    from typing import TypedDict

    class HowTranslated(TypedDict, total=False):
        """Translating, but for n."""

        beam: int
        length_penalty: float
        coverage: float
        glossary: str | os.PathLike[str] | Mapping[str, str] | Iterable[tuple[str, str]] | None
        keep: bool
        copy: bool
        sample: float | None
        seed: int
