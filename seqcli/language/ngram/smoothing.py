"""Interpolated modified Kneser-Ney smoothing of counted n-grams.

Source: Chen and Goodman 1998 (technical report), sections 3 and 4; cut-offs, and the uniform distribution below the
unigrams, as in Heafield et al. 2013.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import MisuseError
from seqcli.language.ngram.counting import Ids, Level, count, offsets
from seqcli.text.vocabulary import EOS

Reals = NDArray[np.float64]
Mask = NDArray[np.bool_]
Discounts = tuple[float, float, float]
FALLBACK = (0.5, 1.0, 1.5)  # discounts where a text is too small to estimate them: those of lmplz --discount_fallback


class Estimate(NamedTuple):
    """A model: its arrays as `seqcli.language.ngram.arrays.table` lists them, and the discounts of each order.

    guessed: the orders with too few n-grams to estimate discounts, which have those of FALLBACK.
    """

    arrays: dict[str, NDArray[Any]]
    discounts: list[Discounts]
    guessed: list[int]


def train(
    ids: Ids,
    order: int,
    vocabulary_size: int,
    min_counts: Sequence[int] = (),
    dtype: type[np.floating[Any]] = np.float32,
) -> Estimate:
    """Return the model of a text in which EOS ends every unit; every token of the vocabulary has a probability.

    min_counts: how often an n-gram of each order must occur to be kept, the last for all higher orders too; the mass of
    those left out goes to shorter contexts. dtype: of the logs of probabilities and backoffs.
    """
    lowest = _thresholds(order, min_counts)
    levels = count(ids, order, vocabulary_size)
    estimate = Estimate({}, [], [])
    below: Reals = np.full(1, 1.0 / vocabulary_size)  # what single tokens fall back to
    kept_below: Mask = np.ones(1, np.bool_)
    for n, (level, weights) in enumerate(zip(levels, _weights(levels), strict=True), 1):
        discounts = discounts_of(weights)
        if discounts is None:
            discounts = FALLBACK
            estimate.guessed.append(n)
        estimate.discounts.append(discounts)
        kept = level.counts >= lowest[n - 1]
        below, backoffs = _interpolated(level, weights, np.array([0.0, *discounts]), kept, below, len(kept_below))
        if n > 1:
            estimate.arrays[f"words.{n}"] = level.words[kept]
            estimate.arrays[f"children.{n - 1}"] = offsets(level.parents[kept], len(kept_below))[_ends(kept_below)]
            estimate.arrays[f"log_backoffs.{n - 1}"] = np.log(backoffs[kept_below]).astype(dtype)
        estimate.arrays[f"log_probabilities.{n}"] = np.log(below[kept]).astype(dtype)
        kept_below = kept
    return estimate


def _thresholds(order: int, min_counts: Sequence[int]) -> list[int]:
    """Return the least count of each order; single tokens are all kept, seen or not."""
    lowest = [*min_counts, *[min_counts[-1] if min_counts else 1] * order][:order]
    if lowest[0] != 1 or sorted(lowest) != lowest:
        raise MisuseError("Least counts of n-grams begin with 1, for single tokens, and never fall.")
    return [0, *lowest[1:]]


def _weights(levels: Sequence[Level]) -> Iterator[NDArray[np.int64]]:
    """Yield the counts that each order is smoothed by.

    Those of the highest are occurrences; below it, of how many tokens an n-gram is found behind. Nothing stands before
    the begin symbol: n-grams that begin with it are counted as they occur.
    """
    low, high = EOS, EOS + 1  # the n-grams of this order that begin with the begin symbol
    for n, (level, longer) in enumerate(itertools.pairwise(levels), 1):
        weights = np.bincount(longer.suffixes, minlength=len(level.words))
        if n > 1:
            weights[low:high] = level.counts[low:high]
        low, high = np.searchsorted(longer.parents, (low, high)).tolist()
        yield weights
    yield levels[-1].counts.astype(np.int64)


def discounts_of(weights: NDArray[np.int64]) -> Discounts | None:
    """Return what is taken from counts of 1, 2, and 3 or more; None where these counts are too few to tell."""
    n1, n2, n3, n4 = (int(n) for n in np.bincount(np.minimum(weights, 5), minlength=5)[1:5])
    if not (n1 and n2 and n3 and n4):
        return None
    y = n1 / (n1 + 2 * n2)
    found = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
    return found if min(found) > 0 else None


def _interpolated(
    level: Level, weights: NDArray[np.int64], discounts: Reals, kept: Mask, below: Reals, contexts: int
) -> tuple[Reals, Reals]:
    """Return the probabilities of one order's n-grams, and the backoffs of the contexts one order below.

    below: probabilities of the order below. What is not kept gives all its weight to the backoff.
    """
    given = np.where(kept, discounts[np.minimum(weights, 3)], weights)
    totals = np.bincount(level.parents, weights, contexts)
    backoffs = np.ones(contexts)
    np.divide(np.bincount(level.parents, given, contexts), totals, out=backoffs, where=totals > 0)
    probabilities = (weights - given) / totals[level.parents]
    probabilities += backoffs[level.parents] * below[level.suffixes]
    return probabilities, backoffs


def _ends(kept: Mask) -> NDArray[np.intp]:
    """Return the places of the offsets that remain when only some contexts are kept: the others have no n-grams."""
    return np.append(np.flatnonzero(kept), len(kept))
