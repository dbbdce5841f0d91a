"""Pairs of words that stand together oftener than chance has them, joined to one: new york -> new_york."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.text.compiled import compiled
from seqcli.text.tokens import JOINER
from seqcli.text.vocabulary import EOS, SPECIALS

Ids = NDArray[np.int32]

JOIN = "_"  # word2vec's
FREE = np.uint64(0)  # an empty slot: no pair is 0, 0
BLOCK = 1 << 20  # ids counted between two looks at the table's room


class Joined(NamedTuple):
    """A text with its phrases joined: words without the special symbols, by falling count, and both parts as ids."""

    words: list[str]
    counts: NDArray[np.int64]
    train: Ids
    held_out: Ids
    phrases: int


def join_phrases(
    words: list[str], counts: NDArray[np.int64], train: Ids, held_out: Ids, min_count: int, threshold: float
) -> Joined:
    """Join every pair whose score is above the threshold, from left to right, each word in one phrase at most.

    ids as in `Vocabulary`; counts [V] those of train. The score of a, b is (count(a b) - min_count) * (words of the
    text) / (count(a) * count(b)). Source: Mikolov et al. 2013, eq. 6, times the text's length, as gensim has it.
    """
    pairs, pair_counts = _count_pairs(train)
    first, second = (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)
    shift = len(SPECIALS)
    expected = counts[first - shift].astype(np.float64) * counts[second - shift] / max(int(counts.sum()), 1)
    score = (pair_counts - min_count) / np.maximum(expected, 1e-300)
    plain = np.array([JOINER not in word and any(map(str.isalnum, word)) for word in words], bool)
    sayable = plain[first - shift] & plain[second - shift]  # marks, and what touches its neighbour, are in no phrase
    chosen = np.sort(pairs[(score > threshold) & (pair_counts >= min_count) & sayable])
    known = len(words) + shift
    joined = [_join(ids, chosen, known) for ids in (train, held_out)]
    halves = [((p >> 32) - shift, (p & 0xFFFFFFFF) - shift) for p in chosen.tolist()]
    names = _distinct(words + [f"{words[a]}{JOIN}{words[b]}" for a, b in halves], set(words), len(words))
    new_counts = np.bincount(joined[0], minlength=shift + len(names))[shift:]
    order = np.argsort(-new_counts, kind="stable")
    kept = order[new_counts[order] >= min_count]
    final = np.zeros(shift + len(names), np.int32)  # what is too rare now is unknown
    final[EOS], final[shift + kept] = EOS, shift + np.arange(len(kept))
    return Joined(
        [names[i] for i in kept.tolist()],
        new_counts[kept],
        final[joined[0]],
        final[joined[1]],
        int(np.count_nonzero(kept >= len(words))),
    )


def _distinct(names: list[str], taken: set[str], start: int) -> list[str]:
    """Return names with a mark added to each phrase that is spelled like another word."""
    for i in range(start, len(names)):
        while names[i] in taken:
            names[i] += JOIN
        taken.add(names[i])
    return names


def _count_pairs(ids: Ids) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the distinct pairs of neighbouring words, as first * 2^32 + second, and how often each occurs."""
    keys, counts, used = np.zeros(1 << 16, np.uint64), np.zeros(1 << 16, np.int64), 0
    for start in range(0, len(ids), BLOCK):
        block = ids[max(start - 1, 0) : start + BLOCK]
        while used + len(block) > len(keys) // 2:
            old, amounts = keys, counts
            keys, counts = np.zeros(2 * len(old), np.uint64), np.zeros(2 * len(old), np.int64)
            _put_all(old, amounts, keys, counts)
        used = int(_add_pairs(block, keys, counts, used))
    filled = np.flatnonzero(keys)
    return keys[filled], counts[filled]


@compiled
def _slot(keys, pair):  # type: ignore[no-untyped-def]
    """Return where a pair is, or belongs."""
    mask = np.uint64(len(keys) - 1)
    place = pair * np.uint64(0x9E3779B97F4A7C15)
    place = (place ^ (place >> np.uint64(29))) & mask
    while keys[place] != FREE and keys[place] != pair:
        place = (place + np.uint64(1)) & mask
    return place


@compiled
def _add_pairs(ids, keys, counts, used):  # type: ignore[no-untyped-def]
    """Count the pairs of a stretch; return how many slots are in use."""
    for t in range(1, len(ids)):
        if ids[t - 1] > EOS and ids[t] > EOS:
            pair = np.uint64(ids[t - 1]) << np.uint64(32) | np.uint64(ids[t])
            place = _slot(keys, pair)
            if keys[place] == FREE:
                keys[place] = pair
                used += 1
            counts[place] += 1
    return used


@compiled
def _put_all(old, amounts, keys, counts):  # type: ignore[no-untyped-def]
    """Put every pair of a full table into a larger one."""
    for i in range(len(old)):
        if old[i] != FREE:
            place = _slot(keys, old[i])
            keys[place], counts[place] = old[i], amounts[i]


@compiled
def _join(ids, chosen, known):  # type: ignore[no-untyped-def]
    """Return ids with pair chosen[i], sorted, as the one id known + i."""
    out = np.empty(len(ids), np.int32)
    written, t = 0, 0
    while t < len(ids):
        token = ids[t]
        t += 1
        if token > EOS and t < len(ids) and ids[t] > EOS:
            pair = np.uint64(token) << np.uint64(32) | np.uint64(ids[t])
            i = np.searchsorted(chosen, pair)
            if i < len(chosen) and chosen[i] == pair:
                token = known + i
                t += 1
        out[written] = token
        written += 1
    return out[:written].copy()
