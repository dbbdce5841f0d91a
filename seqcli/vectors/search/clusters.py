"""Passages in groups of like meaning, each named by the words that stand in it more than elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.text.content_words import is_content
from seqcli.text.tokens import shown
from seqcli.vectors.search.sentence_vectors import Floats

ROUNDS = 100  # of moving passages between groups; they settle after some twenty
NAMED = 4  # words that name a group
PRIOR = 1.0  # occurrences that every word is given outside of a group: one that stands there once is no name


class Group(NamedTuple):
    """Passages by their places, the one nearest to the middle first, with their cosines to it; and words for them."""

    places: list[int]
    similarities: list[float]
    words: list[str]


def grouped(units: Floats, count: int, seed: int) -> NDArray[np.int64]:
    """units [N, D] at length one -> the group of each [N], by spherical k-means; the largest group is 0.

    Source: Dhillon and Modha 2001; begun as in Arthur and Vassilvitskii 2007.
    """
    rng = np.random.default_rng(seed)
    centres = _begun(units, count, rng)
    group = np.full(len(units), -1)
    for _ in range(ROUNDS):
        alike = units @ centres.T
        new = alike.argmax(1)
        if np.array_equal(new, group):
            break
        group = new
        for i in range(count):
            inside = units[group == i]
            if len(inside):
                centre = inside.sum(0)
                centres[i] = centre / max(float(np.linalg.norm(centre)), 1e-12)
            else:  # it has lost all: it begins anew where the worst fit is
                centres[i] = units[int(alike.max(1).argmin())]
    sizes = np.bincount(group, minlength=count)
    order = np.argsort(-sizes, kind="stable")
    found: NDArray[np.int64] = np.argsort(order)[group]
    return found


def _begun(units: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Return the first middles [K, D]: passages, each drawn the likelier the less it is like those before."""
    chosen = [int(rng.integers(len(units)))]
    far = 1 - units @ units[chosen[0]]
    for _ in range(count - 1):
        chances = np.maximum(far, 0).astype(np.float64) ** 2
        total = chances.sum()
        place = int(rng.choice(len(units), p=chances / total)) if total > 0 else int(rng.integers(len(units)))
        chosen.append(place)
        far = np.minimum(far, 1 - units @ units[place])
    return units[chosen].copy()


def groups_of(units: Floats, words: Sequence[Sequence[str]], count: int, seed: int) -> list[Group]:
    """Return the groups of passages, the largest first. words: those of each passage."""
    group = grouped(units, count, seed)
    counts = [Counter[str]() for _ in range(count)]
    for at, some in zip(group.tolist(), words, strict=True):
        counts[at].update({shown(word).lower() for word in some})
    total: Counter[str] = sum(counts, Counter())
    found = []
    for i in range(count):
        places = np.flatnonzero(group == i)
        if not len(places):
            continue
        middle = units[places].sum(0)
        alike = units[places] @ (middle / max(float(np.linalg.norm(middle)), 1e-12))
        order = np.argsort(-alike, kind="stable")
        names = _names(counts[i], total, len(places), len(units))
        found.append(Group(places[order].tolist(), alike[order].tolist(), names))
    return found


def _names(inside: Counter[str], total: Counter[str], size: int, all_: int) -> list[str]:
    """Return the words that say most of a group: in many of its passages, and in few of the others."""

    def weight(word: str) -> float:
        here, there = inside[word], total[word] - inside[word]
        rate = (there + PRIOR) / (all_ - size + PRIOR)
        return float(here * np.log(here / size / rate)) if here else 0.0

    some = sorted((word for word in inside if is_content(word)), key=lambda word: (-weight(word), word))
    return [word for word in some[:NAMED] if weight(word) > 0]
