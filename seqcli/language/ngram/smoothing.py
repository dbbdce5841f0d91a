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
from seqcli.language.ngram.counting import CHUNK, IN_MEMORY, Ids, Level, Offsets, Workplace, chunks, count
from seqcli.text.compiled import compiled
from seqcli.text.spool import let_go, room
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
    place: Workplace = IN_MEMORY,
) -> Estimate:
    """Return the model of a text in which EOS ends every unit; every token of the vocabulary has a probability.

    min_counts: how often an n-gram of each order must occur to be kept, the last for all higher orders too; the mass of
    those left out goes to shorter contexts. dtype: of the logs of probabilities and backoffs. place: where n-grams are
    sorted; what is kept of them is returned in memory.
    """
    lowest = _thresholds(order, min_counts)
    levels = count(ids, order, vocabulary_size, place)
    estimate = Estimate({}, [], [])
    below: Reals = np.full(1, 1.0 / vocabulary_size)  # what single tokens fall back to
    kept_below: Mask = np.ones(1, np.bool_)
    for n, (level, weights) in enumerate(zip(levels, _weights(levels, place), strict=True), 1):
        discounts = discounts_of(weights)
        if discounts is None:
            discounts = FALLBACK
            estimate.guessed.append(n)
        estimate.discounts.append(discounts)
        kept = room(len(level.counts), np.bool_, place.folder)
        for some in chunks(len(kept)):
            kept[some] = level.counts[some] >= lowest[n - 1]
        taken = np.array([0.0, *discounts])
        below, backoffs = _interpolated(level, weights, taken, kept, below, len(kept_below), place)
        if n > 1:
            estimate.arrays[f"words.{n}"] = _chosen(level.words, kept)
            estimate.arrays[f"children.{n - 1}"] = _children(level.parents, kept, kept_below, place)
            estimate.arrays[f"log_backoffs.{n - 1}"] = _chosen(backoffs, kept_below, dtype)
        estimate.arrays[f"log_probabilities.{n}"] = _chosen(below, kept, dtype)
        kept_below = kept
    return estimate


def _chosen(values: NDArray[Any], kept: Mask, log: type[np.floating[Any]] | None = None) -> NDArray[Any]:
    """Return those values that are kept, or their logs."""
    found = [np.zeros(0, log or values.dtype)]  # there may be no n-gram of an order
    for some in chunks(len(values)):
        part = values[some][kept[some]]
        found.append(part if log is None else np.log(part).astype(log))
        let_go(values, kept)
    return np.concatenate(found)


def _children(parents: Ids, kept: Mask, kept_below: Mask, place: Workplace) -> Offsets:
    """Return where the continuations that are kept of each context that is kept begin. -> int32 [contexts + 1]"""
    found = room(len(kept_below) + 1, np.int32, place.folder)
    for some in chunks(len(parents)):
        tally(parents[some], kept[some], found[1:])
        let_go(parents, kept)
    total, ends = 0, [np.zeros(0, np.int32)]
    for some in chunks(len(kept_below)):  # a context that is left out has no continuations
        begins = total + np.cumsum(found[1:][some], dtype=np.int32) - found[1:][some]
        ends.append(begins[kept_below[some]])
        total += int(found[1:][some].sum())
        let_go(found)
    return np.append(np.concatenate(ends), total).astype(np.int32)


def _thresholds(order: int, min_counts: Sequence[int]) -> list[int]:
    """Return the least count of each order; single tokens are all kept, seen or not."""
    lowest = [*min_counts, *[min_counts[-1] if min_counts else 1] * order][:order]
    if lowest[0] != 1 or sorted(lowest) != lowest:
        raise MisuseError("Least counts of n-grams begin with 1, for single tokens, and never fall.")
    return [0, *lowest[1:]]


