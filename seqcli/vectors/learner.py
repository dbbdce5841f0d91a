"""What learns from passages of a text: word2vec's two matrices, and the threads that change them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcli.vectors.kernels import held_out_loss as loss
from seqcli.vectors.kernels import passes
from seqcli.vectors.kernels.sampling import code_paths, keep_chances, negative_table
from seqcli.vectors.kernels.work import CHUNK, TREE_CHUNK, Method, Weights, Words, make_works, work_of
from seqcli.vectors.settings import VectorsRunSpec, VectorsSpec
from seqcli.vectors.subwords import ngram_rows

SMALLEST_CHUNK = 4  # words: a tile

Ids = NDArray[np.int32]


class Learner:
    """The matrices of some words, and `threads` threads that learn from passages of ids."""

    def __init__(self, words: Sequence[str], counts: NDArray[np.int64], spec: VectorsSpec, run: VectorsRunSpec) -> None:
        """words: only where n-grams are learned are they looked at; counts [V] falling."""
        self.threads = run.threads or 1
        tree, cbow = spec.output == "hierarchical-softmax", spec.architecture == "cbow"
        self.counts, self.words = counts, _words(words, counts, spec, tree)
        longest_path = int(np.diff(self.words.paths).max()) if tree else 0
        self._method = Method(spec.window, spec.negatives, cbow, tree, run.seed, _step(counts, self.words.keep, tree))
        self._works = make_works(self.threads, spec.embedding_size, spec.window, longest_path)
        self._in_step = run.reproducible and self.threads > 1
        rows = len(counts) + (spec.buckets if spec.subwords else 0)
        rng = np.random.default_rng(run.seed)
        inputs = rng.random((rows, spec.embedding_size), np.float32)
        inputs -= np.float32(0.5)
        inputs /= np.float32(spec.embedding_size)
        self.weights = Weights(inputs, np.zeros((len(counts), spec.embedding_size), np.float32))

    def warm(self, pool: ThreadPoolExecutor) -> None:
        """Learn from nothing, once: the kernels are loaded."""
        self.learn(pool, np.zeros(0, np.int32), [0, 0], 0, 0.0)
        self.measure(np.zeros(0, np.int32))

    def learn(self, pool: ThreadPoolExecutor, ids: Ids, cuts: Sequence[int], epoch: int, rate: float) -> None:
        """Learn from the passages of ids between the cuts.

        What chance decides comes from the seed, the epoch and where a passage begins. Threads take one passage after
        the other; in step, each has a run of them.
        """
        if self._in_step:
            self._learn_in_step(pool, ids, cuts, epoch, rate)
            return
        idle = list(range(self.threads))

        def train(start: int, stop: int) -> None:
            mine = idle.pop()
            self._train(mine, 1, np.zeros(1, np.int64), ids, start, stop, epoch, rate)
            idle.append(mine)

        list(pool.map(train, cuts[:-1], cuts[1:]))

    def _learn_in_step(self, pool: ThreadPoolExecutor, ids: Ids, cuts: Sequence[int], epoch: int, rate: float) -> None:
        parts, counter, last = self.threads, np.zeros(1, np.int64), len(cuts) - 1
        ends = [cuts[last * part // parts] for part in range(parts + 1)]

        def train(mine: int) -> None:
            self._train(mine, parts, counter, ids, ends[mine], ends[mine + 1], epoch, rate)

        list(pool.map(train, range(parts)))

    def _train(
        self, mine: int, parts: int, counter: Any, ids: Ids, start: int, stop: int, epoch: int, rate: float
    ) -> None:
        method = self._method
        place = (ids, start, stop, epoch, rate)
        flags = (method.cbow or None, method.tree or None)
        passes.train(self._works, mine, parts, counter, self.words, self.weights, method, *place, *flags)

    def measure(self, ids: Ids) -> tuple[float, int]:
        """Return what the true pairs of a text cost beside random ones, in nats, and how many they are."""
        method, work = self._method, work_of(self._works, 0)
        nats, pairs = loss.held_out_loss(work, self.words, self.weights, method, ids, method.tree or None)
        return float(nats), int(pairs)


def _step(counts: NDArray[np.int64], keep: NDArray[np.uint64], tree: bool) -> int:
    """Return the words of a chunk: so few that the commonest stands in it about once.

    All of a chunk are computed from one state of the matrices; with a vocabulary of letters, or without subsampling,
    the many changes to one row would add up to a step too far.
    """
    kept = counts * keep.astype(np.float64)
    most = TREE_CHUNK if tree else CHUNK
    return int(min(max(kept.sum() / max(kept.max(), 1.0), SMALLEST_CHUNK), most))


def _words(words: Sequence[str], counts: NDArray[np.int64], spec: VectorsSpec, tree: bool) -> Words:
    """Return what the kernels need to know of the words."""
    first, cumulated = negative_table(counts)
    none, no_rows, no_codes = np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32)
    grams, gram_rows = none, no_rows
    if spec.subwords:
        rows, sizes = ngram_rows(words, spec.min_ngram, spec.max_ngram, spec.buckets)
        grams = np.concatenate(([0], np.cumsum(sizes)))
        gram_rows = (rows + len(words)).astype(np.int32)
    paths = code_paths(counts) if tree else (none, no_rows, no_codes)
    return Words(keep_chances(counts, spec.subsample), first, cumulated, grams, gram_rows, *paths)
