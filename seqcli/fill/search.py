"""The likeliest words for the gaps of a sentence: alone, several together (a beam), or of unknown number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqcli.decoding.highest import highest
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
    well the whole sentence fits, and are together as likely as the beam had them. Where the number of words is not
    known, each number is as likely as it makes the words around the gaps, before any is filled; the logs are then of
    shares of the answers of every number.
    """
    numbers = [range(1, LONGEST + 1) if gap.free else (1,) for gap in sentence.gaps]
    if not any(gap.free for gap in sentence.gaps):
        return _together(asked, sentence, [1] * len(numbers), k, beam)[:k]
    found: list[Candidate] = []
    for counts in product(*numbers):
        some = _together(asked, sentence, counts, k, beam)
        around = _around(asked, sentence, tuple((None,) * count for count in counts))
        found += [Candidate(one.words, one.score + around) for one in some]
    return normalised(found)[:k]


def _together(asked: Fill, sentence: Gapped, counts: Sequence[int], k: int, beam: int) -> list[Candidate]:
    """Return answers of so many tokens for each gap, best first, with the log of their probability."""
    if sum(counts) == 1:
        return _search(asked, sentence, counts, k, beam)
    found = _search(asked, sentence, counts, max(beam, k), max(beam, k))
    return as_likely(normalised(whole_scores(asked, sentence, [one.words for one in found])), found)


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
    best = highest(flat, min(count, int(np.isfinite(flat).sum())))
    return [divmod(i, scores.shape[1]) for i in best.tolist()]


def _with(words: Words, gap: int, at: int, token: str) -> Words:
    changed = (*words[gap][:at], token, *words[gap][at + 1 :])
    return (*words[:gap], changed, *words[gap + 1 :])


def answerable(asked: Fill) -> NDArray[np.bool_]:
    """Return which tokens may be answers: words, no special symbols and no marks that touch their neighbours. [V]"""
    found = np.array([JOINER not in token for token in asked.vocabulary.tokens])
    found[: len(SPECIALS)] = False
    return found


def whole_scores(asked: Fill, sentence: Gapped, answers: Sequence[Words]) -> list[Candidate]:
    """Return answers with the sum of the log-probabilities of all words of the sentence, each from all the others."""
    logs = word_scores(asked, [_ids(asked, sentence, words) for words in answers])
    return [Candidate(words, float(each.sum())) for words, each in zip(answers, logs, strict=True)]


def _around(asked: Fill, sentence: Gapped, words: Words) -> float:
    """Return the sum of the log-probabilities of the words that are not in a gap, with an answer in place."""
    _, places = sentence.filled(words)
    [logs] = word_scores(asked, [_ids(asked, sentence, words)])
    inside = sum(float(logs[at : at + len(own)].sum()) for at, own in zip(places, words, strict=True))
    return float(logs.sum()) - inside


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
