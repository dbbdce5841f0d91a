"""Proofreading measured: on right text with errors put into it, and on what people corrected."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.fill.proofreading.candidates import Confusions
from seqcli.fill.proofreading.correction_metrics import edit_figures, gleu
from seqcli.fill.proofreading.decision import Doubles, best_rows, fit, judge
from seqcli.fill.proofreading.evidence import FEATURES, NATS, REPLACED, Evidence
from seqcli.fill.proofreading.examination import Examined, Examiner, Text
from seqcli.fill.proofreading.gold import GoldSentence, tokens_for_metrics
from seqcli.fill.proofreading.noise import NOISES, WORDS, Damage, Damaged
from seqcli.fill.proofreading.proofreader import Proofreader, corrected
from seqcli.fill.proofreading.reading import stands_apart
from seqcli.fill.proofreading.settings import Proofreading, share_of
from seqcli.fill.proofreading.truth import UNCLEAR, truth_of
from seqcli.fill.proofreading.usual import USUAL

if TYPE_CHECKING:
    from seqcli.session import Session

ALL = "all"
UNIGRAM = "unigram frequency"
BINS = 10  # of a reliability curve
_NETWORK = ("fit", "fit_high", "behind", "surprise", "surprise_novel")
_AT = {name: FEATURES.index(name) for name in FEATURES}


class Figures(NamedTuple):
    """What came of one kind of error. Shares are of errors or of right words; None where there are none.

    alarm_rate: of right words that are marked at the threshold; recall_at_rate: where exactly the rate asked for is.
    first_suggestion: of the errors marked, those whose first suggestion is right. fixed, broken: of errors that become
    right, and of right words that become wrong, when all first suggestions are taken.
    """

    model: str
    kind: str
    words: int
    errors: int
    auc: float | None
    alarm_rate: float | None
    precision: float | None
    recall: float | None
    recall_at_rate: float | None
    first_suggestion: float | None
    fixed: float | None
    broken: float | None
    words_per_second: float | None


class Counted(NamedTuple):
    """Every word of a damaged text: what was said of it, and what it is.

    scores, shown [N]: probabilities under the usual share of errors, and under the text's own; wrong, right_first,
    suggested [N]; kinds [N]: of WORDS, or letters.
    """

    scores: Doubles
    shown: Doubles
    wrong: NDArray[np.bool_]
    right_first: NDArray[np.bool_]
    suggested: NDArray[np.bool_]
    kinds: NDArray[np.str_]


class Reliability(NamedTuple):
    """Words by the probability said of them: from low on, how many, its mean, and the share of errors."""

    low: float
    words: int
    said: float
    found: float


def damaged_text(proofreader: Proofreader, text: str, noise: str, seed: int) -> Damaged:
    """Return a text with errors of one of NOISES put into it."""
    return Damage(NOISES[noise], proofreader.examiner.confusions, seed).text(text)


def figures(
    session: Session, name: str, proofreader: Proofreader, damaged: Damaged, how: Proofreading, by_kind: bool
) -> tuple[list[Figures], list[Reliability]]:
    """Measure a model on a damaged text: all errors together and, by_kind, each kind; and how reliable it is."""
    began = time.perf_counter()
    with session.bar(len(damaged.text), f"proofreading by {name}", "B") as bar, session.spare.in_parallel() as workers:
        verdict = proofreader.verdict(damaged.text, report=bar.to, workers=workers)
    speed = verdict.examined.words / (time.perf_counter() - began)
    confusions = proofreader.examiner.confusions
    counted = _counted(verdict.examined, verdict.judged.candidates, verdict.shown, confusions, damaged)
    rate = share_of(how.alarm_rate)
    threshold = proofreader.calibration.threshold(rate)
    kinds = [ALL, *(kind for kind in ("letters", *WORDS) if by_kind and (counted.kinds == kind).any())]
    found = [_figures(name, kind, counted, threshold, rate, speed if kind == ALL else None) for kind in kinds]
    return found, reliability(counted)


def baseline_figures(
    name: str,
    examiner: Examiner,
    texts: tuple[Damaged, Damaged],
    how: Proofreading,
    seen_as: Callable[[Examined, Examiner], Evidence] = lambda examined, _: examined.evidence,
) -> Figures:
    """Measure what another network, or the frequency of words alone, would find.

    texts: the one that is measured, and one of other errors in the same text, on which the weights are fitted: so they
    flatter. seen_as: evidence as the baseline has it.
    """
    damaged, other = texts
    weights = USUAL
    for text in (other, damaged):
        examined = examiner.examine(Text(text.text))
        examined = examined._replace(evidence=seen_as(examined, examiner))
        if text is other:
            truth, _ = truth_of(examined, examiner.confusions, text.errors)
            weights = fit(examined.evidence, examined.sites, truth, USUAL)
    judged = judge(examined.evidence, examined.sites, weights)
    counted = _counted(examined, judged.candidates, judged.errors, examiner.confusions, damaged)
    rate = share_of(how.alarm_rate)
    right = counted.scores[~counted.wrong]
    return _figures(name, ALL, counted, float(np.quantile(right, 1 - rate)) if len(right) else 1.0, rate, None)


def by_frequency(examined: Examined, examiner: Examiner) -> Evidence:
    """Return evidence in which the network's word is taken by the logs of how often words are in the training text."""
    evidence, table = examined.evidence, examined.table
    counts = examiner.confusions.lexicon.counts
    own = np.log(table.counts[table.number[evidence.sites]] + 0.5)
    fits = (np.log(counts[evidence.entries] + 0.5) - own) / NATS
    features = evidence.features.copy()
    features[:, [_AT[name] for name in _NETWORK]] = 0.0
    features[:, [i for name, i in _AT.items() if name.startswith(("gain_", "gap_"))]] = 0.0
    mine = evidence.kinds == REPLACED
    features[mine, _AT["fit"]] = fits[mine]
    return replace(evidence, features=features)


