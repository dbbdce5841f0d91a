"""The likeliest words for the gaps of a sentence: alone, several together (a beam), or of unknown number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqcli.fill.gaps import LONGEST, Gapped
from seqcli.fill.sentence_scores import vectors_at, word_scores
from seqcli.text.tokens import JOINER
from seqcli.text.vocabulary import SPECIALS, UNK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seqcli.fill.load import Fill

Words = tuple[tuple[str | None, ...], ...]  # of each gap; None: a token that is not known yet


class Candidate(NamedTuple):
    """Words for every gap, as tokens, and a score: the natural log of a probability, or what ranks them."""

    words: Words
    score: float


def likeliest(asked: Fill, sentence: Gapped, k: int, beam: int) -> list[Candidate]:
    """Return the k likeliest answers, best first, with the natural log of their probability.

    Of several words together: the answers that a beam finds, each word given those chosen before it, are ranked by how
    well the whole sentence fits, and are together as likely as the beam had them. Gaps of unknown number of words: the
    answers of every number, by how well the whole sentence fits beside a sentence of usual words.
    """
    numbers = [range(1, LONGEST + 1) if gap.free else (1,) for gap in sentence.gaps]
    if not any(gap.free for gap in sentence.gaps):
        found = _search(asked, sentence, [1] * len(numbers), k if len(numbers) == 1 else max(beam, k), max(beam, k))
        if len(numbers) == 1:
            return found
        fit = whole_scores(asked, sentence, [one.words for one in found])
        return as_likely(normalised(fit), found)[:k]
    found = [
        candidate
        for counts in product(*numbers)
        for candidate in _search(asked, sentence, counts, max(k, beam), max(beam, k))
    ]
    return normalised(whole_scores(asked, sentence, [c.words for c in found], per_word=True))[:k]


def _search(asked: Fill, sentence: Gapped, counts: Sequence[int], k: int, beam: int) -> list[Candidate]:
    """Return the likeliest answers of so many tokens for each gap."""
    active = [Candidate(tuple((None,) * count for count in counts), 0.0)]
    slots = [(gap, at) for gap, count in enumerate(counts) for at in range(count)]
    usable = answerable(asked)
    for number, (gap, at) in enumerate(slots):
        width = k if number == len(slots) - 1 else beam
        rows, places = [], []
        for one in active:
            tokens, starts = sentence.filled(one.words)
            rows.append([UNK if token is None else asked.vocabulary.id_of(token) for token in tokens])
            places.append(starts[gap] + at)
        logs = asked.arrays.log_probabilities(vectors_at(asked, rows, places))
        logs[:, ~usable] = -np.inf
        scores = logs.astype(np.float64) + np.array([one.score for one in active])[:, None]
        active = [
            Candidate(_with(active[row].words, gap, at, asked.vocabulary.tokens[token]), float(scores[row, token]))
            for row, token in _best(scores, width)
        ]
    return active


def _best(scores: NDArray[np.float64], count: int) -> list[tuple[int, int]]:
    """Return the places of the highest scores, best first; equal ones in the order of the vocabulary."""
    flat = scores.ravel()
    count = min(count, int(np.isfinite(flat).sum()))
    least = np.partition(flat, len(flat) - count)[len(flat) - count] if count else np.inf
    near = np.flatnonzero(flat >= least)
    order = near[np.argsort(-flat[near], kind="stable")][:count]
    return [divmod(int(i), scores.shape[1]) for i in order]


def _with(words: Words, gap: int, at: int, token: str) -> Words:
    changed = (*words[gap][:at], token, *words[gap][at + 1 :])
    return (*words[:gap], changed, *words[gap + 1 :])


def answerable(asked: Fill) -> NDArray[np.bool_]:
    """Return which tokens may be answers: words, no special symbols and no marks that touch their neighbours. [V]"""
    found = np.array([JOINER not in token for token in asked.vocabulary.tokens])
    found[: len(SPECIALS)] = False
    return found


def whole_scores(asked: Fill, sentence: Gapped, answers: Sequence[Words], per_word: bool = False) -> list[Candidate]:
    """Return answers with the sum of the log-probabilities of all words of the sentence, each from all the others.

    per_word: beside what as many words cost in the mean of the held-out text, so that long and short ones compare.
    """
    rows = [_ids(asked, sentence, words) for words in answers]
    logs = word_scores(asked, rows)
    usual = asked.nats if per_word else 0.0
    return [Candidate(words, float(each.sum()) + usual * len(each)) for words, each in zip(answers, logs, strict=True)]


def _ids(asked: Fill, sentence: Gapped, words: Words) -> list[int]:
    tokens, _ = sentence.filled(words)
    return [UNK if token is None else asked.vocabulary.id_of(token) for token in tokens]


def normalised(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return candidates, best first, with the log of each one's share of them all; equal ones stay in their order."""
    if not candidates:
        return []
    scores = np.array([one.score for one in candidates])
    top = float(scores.max())
    total = top + math.log(float(np.exp(scores - top).sum()))
    shares = [Candidate(one.words, one.score - total) for one in candidates]
    return sorted(shares, key=lambda one: -one.score)


def as_likely(ranked: Sequence[Candidate], before: Sequence[Candidate]) -> list[Candidate]:
    """Return candidates, whose scores are logs of shares, as likely together as they were before they were ranked."""
    together = math.log(min(sum(math.exp(one.score) for one in before), 1.0)) if before else 0.0
    return [Candidate(one.words, one.score + together) for one in ranked]
