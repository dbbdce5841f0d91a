"""The settings of what is asked of a model that fills gaps."""

from __future__ import annotations

from dataclasses import dataclass

from seqcli.settings import setting

MOST = 10_000  # answers at most for one sentence


@dataclass(frozen=True)
class Filling:
    """Which words may stand in a gap."""

    k: int = setting(10, "Answers for each sentence.", low=1, high=MOST, panel="Other", typed="-k")
    beam: int = setting(30, "Answers kept in sight where a sentence has several gaps.", low=1, high=MOST, panel="Other")


@dataclass(frozen=True)
class Measuring:
    """How a text is measured."""

    threads: int | None = setting(
        None, "CPU threads.  [default: the processors that are free]", low=1, high=1024, panel="Other"
    )