def _counted(
    examined: Examined, candidates: Doubles, shown: Doubles, confusions: Confusions, damaged: Damaged
) -> Counted:
    truth, of_token = truth_of(examined, confusions, damaged.errors)
    sites = examined.sites
    size = len(of_token)
    scores, in_text = np.zeros(size), np.zeros(size)
    first, suggested = np.zeros(size, bool), np.zeros(size, bool)
    if len(sites.sites):
        best = best_rows(examined.evidence, candidates, sites)
        scores[sites.sites] = np.add.reduceat(candidates, sites.first[:-1])
        in_text[sites.sites] = shown
        first[sites.sites] = truth.right[best]
        suggested[sites.sites] = examined.evidence.entries[best] >= 0
    names = np.array([error.kind for error in damaged.errors] + [""])
    kept = examined.table.is_word[examined.table.number] & (of_token != UNCLEAR)
    columns = (scores, in_text, of_token >= 0, first, suggested, names[of_token.clip(-1)])
    return Counted(*(column[kept] for column in columns))


def _figures(name: str, kind: str, counted: Counted, threshold: float, rate: float, speed: float | None) -> Figures:
    right = ~counted.wrong
    errors = counted.wrong & ((counted.kinds == kind) | (kind == ALL))
    marked = counted.scores >= threshold
    at_rate = float(np.quantile(counted.scores[right], 1 - rate)) if right.any() else 1.0
    alarms, found = int((marked & right).sum()), int((marked & errors).sum())
    fixed = counted.right_first & marked & errors

    def share(part: NDArray[np.bool_], whole: NDArray[np.bool_]) -> float | None:
        return float(part[whole].mean()) if whole.any() else None

    return Figures(
        name,
        kind,
        len(counted.wrong),
        int(errors.sum()),
        auc(counted.scores[right], counted.scores[errors]),
        share(marked, right),
        found / (found + alarms) if found + alarms else None,
        share(marked, errors),
        share(counted.scores > at_rate, errors),
        share(counted.right_first, marked & errors),
        share(fixed, errors),
        share(marked & counted.suggested, right),
        speed,
    )


def auc(right: Doubles, wrong: Doubles) -> float | None:
    """Return how often a wrong word has a higher score than a right one, halves for equal scores."""
    if not len(right) or not len(wrong):
        return None
    order = np.sort(right)
    below = np.searchsorted(order, wrong, "left") + np.searchsorted(order, wrong, "right")
    return float(below.sum(dtype=np.float64) / (2.0 * len(right) * len(wrong)))


def reliability(counted: Counted) -> list[Reliability]:
    """Return, of words by the probability that was said of them, how many of them were wrong."""
    places = np.minimum((counted.shown * BINS).astype(np.int64), BINS - 1)
    found = []
    for place in range(BINS):
        some = places == place
        if some.any():
            said, wrong = float(counted.shown[some].mean()), float(counted.wrong[some].mean())
            found.append(Reliability(place / BINS, int(some.sum()), said, wrong))
    return found


class GoldFigures(NamedTuple):
    """What came of sentences that people corrected. gleu_source: of the sentences as they were."""

    model: str
    sentences: int
    proposed: int
    precision: float
    recall: float
    f05: float
    gleu: float
    gleu_source: float


def gold_figures(
    session: Session, name: str, proofreader: Proofreader, sentences: Sequence[GoldSentence], how: Proofreading
) -> GoldFigures:
    """Measure a model on what people corrected, every sentence by itself: another may have written the next."""
    apart = stands_apart("\n".join(one.text for one in sentences))
    outputs = []
    with session.bar(len(sentences), f"proofreading by {name}", "sentence") as bar:
        for number, text in enumerate(corrections(proofreader, [one.text for one in sentences], how), 1):
            outputs.append(tokens_for_metrics(text, apart))
            bar.to(number)
    sources = [one.tokens for one in sentences]
    references = [one.corrections for one in sentences]
    edits = edit_figures(sentences, outputs)
    scores = gleu(sources, outputs, references), gleu(sources, sources, references)
    return GoldFigures(name, len(sentences), edits.proposed, edits.precision, edits.recall, edits.f, *scores)


def corrections(proofreader: Proofreader, texts: Sequence[str], how: Proofreading) -> Iterator[str]:
    """Yield texts, each with its marks' first suggestions."""
    for text in texts:
        yield corrected(text, proofreader.marks(text, how))
