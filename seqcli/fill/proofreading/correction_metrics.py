"""How good corrections are: precision, recall and F0.5 of edits, and GLEU."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.fill.proofreading.gold import GoldEdit, GoldSentence, Tokens, single_edits

ORDERS = 4  # of n-grams in GLEU
DRAWS = 500  # of a reference for each sentence, as in Napoles et al. 2016
SEED = 1
TOGETHER = 4  # edits of ours that may be one of an annotator's
BETA = 0.5  # precision counts twice as much as recall: a wrong correction is worse than none


class EditFigures(NamedTuple):
    """Edits proposed, those of them that an annotator made too, and those that annotators made."""

    proposed: int
    right: int
    wanted: int

    @property
    def precision(self) -> float:
        """The share of right ones among those proposed; of none, 1."""
        return self.right / self.proposed if self.proposed else 1.0

    @property
    def recall(self) -> float:
        """The share of those wanted that were proposed; of none, 1."""
        return self.right / self.wanted if self.wanted else 1.0

    @property
    def f(self) -> float:
        """Their weighed harmonic mean, F0.5."""
        return f_of(self.precision, self.recall)


def f_of(precision: float, recall: float) -> float:
    """Return F0.5."""
    below = BETA**2 * precision + recall
    return (1 + BETA**2) * precision * recall / below if below else 0.0


def edit_figures(sentences: Sequence[GoldSentence], outputs: Sequence[Tokens]) -> EditFigures:
    """Count the edits of all sentences, each against that annotator who makes F0.5 so far the highest.

    Source: Dahlmeier and Ng 2012. Edits of ours that stand beside each other count as one where an annotator's is both.
    """
    total = EditFigures(0, 0, 0)
    for sentence, output in zip(sentences, outputs, strict=True):
        ours = single_edits(sentence.tokens, output)
        choices = []
        for gold in sentence.edits:
            proposed, right = _matched(sentence.tokens, ours, set(gold))
            choices.append(EditFigures(total.proposed + proposed, total.right + right, total.wanted + len(set(gold))))
        total = max(choices, key=lambda one: (one.f, one.right, -one.wanted))
    return total


def _matched(tokens: Tokens, ours: Sequence[GoldEdit], gold: set[GoldEdit]) -> tuple[int, int]:
    """Return how many edits were proposed and how many are right, where runs of ours may be one of the annotator's."""
    proposed = right = at = 0
    while at < len(ours):
        run = next(
            (n for n in range(min(TOGETHER, len(ours) - at), 0, -1) if _one(tokens, ours[at : at + n]) in gold), 0
        )
        right += run > 0
        proposed += 1
        at += max(run, 1)
    return proposed, right


def _one(tokens: Tokens, edits: Sequence[GoldEdit]) -> GoldEdit:
    """Return several edits as one, with what stands between them."""
    instead: list[str] = []
    at = edits[0].start
    for edit in edits:
        instead += [*tokens[at : edit.start], *edit.instead]
        at = edit.end
    return GoldEdit(edits[0].start, edits[-1].end, tuple(instead))


def gleu(sources: Sequence[Tokens], outputs: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> float:
    """Return the GLEU of a text, 0 to 1; of several references, the mean of draws of one for each sentence.

    What stands in the source and in the output, but not in the reference, counts against it.
    Source: Napoles et al. 2015, and 2016 for several references without weights.
    """
    most = max(map(len, references))
    counts = np.zeros((len(sources), most, 2 + 2 * ORDERS), np.int64)
    for i, (source, output, some) in enumerate(zip(sources, outputs, references, strict=True)):
        for j in range(most):
            counts[i, j] = _counts(source, output, some[j % len(some)])
    if most == 1:
        return _score(counts[:, 0].sum(axis=0))
    rng = np.random.default_rng(SEED)
    rows = np.arange(len(sources))
    scores = [_score(counts[rows, rng.integers(most, size=len(rows))].sum(axis=0)) for _ in range(DRAWS)]
    return float(np.mean(scores))


def _counts(source: Tokens, output: Tokens, reference: Tokens) -> list[int]:
    """Return the lengths of output and reference, then of each order the n-grams that count and those there are."""
    found = [len(output), len(reference)]
    for order in range(1, ORDERS + 1):
        ours, theirs, before = (_ngrams(tokens, order) for tokens in (output, reference, source))
        left = Counter({ngram: count for ngram, count in before.items() if ngram not in theirs})
        right = (ours & theirs).total() - (ours & left).total()
        found += [max(right, 0), max(len(output) + 1 - order, 0)]
    return found


def _ngrams(tokens: Tokens, order: int) -> Counter[Tokens]:
    return Counter(tokens[i : i + order] for i in range(len(tokens) + 1 - order))


def _score(counts: NDArray[np.int64]) -> float:
    if not counts.all():
        return 0.0
    output, reference = counts[:2].tolist()
    logs = np.log(counts[2::2] / counts[3::2])
    return float(np.exp(logs.mean() + min(0.0, 1 - reference / output)))
