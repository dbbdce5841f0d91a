"""The settings of answers of a model of sentences: what is drawn, walked through, searched for, measured."""

from __future__ import annotations

from dataclasses import dataclass

from seqcli.settings import setting

LONGEST = 100  # tokens of a sentence that is written, unless the model learned longer ones: there it is broken off

MOST = 1_000_000


@dataclass(frozen=True)
class Drawing:
    """How many sentences are drawn, and how freely."""

    n: int = setting(10, "Sentences to draw.", low=1, high=MOST, panel="Other", typed="-n")
    temperature: float = setting(
        1.0, "Below 1 likely words are likelier still; 0 takes the likeliest.", low=0.0, high=100.0, panel="Other"
    )
    like: str | None = setting(
        None, "Draw codes that could be this sentence's, instead of any.", panel="Other", metavar="SENTENCE"
    )
    seed: int = setting(1, "Start of what is drawn.", low=0, high=2**31 - 1, panel="Other")


@dataclass(frozen=True)
class Writing:
    """How a sentence is written from its code."""

    beam: int = setting(  # 1: what a wide beam finds is likelier and says less
        1, "Sentences kept in sight at each step; 1: greedy.", low=1, high=1_000, panel="Other"
    )


@dataclass(frozen=True)
class Walking(Writing):
    """How one sentence is walked into another."""

    beam: int = setting(
        8,
        "Sentences kept in sight at each step: a step shows one that was not shown.",
        low=1,
        high=1_000,
        panel="Other",
    )
    steps: int = setting(7, "Sentences on the way, both ends counted.", low=2, high=1_000, panel="Other")
    decoded_ends: bool = setting(
        False, "Show the ends as the model writes them, too, not as given.", panel="Other", typed="--decoded-ends"
    )


@dataclass(frozen=True)
class Moving(Writing):
    """How far a sentence is moved along a direction."""

    strength: float = setting(
        1.0, "Times the direction that is added; below 0 it is taken away.", low=-100.0, high=100.0, panel="Other"
    )


@dataclass(frozen=True)
class Searching:
    """How a sentence with a given word is searched for."""

    rounds: int = setting(
        8, "Rounds of the search; each looks nearer to what it found.", low=1, high=1_000, panel="Other"
    )
    tries: int = setting(64, "Codes looked at in each round.", low=4, high=100_000, panel="Other")
    seed: int = setting(1, "Start of what is drawn.", low=0, high=2**31 - 1, panel="Other")


@dataclass(frozen=True)
class Nearest:
    """How many sentences are named beside one."""

    k: int = setting(10, "Sentences to list.", low=1, high=MOST, panel="Other", typed="-k")


@dataclass(frozen=True)
class Measuring:
    """How models of sentences are measured."""

    samples: int = setting(
        500, "Draws of each sentence's code for the importance-weighted estimate.", low=1, high=10**6, panel="Other"
    )
    sentences: int | None = setting(
        None, "Measure this many sentences, spread evenly, instead of all.", low=1, high=10**9, panel="Other"
    )
    drawn: int = setting(
        1_000, "Sentences drawn, to be compared with the text's; 0: none.", low=0, high=MOST, panel="Other"
    )
    seed: int = setting(1, "Start of what is drawn.", low=0, high=2**31 - 1, panel="Other")
