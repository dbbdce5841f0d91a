"""The one decoder of translation: beam search over many sources side by side; a beam of 1 is greedy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from seqcli.decoding.sampling import draw, shaped
from seqcli.decoding.settings import Sampling
from seqcli.layers.steps import Array, Ids, State
from seqcli.text.vocabulary import EOS, UNK
from seqcli.translation.answer_settings import BeamSettings, Translating
from seqcli.translation.arrays import BLOCK, NEVER, TranslatorArrays
from seqcli.translation.requests import Request, first_met, is_asking, restrict

ROWS = 512  # hypotheses side by side at most: their products keep the cores busy
SCORES = 1 << 22  # at a time: bounds the memory of a large vocabulary
COMPACT = 0.8  # share of the sources still going below which the others are let go
HOPE = 5  # tokens; 400 captions of Multi30k's validation text were all translated as without it, 1.4 times as fast
MORE = 10  # target tokens that a short source may have, too
SLACK = 1e-3  # of a bound on scores, for what rounding may take from a candidate


@dataclass(frozen=True)
class Searching(BeamSettings):
    """How a translation is searched for, or drawn."""

    longest: float = 3.0  # target tokens for a source token, and MORE
    temperature: float = 0.0  # above 0: every translation is drawn, each on its own; 1: as the model thinks
    seed: int = 1  # of what is drawn

    def penalty(self, length: int) -> float:
        """Return what a log-probability of a target of this length is divided by."""
        return float(((5.0 + length) / 6.0) ** self.length_penalty)


def searching_of(wanted: Translating) -> Searching:
    """Return how to search for as many translations as are wanted, or to draw them."""
    if wanted.sample is None:
        return Searching(max(wanted.beam, wanted.n or 1), wanted.length_penalty, wanted.coverage)
    how = Searching(wanted.n or 1, wanted.length_penalty, wanted.coverage)
    return replace(how, temperature=wanted.sample, seed=wanted.seed)


@dataclass(frozen=True)
class Hypothesis:
    """A translation: ids (EOS last, unless it was cut off), the log of its probability, the score it is ranked by."""

    ids: list[int]
    log_probability: float
    score: float
    attention: Array | None = field(default=None, compare=False)  # [T, S]: what each id looked at
    constraints: tuple[tuple[int, int], ...] = ()  # those that were met, and where each begins


def search(
    model: TranslatorArrays,
    sources: Sequence[Sequence[int]],
    how: Searching,
    attention: bool = False,
    best_only: bool = False,
    requests: Sequence[Request] | None = None,
    report: Callable[[int], None] | None = None,
    numbers: Sequence[tuple[int, ...]] | None = None,
) -> list[list[Hypothesis]]:
    """Return up to `beam` translations of each source, the best first. sources: ids, each ended by EOS.

    attention: also tell what each of their tokens looked at. best_only: let go of what has no hope to be the first.
    requests: what is asked of the translation of each source. report gets the sources translated so far. numbers: of
    each source, which decide with the seed what is drawn for it; its place where they are not given.
    """
    if how.temperature:
        numbers = numbers or [(i,) for i in range(len(sources))]
        if how.beam > 1:
            return _several(model, sources, how, attention, requests, numbers)
    found: list[list[Hypothesis]] = [[] for _ in sources]
    wanted = requests or [Request()] * len(sources)
    order = sorted(range(len(sources)), key=lambda i: (is_asking(wanted[i]), len(sources[i])))  # who ask cost more
    together = max(min(ROWS, SCORES // model.padded_size) // how.beam, 1)
    for low in range(0, len(order), together):
        places = order[low : low + together]
        asked = [wanted[i] for i in places]
        some = [sources[i] for i in places]
        seeds = [(how.seed, *numbers[i]) for i in places] if numbers else []
        done = _Beams(model, some, how, asked, attention, best_only, seeds).run()
        for i, hypotheses in zip(places, done, strict=True):
            found[i] = hypotheses
        if report:
            report(low + len(places))
    return found


def _several(
    model: TranslatorArrays,
    sources: Sequence[Sequence[int]],
    how: Searching,
    attention: bool,
    requests: Sequence[Request] | None,
    numbers: Sequence[tuple[int, ...]],
) -> list[list[Hypothesis]]:
    """Draw `beam` translations of each source, each as if it were the only one; the likeliest first."""
    many = [source for source in sources for _ in range(how.beam)]
    asked = [request for request in requests or () for _ in range(how.beam)] or None
    of_each = [(*number, sample) for number in numbers for sample in range(how.beam)]
    drawn = search(model, many, replace(how, beam=1), attention, requests=asked, numbers=of_each)
    rows = [[h for one in drawn[i : i + how.beam] for h in one] for i in range(0, len(many), how.beam)]
    return [sorted(row, key=lambda h: -h.score) for row in rows]


class _Beams:
    """Hypotheses of some sources, each a row: rows of a source stand together, and the best candidates go on."""

    def __init__(
        self,
        model: TranslatorArrays,
        sources: Sequence[Sequence[int]],
        how: Searching,
        requests: Sequence[Request],
        keep: bool,
        best_only: bool,
        seeds: Sequence[tuple[int, ...]],
    ) -> None:
        self._model, self._how, self._requests = model, how, requests
        self._chances = [np.random.default_rng(seed) for seed in seeds]  # of each source, where its one row is drawn
        self._asking = any(map(is_asking, requests))
        self._keep = keep or self._asking
        self._met = [first_met(request) for request in requests]  # of each row
        self._given = np.zeros(len(requests))  # log-probability of each row's given tokens, which total leaves out
        self._hope = HOPE if best_only else None
        count = len(sources)
        self._lengths = np.array([len(source) for source in sources])
        asked = np.array([request.length for request in requests])
        self._limits = (how.longest * self._lengths + MORE).astype(np.int64) + asked  # of the target, by source
        self._memory, self._state = model.encode(sources)
        self._done: list[list[Hypothesis]] = [[] for _ in sources]
        self._best = np.full(count, -np.inf)  # score that has ended, by source
        self._open = np.full(count, how.beam)  # hypotheses yet to end, by source
        self._source = np.arange(count)  # of each row
        self._place = np.arange(count)  # of each row's source in memory
        self._total = np.zeros(count)  # log-probability of each row
        self._ids = np.zeros((count, 0), np.int64)
        self._seen = np.zeros((count, 0, self._lengths.max()), np.float32)  # weights of each row and step, if kept
        self._scratch = np.empty((2, count * how.beam, model.padded_size), np.float32)
        self._covered = np.zeros((count, self._lengths.max()), np.float32)

    def run(self) -> list[list[Hypothesis]]:
        """Search to the end. -> hypotheses of each source, the best first"""
        last = np.full(len(self._source), EOS)
        while len(self._source):
            rank = _rank_in_group(self._source)
            hidden, state, weights = self._model.step(last, self._state, self._memory, (self._place, rank))
            rows, last, totals = self._candidates(hidden, weights, rank)
            self._advance(rows, last, totals, state, weights)
            last = self._end(last)
        for hypotheses in self._done:
            hypotheses.sort(key=lambda h: -h.score)
        return self._done

    def _candidates(self, hidden: Array, weights: Array, rank: Ids) -> tuple[Ids, Ids, NDArray[np.float64]]:
        """hidden [R, E] -> the best continuations of each source: rows, tokens, log-probabilities; sources in order.

        The best of each block of tokens are compared first: no more than `beam` blocks of a source can hold its best.
        """
        scores, total = self._model.scores(hidden, self._scratch)
        base = self._total - total
        if not self._ids.shape[1]:
            scores[:, EOS] = NEVER  # something is said of everything
        if self._asking:
            requests = [self._requests[int(i)] for i in self._source]
            left = self._limits[self._source] - self._ids.shape[1]
            costs = restrict(scores, total.astype(np.float64), weights, left, requests, self._met)
            self._given = self._given + costs
        else:
            scores[:, UNK] = NEVER
        if self._how.temperature:
            return self._drawn(scores, base)
        blocks = scores.reshape(len(scores), BLOCK, -1)  # a block is every so-manyth token: numpy is quicker so
        highest = blocks.max(1)
        beam = self._how.beam
        side = np.full((len(self._open), beam, highest.shape[1]), -np.inf)
        side[self._source, rank] = highest + base[:, None]
        side = side.reshape(len(self._open), -1)
        kth = side.shape[1] - min(beam, side.shape[1])
        bounds = np.partition(side, kth, 1)[:, kth] if beam > 1 else side.max(1)
        least = (bounds[self._source] - base - SLACK)[:, None]
        rows, near = np.nonzero(highest >= least)
        chosen = blocks[rows, :, near]
        which, inside = np.nonzero((chosen >= least[rows]) & (chosen > NEVER / 2))
        rows, tokens = rows[which], inside * blocks.shape[2] + near[which]
        totals = base[rows] + chosen[which, inside]
        order = np.lexsort((-totals, self._source[rows]))
        rows, tokens, totals = rows[order], tokens[order], totals[order]
        sources = self._source[rows]
        kept = _rank_in_group(sources) < self._open[sources]
        return rows[kept], tokens[kept], totals[kept]

    def _drawn(self, scores: Array, base: NDArray[np.float64]) -> tuple[Ids, Ids, NDArray[np.float64]]:
        """scores [R, V] -> a continuation of each row, drawn: rows, tokens, log-probabilities.

        Each source has random numbers of its own: what is drawn for it does not depend on its neighbours.
        """
        rows = np.arange(len(scores))
        logs = shaped(np.where(scores > NEVER / 2, scores, -np.inf), Sampling(self._how.temperature))
        tokens = draw(logs, np.array([self._chances[int(source)].random() for source in self._source]))
        return rows, tokens, base + scores[rows, tokens]

    def _advance(self, rows: Ids, tokens: Ids, totals: NDArray[np.float64], state: State, weights: Array) -> None:
        """Let the chosen candidates be the rows."""
        self._state = [tuple(s[rows] for s in layer) for layer in state]
        self._source, self._place, self._total = self._source[rows], self._place[rows], totals
        if self._asking:
            place = self._ids.shape[1]
            requests = [self._requests[int(i)] for i in self._source]
            self._met = [self._met[int(r)].after(q, place) for r, q in zip(rows, requests, strict=True)]
            self._given = self._given[rows]
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
            found = self._hypothesis(int(row), source)
            self._done[source].append(found)
            self._best[source] = max(self._best[source], found.score)
            self._open[source] -= 1
        kept = np.flatnonzero(~ended if self._hope is None else ~ended & self._hopeful(self._hope))
        if len(kept) < len(last):
            self._state = [tuple(s[kept] for s in layer) for layer in self._state]
            self._source, self._place, self._total = self._source[kept], self._place[kept], self._total[kept]
            self._ids = self._ids[kept]
            if self._keep:
                self._seen = self._seen[kept]
            if self._how.coverage:
                self._covered = self._covered[kept]
            if self._asking:
                self._met, self._given = [self._met[int(row)] for row in kept], self._given[kept]
            self._compact()
        return last[kept]

    def _hopeful(self, hope: int) -> NDArray[np.bool_]:
        """Return which rows could be the best of their source, if they went on for some tokens at no cost."""
        could: NDArray[np.bool_] = self._total / self._how.penalty(self._ids.shape[1] + hope) > self._best[self._source]
        return could

    def _compact(self) -> None:
        """Let go of the sources that no row looks at any more, once they are many."""
        going = np.unique(self._place)
        if len(going) < COMPACT * len(self._memory.keys):
            self._place = np.searchsorted(going, self._place)
            self._memory = self._memory.take(going)

    def _hypothesis(self, row: int, source: int) -> Hypothesis:
        total, ids = float(self._total[row]), self._ids[row].tolist()
        given = self._requests[source].length if self._asking else 0  # tokens that its score does not hold
        score = total / self._how.penalty(max(len(ids) - given, 1))
        length = int(self._lengths[source])
        if self._how.coverage:
            covered = self._covered[row, :length]
            score += self._how.coverage * float(np.log(np.clip(covered, 1e-6, 1.0)).sum())
        attention = self._seen[row, :, :length].copy() if self._keep else None
        if not self._asking:
            return Hypothesis(ids, total, score, attention)
        return Hypothesis(ids, total + float(self._given[row]), score, attention, self._met[row].begun)


def _rank_in_group(groups: Ids) -> Ids:
    """Return the place of each row among those of its group, which stand together."""
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]]) if len(groups) else np.zeros(0, np.int64)
    sizes = np.diff(np.r_[starts, len(groups)])
    ranks: Ids = np.arange(len(groups)) - np.repeat(starts, sizes)
    return ranks
