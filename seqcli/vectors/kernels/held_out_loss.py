"""The held-out figure of word vectors: what a true pair costs beside random ones, in nats; no perplexity."""

from __future__ import annotations

from functools import partial

import numpy as np

from seqcli.text.compiled import compiled
from seqcli.vectors.kernels.sampling import draw_negatives, start_draws
from seqcli.vectors.kernels.updates import average
from seqcli.vectors.kernels.work import CHUNK, NEGATIVES, TREE_CHUNK, gather, gather_outputs

SEED = 20_130_101  # of the negatives: always the same, so that runs can be compared


@compiled
def _cost(score):  # type: ignore[no-untyped-def]
    """Return -log sigmoid(score)."""
    return max(-score, 0.0) + np.log1p(np.exp(-abs(score)))


@partial(compiled, fastmath=True)
def _dot(a, i, b, j):  # type: ignore[no-untyped-def]
    total = np.float32(0.0)
    for d in range(a.shape[1]):
        total += a[i, d] * b[j, d]
    return total


@compiled
def _windows(ids, window, kept, low, high):  # type: ignore[no-untyped-def]
    """Write the known words of a text and their whole windows; return how many: `sampling.choose` without chance."""
    total, begin = 0, 0
    for t in range(len(ids) + 1):
        if t == len(ids) or ids[t] == 1:
            for i in range(begin, total):
                low[i], high[i] = max(begin, i - window), min(total, i + window + 1)
            begin = total
        elif ids[t] > 1:
            kept[total] = ids[t] - 2
            total += 1
    return total


@compiled
def _loss_beside_negatives(work, words, weights, method, kept, low, high, begin, count, total, state):  # type: ignore[no-untyped-def]
    """Return (nats, pairs) of a chunk with negative sampling."""
    first, last = max(begin - method.window, 0), min(begin + count + method.window, total)
    targets_first, targets_last = (begin, begin + count) if method.cbow else (first, last)
    draw_negatives(state, words.first, words.cumulated, work.b_rows[:NEGATIVES])
    gather_outputs(work, weights, work.b_rows, 0, NEGATIVES)
    gather_outputs(work, weights, kept[targets_first:targets_last], NEGATIVES, targets_last - targets_first)
    if method.cbow:
        gather(work, words, weights, kept, first, last)
        average(work, begin, count, first, last, low, high)
    else:
        gather(work, words, weights, kept, begin, begin + count)
    x = work.h if method.cbow else work.a
    nats, pairs = 0.0, 0
    for i in range(count):
        p = begin + i
        contexts = high[p] - low[p] - 1
        here = min(contexts, 1) if method.cbow else contexts
        start, stop = (p, p + here) if method.cbow else (low[p], high[p])
        for q in range(start, stop):
            if method.cbow or q != p:
                nats += _cost(_dot(x, i, work.b, NEGATIVES + q - targets_first))
        beside = 0.0
        for k in range(NEGATIVES):
            beside += _cost(-_dot(x, i, work.b, k))
        nats += here * beside * method.negatives / NEGATIVES
        pairs += here
    return nats, pairs


@compiled
def _loss_of_paths(work, words, weights, method, kept, low, high, begin, count, total, state):  # type: ignore[no-untyped-def]
    """Return (nats, pairs) of a chunk with hierarchical softmax."""
    first, last = max(begin - method.window, 0), min(begin + count + method.window, total)
    gather(work, words, weights, kept, first, last)
    if method.cbow:
        average(work, begin, count, first, last, low, high)
    x = work.h if method.cbow else work.a
    nats, pairs = 0.0, 0
    for i in range(count):
        p = begin + i
        start, stop = words.paths[kept[p]], words.paths[kept[p] + 1]
        gather_outputs(work, weights, words.nodes[start:stop], 0, stop - start)
        rows = (i, i + min(high[p] - low[p] - 1, 1)) if method.cbow else (low[p] - first, high[p] - first)
        for row in range(rows[0], rows[1]):
            if method.cbow or row != p - first:
                pairs += 1
                for k in range(stop - start):
                    score = _dot(x, row, work.b, k)
                    nats += _cost(score if words.codes[start + k] == 0 else -score)
    return nats, pairs


@compiled
def held_out_loss(work, words, weights, method, ids, tree):  # type: ignore[no-untyped-def]
    """Return (nats, pairs) of a text: whole windows, nothing passed over, the same negatives every time.

    A pair is a word and one of its contexts (skip-gram), or a word and all of them (CBOW). It costs -log sigmoid of
    the true word's score and `negatives` times the mean of -log sigmoid(-score) over NEGATIVES random words; with
    hierarchical softmax (tree is not None) the log loss of every node on the word's path.
    """
    kept = np.empty(len(ids), np.int32)
    low, high = np.zeros(len(ids), np.int64), np.zeros(len(ids), np.int64)
    total = _windows(ids, method.window, kept, low, high)
    state = start_draws(SEED, 0, 0)
    nats, pairs, step = 0.0, 0, TREE_CHUNK if method.tree else CHUNK
    for begin in range(0, total, step):
        count = min(step, total - begin)
        place = (kept, low, high, begin, count, total, state)
        if tree is not None:  # decided before anything is compiled: what is not used costs no time
            more = _loss_of_paths(work, words, weights, method, *place)
        else:
            more = _loss_beside_negatives(work, words, weights, method, *place)
        nats += more[0]
        pairs += more[1]
    return nats, pairs
