"""The one decoder of translation: beam search over many sources side by side; a beam of 1 is greedy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from seqcli.inference import Array, Ids, State
from seqcli.text.vocabulary import EOS, UNK
from seqcli.translation.arrays import BLOCK, NEVER, TranslatorArrays

ROWS = 512  # hypotheses side by side: their products keep the cores busy, and their scores fit a cache
COMPACT = 0.8  # share of the sources still going below which the others are let go
SLACK = 1e-3  # of a bound on scores, for what rounding may take from a candidate


@dataclass(frozen=True)
class Searching:
    """How a translation is searched for."""

    beam: int = 5
    length_penalty: float = (
        1.0  # a score is a log-probability over the length to this power, as Wu et al. 2016 count it
    )
    coverage: float = 0.0  # weight of looking at every source token once. Source: Wu et al. 2016, section 7
    longest: float = 3.0  # target tokens for a source token, and 10 more

    def penalty(self, length: int) -> float:
        """Return what a log-probability of a target of this length is divided by."""
        return float(((5.0 + length) / 6.0) ** self.length_penalty)


@dataclass(frozen=True)
class Hypothesis:
    """A translation: ids (EOS last, unless it was cut off), the log of its probability, the score it is ranked by."""

    ids: list[int]
    log_probability: float
    score: float
    attention: Array | None = field(default=None, compare=False)  # [T, S]: what each id looked at


def search(
    model: TranslatorArrays,
    sources: Sequence[Sequence[int]],
    how: Searching,
    attention: bool = False,
    report: Callable[[int], None] | None = None,
) -> list[list[Hypothesis]]:
    """Return up to `beam` translations of each source, the best first. sources: ids, each ended by EOS.

    attention: also tell what each of their tokens looked at. report gets the sources translated so far.
    """
    found: list[list[Hypothesis]] = [[] for _ in sources]
    order = sorted(range(len(sources)), key=lambda i: len(sources[i]))
    together = max(ROWS // how.beam, 1)
    for low in range(0, len(order), together):
        places = order[low : low + together]
        done = _Beams(model, [sources[i] for i in places], how, attention).run()
        for i, hypotheses in zip(places, done, strict=True):
            found[i] = hypotheses
        if report:
            report(low + len(places))
    return found


class _Beams:
    """Hypotheses of some sources, each a row: rows of a source stand together, and the best candidates go on."""

    def __init__(self, model: TranslatorArrays, sources: Sequence[Sequence[int]], how: Searching, keep: bool) -> None:
        self._model, self._how, self._keep = model, how, keep
        count = len(sources)
        self._lengths = np.array([len(source) for source in sources])
        self._limits = (how.longest * self._lengths + 10).astype(np.int64)  # of the target, by source
        self._memory, self._state = model.encode(sources)
        self._done: list[list[Hypothesis]] = [[] for _ in sources]
        self._open = np.full(count, how.beam)  # hypotheses yet to end, by source
        self._source = np.arange(count)  # of each row
        self._place = np.arange(count)  # of each row's source in memory
        self._total = np.zeros(count)  # log-probability of each row
        self._ids = np.zeros((count, 0), np.int64)
        self._seen = np.zeros((count, 0, self._lengths.max()), np.float32)  # weights of each row and step, if kept
        self._covered = np.zeros((count, self._lengths.max()), np.float32)

    def run(self) -> list[list[Hypothesis]]:
        """Search to the end. -> hypotheses of each source, the best first"""
        last = np.full(len(self._source), EOS)
        while len(self._source):
            rank = _rank_in_group(self._source)
            hidden, state, weights = self._model.step(last, self._state, self._memory, (self._place, rank))
            rows, last, totals = self._candidates(self._model.scores(hidden), rank)
            self._advance(rows, last, totals, state, weights)
            last = self._end(last)
        for hypotheses in self._done:
            hypotheses.sort(key=lambda h: -h.score)
        return self._done

    def _candidates(self, scores: Array, rank: Ids) -> tuple[Ids, Ids, NDArray[np.float64]]:
        """scores [R, V] -> the best continuations of each source: rows, tokens, log-probabilities; sources in order.

        The best of each BLOCK of tokens are compared first: no more than `beam` blocks of a source can hold its best.
        """
        blocks = scores.reshape(len(scores), -1, BLOCK)
        highest = blocks.max(2)
        top = highest.max(1)
        shifted = scores - top[:, None]
        np.exp(shifted, out=shifted)
        base = self._total - top - np.log(shifted.sum(1, dtype=np.float64))
        scores[:, UNK] = NEVER
        if not self._ids.shape[1]:
            scores[:, EOS] = NEVER  # something is said of everything
        highest[:, 0] = blocks[:, 0].max(1)
        beam = self._how.beam
        side = np.full((len(self._open), beam, highest.shape[1]), -np.inf)
        side[self._source, rank] = highest + base[:, None]
        side = side.reshape(len(self._open), -1)
        kth = side.shape[1] - min(beam, side.shape[1])
        bounds = np.partition(side, kth, 1)[:, kth] if beam > 1 else side.max(1)
        least = (bounds[self._source] - base - SLACK)[:, None]
        rows, near = np.nonzero(highest >= least)
        chosen = blocks[rows, near]
        which, inside = np.nonzero((chosen >= least[rows]) & (chosen > NEVER / 2))
        rows, tokens = rows[which], near[which] * BLOCK + inside
        totals = base[rows] + chosen[which, inside]
        order = np.lexsort((-totals, self._source[rows]))
        rows, tokens, totals = rows[order], tokens[order], totals[order]
        sources = self._source[rows]
        kept = _rank_in_group(sources) < self._open[sources]
        return rows[kept], tokens[kept], totals[kept]

    def _advance(self, rows: Ids, tokens: Ids, totals: NDArray[np.float64], state: State, weights: Array) -> None:
        """Let the chosen candidates be the rows."""
        self._state = [tuple(s[rows] for s in layer) for layer in state]
        self._source, self._place, self._total = self._source[rows], self._place[rows], totals
        self._ids = np.concatenate([self._ids[rows], tokens[:, None]], 1)
        if self._keep:
            self._seen = np.concatenate([self._seen[rows], weights[rows][:, None]], 1)
        if self._how.coverage:
            self._covered = self._covered[rows] + weights[rows]

    def _end(self, last: Ids) -> Ids:
        """Take out the rows that have ended or are too long, and sources that have nothing left to find."""
        ended = (last == EOS) | (self._ids.shape[1] >= self._limits[self._source])
        for row in np.flatnonzero(ended):
            source = int(self._source[row])
            self._done[source].append(self._hypothesis(int(row), source))
            self._open[source] -= 1
        kept = np.flatnonzero(~ended)
        if len(kept) < len(last):
            self._state = [tuple(s[kept] for s in layer) for layer in self._state]
            self._source, self._place, self._total = self._source[kept], self._place[kept], self._total[kept]
            self._ids, self._seen, self._covered = self._ids[kept], *self._kept_weights(kept)
            self._compact()
        return last[kept]

    def _kept_weights(self, kept: Ids) -> tuple[Array, Array]:
        return self._seen[kept] if self._keep else self._seen, self._covered[
            kept
        ] if self._how.coverage else self._covered

    def _compact(self) -> None:
        """Let go of the sources that no row looks at any more, once they are many."""
        going = np.unique(self._place)
        if len(going) < COMPACT * len(self._memory.keys):
            self._place = np.searchsorted(going, self._place)
            self._memory = self._memory.take(going)

    def _hypothesis(self, row: int, source: int) -> Hypothesis:
        total, ids = float(self._total[row]), self._ids[row].tolist()
        score = total / self._how.penalty(len(ids))
        length = int(self._lengths[source])
        if self._how.coverage:
            covered = self._covered[row, :length]
            score += self._how.coverage * float(np.log(np.clip(covered, 1e-6, 1.0)).sum())
        attention = self._seen[row, :, :length].copy() if self._keep else None
        return Hypothesis(ids, total, score, attention)


def _rank_in_group(groups: Ids) -> Ids:
    """Return the place of each row among those of its group, which stand together."""
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]]) if len(groups) else np.zeros(0, np.int64)
    sizes = np.diff(np.r_[starts, len(groups)])
    ranks: Ids = np.arange(len(groups)) - np.repeat(starts, sizes)
    return ranks
