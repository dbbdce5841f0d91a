"""Codes into sentences: drawn, or the likeliest found by beam search, which may be told lengths and a word."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.layers.steps import Array, Ids
from seqcli.sentences.answer_settings import LONGEST
from seqcli.sentences.arrays import SentenceArrays, State
from seqcli.text.vocabulary import EOS, UNK

NEVER = np.float32(-1e30)  # a log-probability that nothing has: finite, so that sums with it stay numbers
LENGTH_POWER = 0.7  # of the length that log-probabilities are divided by: at 1 sentences run on, at 0 they stop short


class Found(NamedTuple):
    """A sentence that was written: its ids without EOS, and the natural log of its probability given its code."""

    ids: list[int]
    log_probability: float

    @property
    def score(self) -> float:
        """What sentences of several lengths are compared by."""
        return self.log_probability / float((len(self.ids) + 1) ** LENGTH_POWER)


def drawn(
    model: SentenceArrays,
    z: Array | None,
    rows: int,
    temperature: float,
    rng: np.random.Generator,
    unknown: bool = False,
    longest: int = LONGEST,
) -> list[list[int]]:
    """Return a sentence of ids for each code [B, Z] (None: there are none), EOS left out.

    unknown: it may have unknown words. longest: tokens, at which it is broken off.
    """
    chances = rng.random((rows, longest, 2), np.float32)
    found: list[list[int]] = [[] for _ in range(rows)]
    state, ids, going = model.start(z, rows), np.full(rows, EOS), np.arange(rows)
    for t in range(longest):
        hidden, state = model.step(ids, state)
        ids = _next(model, hidden, temperature, chances[going, t], unknown)
        kept = np.flatnonzero(ids != EOS)
        for row in kept:
            found[going[row]].append(int(ids[row]))
        if not len(kept):
            break
        if len(kept) < len(ids):
            state, ids, going = state.take(kept), ids[kept], going[kept]
    return found


def _next(model: SentenceArrays, hidden: Array, temperature: float, chances: Array, unknown: bool) -> Ids:
    if temperature == 1.0:
        return model.draw(hidden, chances, unknown)
    logs = model.log_probabilities(hidden)
    if not unknown:
        logs[:, UNK] = NEVER
    if temperature == 0.0:
        found: Ids = logs.argmax(1)
        return found
    sums = np.exp((logs - logs.max(1, keepdims=True)) / np.float32(temperature)).cumsum(1, dtype=np.float64)
    below: Ids = (sums <= (chances[:, :1] * sums[:, -1:])).sum(1)
    within: Ids = np.minimum(below, logs.shape[1] - 1)
    return within


def searched(
    model: SentenceArrays,
    z: Array,
    beam: int,
    lengths: tuple[int, int] = (1, LONGEST),
    unknown: bool = False,
) -> list[list[Found]]:
    """Return the best sentences of each code [B, Z], at most `beam` of them, the likeliest for its length first.

    lengths: the fewest and the most tokens that one may have, EOS left out. unknown: it may have unknown words.
    """
    return [_search(model, one, beam, lengths, unknown) for one in z]


def _search(model: SentenceArrays, z: Array, beam: int, lengths: tuple[int, int], unknown: bool) -> list[Found]:
    state, ids = model.start(z[None], 1), np.array([EOS])
    texts: list[list[int]] = [[]]
    totals = np.zeros(1)
    done: list[Found] = []
    for t in range(lengths[1] + 1):
        hidden, state = model.step(ids, state)
        logs = model.log_probabilities(hidden)
        if not unknown:
            logs[:, UNK] = NEVER
        sums = totals[:, None] + logs
        if t >= lengths[0]:
            ends = _ends(sums, beam) if t < lengths[1] else range(len(texts))
            done += [Found(texts[row], float(sums[row, EOS])) for row in ends]
            done = sorted(done, key=lambda one: -one.score)[:beam]
        if t == lengths[1] or _is_over(done, beam, float(totals.max()), lengths[1]):
            break
        sums[:, EOS] = NEVER
        sums = sums.ravel()
        best = np.argpartition(-sums, min(beam, len(sums) - 1))[:beam]
        best = best[np.argsort(-sums[best], kind="stable")]
        rows, ids = np.divmod(best, logs.shape[1])
        texts = [[*texts[row], int(token)] for row, token in zip(rows, ids, strict=True)]
        totals, state = sums[best], state.take(rows)
    return done


def _ends(sums: NDArray[Any], beam: int) -> Ids:
    """Return the rows [B, V] whose end is one of the `beam` likeliest ways to go on, of all rows.

    An end that is less likely would win by what sentences are compared by, in their midst: "the company 's decision".
    """
    least = np.partition(sums, -beam, axis=None)[-beam] if beam < sums.size else NEVER
    rows: Ids = np.flatnonzero(sums[:, EOS] >= least)
    return rows


def _is_over(done: list[Found], beam: int, total: float, longest: int) -> bool:
    """Return whether nothing that is still being written can be better than what is found: logs only fall."""
    return len(done) == beam and total / float((longest + 1) ** LENGTH_POWER) < done[-1].score


def greedy(
    model: SentenceArrays, z: Array, word: int | None = None, unknown: bool = False, longest: int = LONGEST
) -> tuple[list[Found], Array, list[int]]:
    """Write the likeliest next token of each code [B, Z] until all have ended.

    -> the sentences; and of a word, where one is given, its highest log-probability at any place [B], and that place.
    """
    rows = len(z)
    found: list[list[int]] = [[] for _ in range(rows)]
    totals, best, where = np.zeros(rows), np.full(rows, NEVER, np.float32), [0] * rows
    state: State = model.start(z, rows)
    ids, going = np.full(rows, EOS), np.arange(rows)
    for t in range(longest):
        hidden, state = model.step(ids, state)
        logs = model.log_probabilities(hidden)
        if not unknown:
            logs[:, UNK] = NEVER
        ids = logs.argmax(1)
        totals[going] += logs[np.arange(len(ids)), ids]
        if word is not None:
            for i in np.flatnonzero(logs[:, word] > best[going]):
                best[going[i]], where[going[i]] = logs[i, word], t
        kept = np.flatnonzero(ids != EOS)
        for row in kept:
            found[going[row]].append(int(ids[row]))
        if not len(kept):
            break
        state, ids, going = state.take(kept), ids[kept], going[kept]
    return [Found(text, float(total)) for text, total in zip(found, totals, strict=True)], best, where


def completed(model: SentenceArrays, z: Array, begin: list[int]) -> Found:
    """Return the sentence of a code [Z] that begins with some tokens and goes on with the likeliest."""
    state, last, total = model.start(z[None], 1), EOS, 0.0
    text: list[int] = []
    for t in range(LONGEST):
        hidden, state = model.step(np.array([last]), state)
        logs = model.log_probabilities(hidden)[0]
        logs[UNK] = NEVER
        last = begin[t] if t < len(begin) else int(logs.argmax())
        total += float(logs[last])
        if last == EOS:
            break
        text.append(last)
    return Found(text, total)