def _weights(levels: Sequence[Level], place: Workplace) -> Iterator[Ids]:
    """Yield the counts that each order is smoothed by.

    Those of the highest are occurrences; below it, of how many tokens an n-gram is found behind. Nothing stands before
    the begin symbol: n-grams that begin with it are counted as they occur.
    """
    all_of_them = np.ones(CHUNK, np.bool_)
    low, high = EOS, EOS + 1  # the n-grams of this order that begin with the begin symbol
    for n, (level, longer) in enumerate(itertools.pairwise(levels), 1):
        weights = room(len(level.words), np.int32, place.folder)
        for some in chunks(len(longer.suffixes)):
            tally(longer.suffixes[some], all_of_them[: some.stop - some.start], weights)
            let_go(longer.suffixes, weights)
        if n > 1:
            weights[low:high] = level.counts[low:high]
        low, high = np.searchsorted(longer.parents, (low, high)).tolist()
        yield weights
    yield levels[-1].counts


@compiled
def tally(places, chosen, counts):  # type: ignore[no-untyped-def]
    """Add one to the count of each place that is chosen."""
    for i in range(len(places)):
        if chosen[i]:
            counts[places[i]] += 1


def discounts_of(weights: NDArray[np.integer[Any]]) -> Discounts | None:
    """Return what is taken from counts of 1, 2, and 3 or more; None where these counts are too few to tell."""
    counted = np.zeros(6, np.int64)
    for some in chunks(len(weights)):
        counted += np.bincount(np.minimum(weights[some], 5), minlength=6)
        let_go(weights)
    n1, n2, n3, n4 = counted[1:5].tolist()
    if not (n1 and n2 and n3 and n4):
        return None
    y = n1 / (n1 + 2 * n2)
    found = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
    return found if min(found) > 0 else None


def _interpolated(
    level: Level, weights: Ids, discounts: Reals, kept: Mask, below: Reals, contexts: int, place: Workplace
) -> tuple[Reals, Reals]:
    """Return the probabilities of one order's n-grams, and the backoffs of the contexts one order below.

    below: probabilities of the order below. What is not kept gives all its weight to the backoff.
    """
    totals, given = (room(contexts, np.float64, place.folder) for _ in range(2))
    arrays = level.parents, level.suffixes, weights, kept
    for some in chunks(len(weights)):
        add_up(level.parents[some], weights[some], discounts, kept[some], totals, given)
        let_go(*arrays, totals, given)
    for some in chunks(contexts):
        divide(given[some], totals[some])
        let_go(given, totals)
    probabilities = room(len(weights), np.float64, place.folder)
    for some in chunks(len(weights)):
        parents, suffixes = level.parents[some], level.suffixes[some]
        interpolate(parents, suffixes, weights[some], discounts, kept[some], totals, given, below, probabilities[some])
        let_go(*arrays, totals, given, below, probabilities)
    return probabilities, given


@compiled
def add_up(parents, weights, discounts, kept, totals, given):  # type: ignore[no-untyped-def]
    """Add weights to the totals of their contexts, and what is taken of them to what these give away."""
    for i in range(len(parents)):
        totals[parents[i]] += weights[i]
        given[parents[i]] += discounts[min(weights[i], 3)] if kept[i] else np.float64(weights[i])


@compiled
def divide(given, totals):  # type: ignore[no-untyped-def]
    """Make what contexts give away the share of it: their backoffs; 1 where nothing follows."""
    for i in range(len(given)):
        given[i] = given[i] / totals[i] if totals[i] > 0.0 else 1.0


@compiled
def interpolate(parents, suffixes, weights, discounts, kept, totals, backoffs, below, out):  # type: ignore[no-untyped-def]
    """Write the probabilities of n-grams, of their own counts and of the order below."""
    for i in range(len(parents)):
        context = parents[i]
        taken = discounts[min(weights[i], 3)] if kept[i] else np.float64(weights[i])
        out[i] = (weights[i] - taken) / totals[context] + backoffs[context] * below[suffixes[i]]
