"""What chance decides in word2vec: which words are kept, how far a window reaches, which words are negatives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcli.text.compiled import compiled

POWER = 0.75  # negatives are drawn by count to this power. Source: Mikolov et al. 2013, section 2.2
BUCKETS = 1 << 16  # of the table that finds a negative: with the commonest words' shares, a step or two remain
CERTAIN = 2**32  # the chance of a word that is always kept


def keep_chances(counts: NDArray[np.int64], subsample: float) -> NDArray[np.uint64]:
    """Return how often of 2^32 times an occurrence of a word is kept [V].

    Source: word2vec.c: sqrt(t / f) + t / f, with the share f of the word and the threshold t; 0 keeps all.
    """
    share = counts / max(int(counts.sum()), 1)
    ratio = subsample / np.maximum(share, 1e-300) if subsample > 0 else np.ones(len(counts))
    return (np.minimum(np.sqrt(ratio) + ratio, 1.0) * CERTAIN).astype(np.uint64)


def negative_table(counts: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the first word of each of BUCKETS equal stretches of chance, and the words' cumulated shares of it [V]."""
    shares = np.maximum(counts, 1).astype(np.float64) ** POWER
    cumulated = np.cumsum(shares) / shares.sum()
    cumulated[-1] = 2.0  # above every draw
    first = np.searchsorted(cumulated, np.arange(BUCKETS) / BUCKETS, side="right").astype(np.int32)
    return first, cumulated


@compiled
def start_draws(seed, epoch, place):  # type: ignore[no-untyped-def]
    """Return a source of random numbers, uint64 [1], for one stretch of the text in one epoch."""
    state = np.empty(1, np.uint64)
    state[0] = np.uint64(seed)
    state[0] = draw(state) ^ np.uint64(epoch)
    state[0] = draw(state) ^ np.uint64(place)
    return state


@compiled
def draw(state):  # type: ignore[no-untyped-def]
    """Return the next 64 random bits: a counter, scrambled. Source: Steele et al. 2014, SplitMix64."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    x = state[0]
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@compiled
def draw_negatives(state, first, cumulated, out):  # type: ignore[no-untyped-def]
    """Fill out with words, one from each of as many equal stretches of the cumulated shares.

    Each word comes as often as in independent draws; that every draw has its stretch only takes noise away.
    """
    count = len(out)
    for k in range(count):
        place = (k + (draw(state) >> np.uint64(11)) * 2.0**-53) / count
        row = first[np.int64(place * len(first))]
        while cumulated[row] <= place:
            row += 1
        out[k] = row


@compiled
def choose(ids, start, stop, keep, window, state, kept, low, high):  # type: ignore[no-untyped-def]
    """Take the words that subsampling keeps out of ids[start:stop], and draw each one's window; return how many.

    ids: 0 unknown, left out; 1 the end of a sentence; i the word i - 2. The context of kept[i] is
    kept[low[i] : high[i]] without kept[i], all in its sentence.
    """
    count, begin = 0, 0
    for t in range(start, stop + 1):
        token = ids[t] if t < stop else 1
        if token > 1:
            chance = keep[token - 2]
            if chance >= CERTAIN or (draw(state) >> np.uint64(32)) < chance:
                kept[count] = token - 2
                count += 1
        elif token == 1:
            for i in range(begin, count):
                reach = 1 + np.int64(draw(state) % np.uint64(window))
                low[i], high[i] = max(begin, i - reach), min(count, i + reach + 1)
            begin = count
    return count


@compiled
def next_sentence(ids, at, most):  # type: ignore[no-untyped-def]
    """Return where the first sentence behind ids[at - 1] begins; `at` itself where none ends within `most` tokens."""
    if at <= 0 or at >= len(ids):
        return min(max(at, 0), len(ids))
    for t in range(at - 1, min(at + most, len(ids))):
        if ids[t] == 1:
            return t + 1
    return at


@compiled
def code_paths(counts):  # type: ignore[no-untyped-def]
    """Return the Huffman tree of the words as (starts [V + 1], nodes, codes).

    counts [V], falling. Word w's path is starts[w]..starts[w + 1]; nodes are rows of the output matrix [V - 1], the
    root last; codes are 0 or 1, as floats.
    """
    size = len(counts)
    weight = np.empty(2 * size, np.int64)
    parent = np.zeros(2 * size, np.int32)
    side = np.zeros(2 * size, np.float32)
    weight[:size] = counts
    word, node = size - 1, size
    for new in range(size, 2 * size - 1):
        for branch in range(2):
            if word >= 0 and (node >= new or weight[word] <= weight[node]):
                least = word
                word -= 1
            else:
                least = node
                node += 1
            parent[least], side[least] = new, branch
            weight[new] = weight[least] + (weight[new] if branch else 0)
    starts = np.zeros(size + 1, np.int64)
    for w in range(size):
        at, length = w, 0
        while at < 2 * size - 2:
            at, length = parent[at], length + 1
        starts[w + 1] = starts[w] + length
    nodes = np.empty(starts[size], np.int32)
    codes = np.empty(starts[size], np.float32)
    for w in range(size):
        at, k = w, starts[w]
        while at < 2 * size - 2:
            nodes[k], codes[k] = parent[at] - size, side[at]
            at, k = parent[at], k + 1
    return starts, nodes, codes
