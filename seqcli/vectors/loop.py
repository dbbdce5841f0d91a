"""Word2vec's training loop: yields the events of every trainer, prints nothing, writes nothing.

All that chance decides on a passage of the text comes from (seed, epoch, place), so that a training on one thread, or a
reproducible one on several, goes on after a stop as if there had been none.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import DivergedError
from seqcli.text.spool import let_go
from seqcli.training.events import Evaluated, Event, Progressed, Started, Stopped
from seqcli.training.progress import Clock, Progress
from seqcli.vectors.kernels import held_out_loss as loss
from seqcli.vectors.kernels import passes
from seqcli.vectors.kernels.sampling import code_paths, keep_chances, negative_table, next_sentence
from seqcli.vectors.kernels.work import CHUNK, TREE_CHUNK, Method, Weights, Words, make_works, work_of
from seqcli.vectors.settings import VectorsRunSpec, VectorsSpec
from seqcli.vectors.subwords import Subwords, ngram_rows

LAST_SHARE = 0.15  # of its first height, to which the learning rate falls in a line: 0 costs SimLex-999, 0.25 analogies
UPDATES = 50  # in an epoch, at least, where the text allows: each has one learning rate
PASSAGE = 10_000  # tokens, at most, subsampled at once: their ids stay in the cache
SHORTEST_PASSAGE = 1000  # tokens: below, starting a passage costs more than training on it
SMALLEST_CHUNK = 4  # words: a tile
LONGEST_SENTENCE = 1000  # tokens beyond which a passage ends anywhere; word2vec.c cuts sentences there
PASSAGES = 16  # of each thread in an update: the one that is done first waits little for the others
EVALUATION_TOKENS = 15_000_000  # trained on between two evaluations: measuring and saving cost as much as 1.5 million

Floats = NDArray[np.float32]


class VectorTraining:
    """Word vectors in training: `events()` is the loop; between any two events all of it can be saved."""

    def __init__(
        self,
        ids: NDArray[np.int32],
        held_out: NDArray[np.int32],
        words: Sequence[str],
        counts: NDArray[np.int64],
        spec: VectorsSpec,
        run: VectorsRunSpec,
    ) -> None:
        """ids, held_out: 0 unknown, 1 the end of a sentence, i the word words[i - 2]; counts [V] falling."""
        self.spec, self.run, self.progress = spec, run, Progress(evaluation_due=False, threads=run.threads or 1)
        self.ends: float | None = None  # by when a training by minutes is to be over, as time.monotonic() tells it
        self._ids, self._held_out = ids, held_out
        self._threads = run.threads or 1
        tree = spec.output == "hierarchical-softmax"
        self._words_list = words
        self._words = _words(words, counts, spec, tree)
        longest_path = int(np.diff(self._words.paths).max()) if tree else 0
        cbow = spec.architecture == "cbow"
        self._method = Method(spec.window, spec.negatives, cbow, tree, run.seed, _step(counts, self._words.keep, tree))
        self._works = make_works(self._threads, spec.embedding_size, spec.window, longest_path)
        self._passage = int(min(max(len(ids) // (self._threads * UPDATES), SHORTEST_PASSAGE), PASSAGE))
        passages = -(-len(ids) // self._passage)
        self._per_update = max(min(passages // UPDATES, PASSAGES * self._threads), self._threads)
        self.updates_per_epoch = -(-passages // self._per_update)
        rows = len(words) + (spec.buckets if spec.subwords else 0)
        rng = np.random.default_rng(run.seed)
        inputs = rng.random((rows, spec.embedding_size), np.float32)
        inputs -= np.float32(0.5)
        inputs /= np.float32(spec.embedding_size)
        self._busy_seconds, self._busy_words = 0.0, 0  # of this process
        self._weights = Weights(inputs, np.zeros((len(words), spec.embedding_size), np.float32))

    def begin_from(
        self, vectors: Floats, rows: NDArray[np.int64], outputs: Floats | None, subwords: Subwords | None = None
    ) -> None:
        """Begin with known vectors: vectors[i], and outputs[i] where known, are those of word rows[i].

        subwords: the n-grams that the vectors were made with, for a training that learns n-grams too.
        """
        if subwords is not None:
            self._weights.inputs[len(self._words_list) :] = subwords.matrix
            vectors = subwords.own([self._words_list[row] for row in rows.tolist()], vectors)
        self._weights.inputs[rows] = vectors
        if outputs is not None:
            self._weights.outputs[rows] = outputs

    def vectors(self) -> dict[str, Floats]:
        """Return what answers need: `input` [V, D], and with n-grams also `subwords` [buckets, D]."""
        inputs = self._weights.inputs
        size = len(self._words_list)
        if not self.spec.subwords:
            return {"input": inputs}
        grams = Subwords(inputs[size:], self.spec.min_ngram, self.spec.max_ngram)
        return {"input": grams.complete(self._words_list, inputs[:size]), "subwords": inputs[size:]}

    @property
    def outputs(self) -> Floats:
        """The output vectors, float32 [V, D]: with the words' own vectors all that a further training needs."""
        outputs: Floats = self._weights.outputs
        return outputs

    @property
    def words_per_second(self) -> float:
        """Words trained on per second, evaluations and saves left out."""
        return self._busy_words / max(self._busy_seconds, 1e-9)

    def state(self) -> dict[str, Floats]:
        """Return everything that the next update depends on, besides `progress`."""
        return {"inputs": self._weights.inputs, "outputs": self._weights.outputs}

    def restore(self, arrays: dict[str, NDArray[Any]], progress: dict[str, Any]) -> None:
        """Take up a training where `state` and `progress` were taken. Raises KeyError or ValueError for another's."""
        self.progress = Progress(**progress)
        self._weights.inputs[:] = arrays["inputs"]
        self._weights.outputs[:] = arrays["outputs"]

    def go_longer(self, vectors: dict[str, NDArray[Any]], outputs: Floats, progress: dict[str, Any]) -> None:
        """Go on behind the end of a training, from the vectors that it kept, with a schedule of its own."""
        grams = None
        if self.spec.subwords:
            grams = Subwords(vectors["subwords"], self.spec.min_ngram, self.spec.max_ngram)
        self.begin_from(vectors["input"], np.arange(len(self._words_list)), outputs, grams)
        self.progress = replace(Progress(**progress).longer(), evaluation_due=False)

    def shapes(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Return the types and shapes of `state`."""
        return {name: ("F32", array.shape) for name, array in self.state().items()}

    def events(self) -> Iterator[Event]:
        """Train to the end of the plan, or until held-out text stops getting better.

        Yields Started, Progressed after every update, Evaluated where the plan says, Stopped. Raises DivergedError
        where the held-out figure is no longer a number.
        """
        p = self.progress
        yield Started(p)
        with ThreadPoolExecutor(self._threads) as pool:
            train = self._in_step if self.run.reproducible and self._threads > 1 else self._freely
            train(pool, 0, 0, 0, 0.0)  # once for nothing: the kernels are loaded
            self._measure(self._held_out[:0])
            clock = Clock(p.seconds)
            p.end_by(self.ends, self.run)
            if not p.planned_updates:
                self._plan_first()
            while not p.finished or p.evaluation_due:
                if p.evaluation_due:
                    yield self._evaluated(clock)
                if not p.finished:
                    yield self._update(train, pool, clock)
        yield Stopped(p, p.finished)

    # -- one update -----------------------------------------------------------------------------------------------

    def _update(self, train: Callable[..., None], pool: ThreadPoolExecutor, clock: Clock) -> Progressed:
        p, size = self.progress, len(self._ids)
        epoch, index = divmod(p.update, self.updates_per_epoch)
        start = self._cut(index * self._per_update)
        stop = self._cut((index + 1) * self._per_update)
        rate = self.run.learning_rate * (1.0 - (1.0 - LAST_SHARE) * p.share)
        passages, began = -(-size // self._passage), time.perf_counter()
        train(pool, index * self._per_update, min((index + 1) * self._per_update, passages), epoch, rate)
        before = p.share
        words = int(np.count_nonzero(self._ids[start:stop] > 1))
        self._busy_seconds += time.perf_counter() - began
        self._busy_words += words
        let_go(self._ids)
        p.advance(0.0, words, clock.seconds())
        if self.run.minutes is not None and not p.finished:
            p.plan_again(before, self.run, self.updates_per_epoch)
        return Progressed(p, math.nan, math.nan, rate)

    def _cut(self, passage: int) -> int:
        """Return where a passage begins: with the first sentence that begins in it."""
        return int(next_sentence(self._ids, passage * self._passage, LONGEST_SENTENCE))

    def _freely(self, pool: ThreadPoolExecutor, first: int, last: int, epoch: int, rate: float) -> None:
        """Train on passages, each thread taking the next one."""
        idle = list(range(self._threads))
        cuts = [self._cut(passage) for passage in range(first, last + 1)]

        def train(start: int, stop: int) -> None:
            mine = idle.pop()
            self._train(mine, 1, np.zeros(1, np.int64), start, stop, epoch, rate)
            idle.append(mine)

        list(pool.map(train, cuts[:-1] or [0], cuts[1:] or [0]))

    def _in_step(self, pool: ThreadPoolExecutor, first: int, last: int, epoch: int, rate: float) -> None:
        """Train on passages, each thread on its run of them, all in step."""
        parts, counter = self._threads, np.zeros(1, np.int64)
        cuts = [self._cut(first + (last - first) * part // parts) for part in range(parts + 1)]

        def train(mine: int) -> None:
            self._train(mine, parts, counter, cuts[mine], cuts[mine + 1], epoch, rate)

        list(pool.map(train, range(parts)))

    def _train(self, mine: int, parts: int, counter: Any, start: int, stop: int, epoch: int, rate: float) -> None:
        words, weights, method = self._words, self._weights, self._method
        place = (self._ids, start, stop, epoch, rate)
        flags = (method.cbow or None, method.tree or None)
        passes.train(self._works, mine, parts, counter, words, weights, method, *place, *flags)

    # -- held-out text and the plan -------------------------------------------------------------------------------

    def _evaluated(self, clock: Clock) -> Evaluated:
        p = self.progress
        nats, pairs = self._measure(self._held_out)
        if not math.isfinite(nats):
            raise DivergedError(
                f"The training diverged before update {p.update + 1}; the last good vectors are kept: "
                "train again with a lower --learning-rate."
            )
        per_pair = nats / max(pairs, 1)
        best = p.judge(per_pair, self.run.patience or 2**31, clock.seconds())
        return Evaluated(p, per_pair, pairs, best, None)

    def _measure(self, ids: NDArray[np.int32]) -> tuple[float, int]:
        method, work = self._method, work_of(self._works, 0)
        nats, pairs = loss.held_out_loss(work, self._words, self._weights, method, ids, method.tree or None)
        return float(nats), int(pairs)

    def _plan_first(self) -> None:
        p = self.progress
        p.plan_first(self.run, self.updates_per_epoch)
        if self.run.minutes is None:
            tokens = len(self._ids) * (self.run.epochs or 1.0)
            least = math.ceil(self.run.epochs or 1) if self.run.patience else 1
            p.planned_evaluations = max(min(p.planned_evaluations, int(tokens / EVALUATION_TOKENS)), least)


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
