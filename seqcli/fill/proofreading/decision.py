"""From evidence to probabilities: at each place either nothing is wrong, or one of the candidates was meant.

A conditional logit (McFadden 1974): a candidate's odds against "nothing" are the exponential of a weighted sum of its
features. The weights are fitted on damaged text, where what was meant is known, by Newton's method.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.fill.proofreading.evidence import UNSUGGESTED, Evidence

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
ROUNDS = 25  # of Newton's method: it takes about ten
CLOSE = 1e-5  # of a step, where nothing changes any more
PRIOR_WEIGHT = 2.0  # of the squared distance from the weights that one begins with: as of some sites
TRY = 0.2  # of the probability that nobody knows what was meant, from which a suggestion is made all the same
PRIOR_SITES = 300.0  # places that a text is thought to have beside its own, when its share of errors is estimated


class Sites(NamedTuple):
    """The candidates of each place as stretches of rows. sites [S]: tokens; first [S + 1]."""

    sites: Ints
    first: Ints

    @classmethod
    def of(cls, evidence: Evidence) -> Sites:
        """Return the places of evidence, whose rows are in their order."""
        sites, first = np.unique(evidence.sites, return_index=True)
        return cls(sites, np.append(first, len(evidence.sites)))


class Judged(NamedTuple):
    """Probabilities: of each candidate [M], and that anything is wrong at a place [S]."""

    candidates: Doubles
    errors: Doubles


def judge(evidence: Evidence, sites: Sites, weights: Doubles, shift: float = 0.0) -> Judged:
    """Return the probabilities. shift: added to the log-odds of every error, where a text has more of them."""
    scores = evidence.features.astype(np.float64) @ weights + shift
    if not len(scores):
        return Judged(scores, np.zeros(0))
    most = np.maximum(np.maximum.reduceat(scores, sites.first[:-1]), 0.0)
    counts = np.diff(sites.first)
    shares = np.exp(scores - np.repeat(most, counts))
    total = np.add.reduceat(shares, sites.first[:-1]) + np.exp(-most)
    shares /= np.repeat(total, counts)
    return Judged(shares, np.add.reduceat(shares, sites.first[:-1]))


def best_rows(evidence: Evidence, candidates: Doubles, sites: Sites) -> Ints:
    """Return the row of the likeliest candidate of each place; one that suggests something where it is worth a try."""
    weighed = np.where(evidence.kinds == UNSUGGESTED, TRY * candidates, candidates)
    most = np.repeat(np.maximum.reduceat(weighed, sites.first[:-1]), np.diff(sites.first))
    rows = np.flatnonzero(weighed >= most)
    return rows[np.searchsorted(rows, sites.first[:-1])]


def shift_of(errors: Doubles, places: int, usual: float) -> float:
    """Return the shift of a text's log-odds, from the share of errors that it has itself.

    errors: probabilities under the usual share; places: words of the text. Expectation maximisation (Saerens et al.
    2002), with some places more that have the usual share, so that a short text says little.
    """
    base = usual / (1 - usual)
    odds = errors / np.maximum(1 - errors, 1e-12)
    share = usual
    for _ in range(30):
        raised = odds * (share / (1 - share)) / base
        found = float((raised / (1 + raised)).sum())
        new = (found + PRIOR_SITES * usual) / (places + PRIOR_SITES)
        if abs(new - share) < 1e-5:
            break
        share = min(max(new, 1e-4), 0.5)
    return float(np.log(share / (1 - share)) - np.log(base))


@dataclass(frozen=True)
class Truth:
    """What was meant. right [M]: whether a candidate is what was meant; wrong [S]: whether anything is wrong there.

    weight [S]: how often a place counts; of what is left out of a sample, those that stand for it count more.
    """

    right: NDArray[np.bool_]
    wrong: NDArray[np.bool_]
    weight: Doubles


def fit(evidence: Evidence, sites: Sites, truth: Truth, begin: Doubles) -> Doubles:
    """Return the weights under which what was meant is likeliest, near those one begins with.

    Where something is wrong and none of the candidates was meant, one of them is taken to be as near as one comes.
    """
    if not len(sites.sites):
        return begin.copy()
    features = evidence.features.astype(np.float64)
    counts = np.diff(sites.first)
    reached = np.logical_or.reduceat(truth.right, sites.first[:-1])
    weight = np.repeat(truth.weight, counts)
    wanted = truth.right | np.repeat(truth.wrong & ~reached, counts)
    weights = begin.copy()
    for _ in range(ROUNDS):
        judged = judge(evidence, sites, weights)
        inside = np.where(wanted, judged.candidates, 0.0)
        sums = np.add.reduceat(inside, sites.first[:-1])
        inside /= np.repeat(np.maximum(sums, 1e-300), counts)
        gradient = features.T @ (weight * (inside * np.repeat(truth.wrong, counts) - judged.candidates))
        gradient -= PRIOR_WEIGHT * (weights - begin)
        step = np.linalg.solve(_curvature(features, judged.candidates, weight, sites), gradient)
        size = float(np.abs(step).max())
        weights += step * min(1.0, 2.0 / max(size, 1e-12))
        if size < CLOSE:
            break
    return weights


def _curvature(features: Doubles, shares: Doubles, weight: Doubles, sites: Sites) -> Doubles:
    """Return how the likelihood of everything bends: the summed covariances of the features, and the prior's."""
    means = np.add.reduceat(features * shares[:, None], sites.first[:-1])
    counts = np.diff(sites.first)
    per_site = weight[sites.first[:-1]]
    assert len(per_site) == len(counts)
    both: Doubles = (features * (weight * shares)[:, None]).T @ features - (means * per_site[:, None]).T @ means
    return both + PRIOR_WEIGHT * np.eye(features.shape[1])
