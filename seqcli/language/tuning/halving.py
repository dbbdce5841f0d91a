"""A search for settings by successive halving: many short trainings, the best third of them longer, and so on.

Source: Jamieson and Talwalkar 2016; every training is a whole one, whose schedule lands on its own minutes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

KEPT = 3  # of the trials of a round, one in so many goes on, for so many times the minutes
SPACE: dict[str, tuple[Any, ...]] = {  # what is tried; a value that stands twice is tried twice as often
    "hidden_size": (128, 192, 256, 384, 512, 768),
    "embedding_size": (64, 128, 192, 256, 384),
    "layers": (1, 1, 2),
    "dropout": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5),
    "weight_dropout": (0.0, 0.0, 0.2, 0.4),
    "learning_rate": (0.3, 0.5, 0.8, 1.0, 1.5),  # times the one that is usual
    "batch_size": (16, 32, 64),
}


class Round(NamedTuple):
    """So many trials, for so many minutes each."""

    trials: int
    minutes: float


class Trial(NamedTuple):
    """A training that is over: which settings, in which round, for how long, and what held-out text costs after it."""

    number: int
    round: int
    minutes: float
    settings: dict[str, Any]
    nats_per_token: float | None  # None: it learned nothing
    updates: int
    tokens: int


def candidates(usual: Mapping[str, Any], fixed: Iterable[str], count: int, seed: int) -> list[dict[str, Any]]:
    """Return different settings to try, the usual ones first; fixed: those that stay as they are."""
    names = [name for name in SPACE if name not in set(fixed)]
    random = np.random.default_rng(seed)
    found = [{name: usual[name] for name in names}]
    for _ in range(100 * count):  # few settings may have fewer combinations than are asked for
        if len(found) == count:
            break
        drawn = {name: SPACE[name][int(random.integers(len(SPACE[name])))] for name in names}
        if "learning_rate" in drawn:
            drawn["learning_rate"] = float(f"{drawn['learning_rate'] * usual['learning_rate']:.2g}")
        if drawn not in found:
            found.append(drawn)
    return found


def rounds(minutes: float, trials: int) -> list[Round]:
    """Return the rounds that fill some minutes, each as long as the others, down to three trials or fewer."""
    counts = [trials]
    while counts[-1] > KEPT:
        counts.append(max(counts[-1] // KEPT, 1))
    return [Round(count, minutes / len(counts) / count) for count in counts]


def go_on(trials: Iterable[Trial], count: int) -> list[int]:
    """Return the numbers of the best trials of a round, best first; those that learned nothing come last."""
    return [trial.number for trial in ranked(trials)[:count]]


def ranked(trials: Iterable[Trial]) -> list[Trial]:
    """Return trials, the best first: those of a later round, then those that cost less."""

    def place(trial: Trial) -> tuple[int, float, int]:
        return -trial.round, math.inf if trial.nats_per_token is None else trial.nats_per_token, trial.number

    return sorted(trials, key=place)
