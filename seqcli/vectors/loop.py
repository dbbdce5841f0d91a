"""Word2vec's training loop: yields the events of every trainer, prints nothing, writes nothing.

All that chance decides on a passage of the text comes from (seed, epoch, place), so that a training on one thread, or a
reproducible one on several, goes on after a stop as if there had been none.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from seqcli import launch
from seqcli.errors import DivergedError
from seqcli.text.spool import let_go
from seqcli.training.events import Evaluated, Event, Progressed, Started, Stopped
from seqcli.training.progress import Clock, Progress
from seqcli.vectors.kernels.sampling import next_sentence
from seqcli.vectors.learner import Ids, Learner
from seqcli.vectors.settings import VectorsRunSpec, VectorsSpec
from seqcli.vectors.subwords import Subwords

if TYPE_CHECKING:
    from seqcli.vectors.kernels.work import Weights

LAST_SHARE = 0.15  # of its first height, to which the learning rate falls in a line: 0 costs SimLex-999, 0.25 analogies
STEADY_WINDOW = 5  # words: a word moves by all of its contexts at once (skip-gram), and by more of them perhaps too far
UPDATES = 50  # in an epoch, at least, where the text allows: each has one learning rate
PASSAGE = 10_000  # tokens, at most, subsampled at once: their ids stay in the cache
SHORTEST_PASSAGE = 1000  # tokens: below, starting a passage costs more than training on it
LONGEST_SENTENCE = 1000  # tokens beyond which a passage ends anywhere; word2vec.c cuts sentences there
PASSAGES = 16  # of each thread in an update: the one that is done first waits little for the others
TOKENS_PER_ROW = 45  # of both matrices that a thread learns from, in several processes, before all rows are made equal
FEWEST_UPDATES = 1  # of an epoch, where the text is so short that the last would make fewer
EVALUATION_TOKENS = 15_000_000  # trained on between two evaluations: measuring and saving cost as much as 1.5 million

Floats = NDArray[np.float32]


class Processes(Protocol):
    """Several processes that learn together, as rank 0 sees them (vectors/processes.py)."""

    def wait(self) -> None:
        """Wait until all have loaded what they learn with."""
        ...

    def learn(
        self, pool: ThreadPoolExecutor, ids: Ids, cuts: Sequence[int], number: int, rates: Sequence[float]
    ) -> tuple[int, float]:
        """Let each process learn from a run of the passages between the cuts.

        Returns the bytes that one of them sent to others, and the seconds that it took.
        """
        ...


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
        self.spec, self.run, self.progress = spec, run, Progress(evaluation_due=False)
        self.ends: float | None = None  # by when a training by minutes is to be over, as time.monotonic() tells it
        self.processes: Processes | None = None  # others that learn too
        self._ids, self._held_out = ids, held_out
        self.names = words
        self.learner = Learner(words, counts, spec, run)
        self._passage, self._per_update, self.updates_per_epoch = self._pace(self.learner.threads, launch.processes())
        self._busy_seconds, self._busy_words = 0.0, 0  # since this process began, ...
        self._sent, self._sending = 0, 0.0  # ... and the bytes that it sent to others, and the seconds of that

    def _pace(self, threads: int, processes: int) -> tuple[int, int, int]:
        """Return the tokens of a passage, the passages of an update, and the updates of an epoch."""
        passage = int(min(max(len(self._ids) // (threads * processes * UPDATES), SHORTEST_PASSAGE), PASSAGE))
        passages = -(-len(self._ids) // passage)
        per_update = max(min(passages // UPDATES, PASSAGES * threads), threads)
        if processes > 1:
            apart = TOKENS_PER_ROW * len(self._weights.inputs) * threads // passage
            per_update = processes * max(min(apart, passages // (processes * FEWEST_UPDATES)), threads)
        return passage, per_update, -(-passages // per_update)

    @property
    def _weights(self) -> Weights:
        return self.learner.weights

    def begin_from(
        self, vectors: Floats, rows: NDArray[np.int64], outputs: Floats | None, subwords: Subwords | None = None
    ) -> None:
        """Begin with known vectors: vectors[i], and outputs[i] where known, are those of word rows[i].

        subwords: the n-grams that the vectors were made with, for a training that learns n-grams too.
        """
        if subwords is not None:
            self._weights.inputs[len(self.names) :] = subwords.matrix
            vectors = subwords.own([self.names[row] for row in rows.tolist()], vectors)
        self._weights.inputs[rows] = vectors
        if outputs is not None:
            self._weights.outputs[rows] = outputs

    def vectors(self) -> dict[str, Floats]:
        """Return what answers need: `input` [V, D], and with n-grams also `subwords` [buckets, D]."""
        inputs = self._weights.inputs
        size = len(self.names)
        if not self.spec.subwords:
            return {"input": inputs}
        grams = Subwords(inputs[size:], self.spec.min_ngram, self.spec.max_ngram)
        return {"input": grams.complete(self.names, inputs[:size]), "subwords": inputs[size:]}

    @property
    def outputs(self) -> Floats:
        """The output vectors, float32 [V, D]: with the words' own vectors all that a further training needs."""
        outputs: Floats = self._weights.outputs
        return outputs

    @property
    def words_per_second(self) -> float:
        """Words trained on per second, evaluations and saves left out."""
        return self._busy_words / max(self._busy_seconds, 1e-9)

    @property
    def network(self) -> tuple[float, float]:
        """Bytes that each process sent for a word that it learned from, and the network that is just worthwhile.

        By that, in Mbit/s, all of them learn from as many words as one of them alone.
        """
        others = max(self.progress.processes - 1, 1)
        sent = self._sent * self.progress.processes / max(self._busy_words, 1)
        learned = self._busy_words / self.progress.processes / max(self._busy_seconds - self._sending, 1e-9)  # a second
        return sent, sent * learned / others * 8e-6

    def state(self) -> dict[str, Floats]:
        """Return everything that the next update depends on, besides `progress`."""
        return {"inputs": self._weights.inputs, "outputs": self._weights.outputs}

    def restore(self, arrays: dict[str, NDArray[Any]], progress: dict[str, Any]) -> None:
        """Take up a training where `state` and `progress` were taken. Raises KeyError or ValueError for another's."""
        self.progress = p = Progress(**progress)
        before = self._pace(p.threads, p.processes)[2]
        if before != self.updates_per_epoch:  # other processes or threads take longer or shorter updates
            p.count_in(self.updates_per_epoch / before)
        self._weights.inputs[:] = arrays["inputs"]
        self._weights.outputs[:] = arrays["outputs"]

    def go_longer(self, vectors: dict[str, NDArray[Any]], outputs: Floats, progress: dict[str, Any]) -> None:
        """Go on behind the end of a training, from the vectors that it kept, with a schedule of its own."""
        grams = None
        if self.spec.subwords:
            grams = Subwords(vectors["subwords"], self.spec.min_ngram, self.spec.max_ngram)
        self.begin_from(vectors["input"], np.arange(len(self.names)), outputs, grams)
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
        p.threads, p.processes = self.learner.threads, launch.processes()
        yield Started(p)
        with ThreadPoolExecutor(self.learner.threads) as pool:
            self.learner.warm(pool)
            if self.processes is not None:
                self.processes.wait()
            clock = Clock(p.seconds)
            p.end_by(self.ends, self.run)
            if not p.planned_updates:
                self._plan_first()
            while not p.finished or p.evaluation_due:
                if p.evaluation_due:
                    yield self._evaluated(clock)
                if not p.finished:
                    yield self._update(pool, clock)
        yield Stopped(p, p.finished)

    # -- one update -----------------------------------------------------------------------------------------------

    def _update(self, pool: ThreadPoolExecutor, clock: Clock) -> Progressed:
        p, size = self.progress, len(self._ids)
        epoch, index = divmod(p.update, self.updates_per_epoch)
        last = min((index + 1) * self._per_update, -(-size // self._passage))
        cuts = [self._cut(passage) for passage in range(index * self._per_update, last + 1)]
        rate, began = self._rate(p.share), time.perf_counter()
        if self.processes is None:
            self.learner.learn(pool, self._ids, cuts, epoch, rate)
        else:
            after = p.share + (1.0 - p.share) / max(p.planned_updates - p.update, 1)
            sent, seconds = self.processes.learn(pool, self._ids, cuts, p.update, (rate, self._rate(after)))
            self._sent, self._sending = self._sent + sent, self._sending + seconds
        before = p.share
        words = int(np.count_nonzero(self._ids[cuts[0] : cuts[-1]] > 1))
        self._busy_seconds += time.perf_counter() - began
        self._busy_words += words
        let_go(self._ids)
        p.advance(0.0, words, clock.seconds())
        if self.run.minutes is not None and not p.finished:
            p.plan_again(before, self.run, self.updates_per_epoch)
        return Progressed(p, math.nan, math.nan, rate)

    def _rate(self, share: float) -> float:
        """Return the learning rate at a share of the training."""
        wide = 1.0 if self.spec.architecture == "cbow" else max(self.spec.window / STEADY_WINDOW, 1.0)
        return self.run.learning_rate * (1.0 - (1.0 - LAST_SHARE) * share) / wide

    def _cut(self, passage: int) -> int:
        """Return where a passage begins: with the first sentence that begins in it."""
        return int(next_sentence(self._ids, passage * self._passage, LONGEST_SENTENCE))

    # -- held-out text and the plan -------------------------------------------------------------------------------

    def _evaluated(self, clock: Clock) -> Evaluated:
        p = self.progress
        nats, pairs = self.learner.measure(self._held_out)
        if not math.isfinite(nats):
            raise DivergedError(
                f"The training diverged before update {p.update + 1}; the last good vectors are kept: "
                "train again with a lower --learning-rate."
            )
        per_pair = nats / max(pairs, 1)
        best = p.judge(per_pair, self.run.patience or 2**31, clock.seconds())
        return Evaluated(p, per_pair, pairs, best, None)

    def _plan_first(self) -> None:
        p = self.progress
        p.plan_first(self.run, self.updates_per_epoch)
        if self.run.minutes is None:
            tokens = len(self._ids) * (self.run.epochs or 1.0)
            least = math.ceil(self.run.epochs or 1) if self.run.patience else 1
            p.planned_evaluations = max(min(p.planned_evaluations, int(tokens / EVALUATION_TOKENS)), least)
