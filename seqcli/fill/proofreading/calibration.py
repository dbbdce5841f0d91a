"""Weights and thresholds, found once after a training on held-out text with errors put into it.

Held-out text shares its names and rare words with the text that was learned from, and a text by somebody else does not.
So a share of the rare words is forgotten while calibrating: what is right and was never seen must be met there, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seqcli.fill.proofreading.candidates import Confusions
from seqcli.fill.proofreading.decision import Doubles, Sites, Truth, fit, judge
from seqcli.fill.proofreading.evidence import Evidence
from seqcli.fill.proofreading.examination import Examined, Examiner, Text
from seqcli.fill.proofreading.lexicon import TITLE, Lexicon, case_of
from seqcli.fill.proofreading.noise import NOISES, Damage
from seqcli.fill.proofreading.truth import UNCLEAR, truth_of
from seqcli.fill.proofreading.usual import USUAL

RATES = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)  # of right words that are marked
USUAL_THRESHOLDS = (0.988, 0.978, 0.926, 0.862, 0.694, 0.466, 0.249, 0.117, 0.04, 0.017, 0.007, 0.001)  # of novels
LETTERS = 400_000  # of held-out text that is looked at: some 70,000 words, half a minute
DIGITS = 5  # kept: beyond them stands in which order the processors summed
SEED = 20  # of the errors that are put in
FORGOTTEN = {"rare": 0.08, "names": 0.25}  # shares: then a word in 100 is unknown, as in another's text
USUAL_PLACES = 5.0  # right words above a threshold that the usual one counts for
RARE = 40  # times in the training text, up to which a word is rare
RIGHT_KEPT = 0.25  # of the places without an error that are fitted on, each for four: the errors are what is scarce


@dataclass(frozen=True)
class Calibration:
    """weights [features]; thresholds [RATES]: probability from which a word is marked; usual: share of errors."""

    weights: Doubles
    thresholds: Doubles
    usual: float

    def threshold(self, rate: float) -> float:
        """Return the probability from which words are marked, for a share of right ones, between those measured."""
        logs = np.log(np.array(RATES))
        at = float(np.interp(np.log(rate), logs, _log_odds(self.thresholds)))
        return float(1 / (1 + np.exp(-at)))


def _log_odds(shares: Doubles) -> Doubles:
    inside = np.clip(shares, 1e-9, 1 - 1e-9)
    found: Doubles = np.log(inside / (1 - inside))
    return found


def calibrate(examiner: Examiner, text: str, report: Callable[[int], None] | None = None) -> Calibration:
    """Return the calibration of a model, from held-out text as it was written. report: hears the letters looked at."""
    confusions = examiner.confusions
    without = Confusions(confusions.lexicon.without(_forgotten(confusions.lexicon)))
    doubtful = Examiner(examiner.network, without, examiner.tokenizer)
    first, second = _halves(text[:LETTERS])
    damaged = Damage(NOISES["mixed"], confusions, SEED).text(first)
    examined = doubtful.examine(Text(damaged.text), weights=USUAL, report=report)
    truth, _ = truth_of(examined, confusions, damaged.errors)
    weights = fit(*_sample(examined, truth), USUAL).round(DIGITS)
    damaged = Damage(NOISES["mixed"], confusions, SEED + 1).text(second)
    after = None if report is None else lambda done: report(len(first) + done)
    examined = doubtful.examine(Text(damaged.text), weights=weights, report=after)
    truth, of_token = truth_of(examined, confusions, damaged.errors)
    errors = judge(examined.evidence, examined.sites, weights).errors
    right = np.zeros(int(((of_token < 0) & (of_token != UNCLEAR)).sum()))
    of_right = errors[(truth.weight > 0) & ~truth.wrong]
    right[: len(of_right)] = np.sort(of_right)[::-1]  # the others are surely right
    usual = max(float(truth.wrong.sum()), 1.0) / max(examined.words, 1)
    return Calibration(weights, _thresholds(right).round(DIGITS), round(usual, DIGITS))


def _thresholds(right: Doubles) -> Doubles:
    """Return, for each rate, the probability that only so many of the right words reach. right: falling.

    A short text says little of how far the likeliest of its words are from those of others: the less it says, the more
    the usual thresholds count.
    """
    places = np.array(RATES) * len(right)
    usual = _log_odds(np.array(USUAL_THRESHOLDS))
    if not len(right):
        return np.array(USUAL_THRESHOLDS)
    measured = _log_odds(right[np.minimum(places.astype(np.int64), len(right) - 1)])
    share = places / (places + USUAL_PLACES)
    logs = np.maximum.accumulate((share * measured + (1 - share) * usual)[::-1])[::-1]
    found: Doubles = 1 / (1 + np.exp(-logs))
    return found


def _forgotten(lexicon: Lexicon) -> frozenset[str]:
    """Return words that are taken to be unknown, by chance: of the rare ones, and of those that are only names."""
    rng = np.random.default_rng(SEED)
    chances = rng.random(len(lexicon))
    names = np.array([case_of(word) == TITLE and lexicon.entry_of(word.lower()) < 0 for word in lexicon.words], bool)
    shares = np.where(names, FORGOTTEN["names"], np.where(lexicon.counts <= RARE, FORGOTTEN["rare"], 0.0))
    return frozenset(lexicon.words[i] for i in np.flatnonzero(chances < shares).tolist())


def _halves(text: str) -> tuple[str, str]:
    """Return the two halves of a text, cut at the end of a line."""
    middle = text.find("\n", len(text) // 2) + 1 or len(text) // 2
    return text[:middle], text[middle:]


def _sample(examined: Examined, truth: Truth) -> tuple[Evidence, Sites, Truth]:
    """Return the evidence of all errors, and of a share of the places that are right, which count for the others."""
    evidence, sites = examined.evidence, examined.sites
    kept = truth.wrong | (np.random.default_rng(SEED).random(len(sites.sites)) < RIGHT_KEPT)
    rows = np.repeat(kept, np.diff(sites.first))
    part = evidence.part(rows)
    weight = truth.weight[kept] * np.where(truth.wrong[kept], 1.0, 1 / RIGHT_KEPT)
    return part, Sites.of(part), Truth(truth.right[rows], truth.wrong[kept], weight)
