"""The settings of a language model's answers: how many words may come next, and how a text is measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seqcli.errors import MisuseError
from seqcli.settings import setting, settings

COMMON = 10_000  # answers at most for one prompt: a vocabulary is looked at with `models show`


@dataclass(frozen=True)
class Predicting:
    """Which words may come next."""

    k: int = setting(10, "Answers for each prompt.", low=1, high=COMMON, panel="Other", typed="-k")
    next: int | None = setting(
        None, "Continue by the N likeliest words, one after another.", low=1, high=COMMON, panel="Other"
    )
    exclude_special: bool = setting(
        True,
        "Leave out the unknown word and the end of a sentence.  [default: leave out]",
        panel="Other",
        typed="--exclude-special/--include-special",
    )


@dataclass(frozen=True)
class Mixing:
    """What is added to a language model when it answers, as typed: other models, a cache, learning as it reads."""

    mix: tuple[str, ...] = ()
    cache: str | None = None
    dynamic: bool = False

    @property
    def asked(self) -> bool:
        """Whether anything is added."""
        return bool(self.mix or self.cache or self.dynamic)


ALONE = Mixing()


@dataclass(frozen=True)
class Measuring:
    """How a text is measured."""

    threads: int | None = setting(
        None, "CPU threads.  [default: the processors that are free]", low=1, high=1024, panel="Other"
    )
    fit_on: tuple[str, ...] = setting((), "Fit weights and cache to this text.", panel="Mixture", metavar="FILE")
    keep: bool = setting(False, "Keep what was fitted in the model.", panel="Mixture", typed="--keep")


if TYPE_CHECKING:  # what a type checker knows of the same settings as keyword arguments; a test compares the names
    import os
    from collections.abc import Sequence
    from typing import TypedDict

    Files = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

    class HowMeasured(TypedDict, total=False):
        """Measuring, and Form."""

        threads: int | None
        fit_on: Files
        keep: bool
        encoding: str
        columns: str | Sequence[str]
        plain: bool
        memory: int | str  # bytes, or 2G


def how_measured(how: Mapping[str, Any]) -> Measuring:
    """Return how a text is to be measured. Raises MisuseError for numbers out of range, and for --keep alone."""
    measuring = settings(Measuring(), dict(how))
    if measuring.keep and not measuring.fit_on:
        raise MisuseError("--keep keeps what --fit-on FILE has fitted; give both.")
    return measuring
