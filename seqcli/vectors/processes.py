"""Word vectors that several processes learn, each from its share of every update.

Every process has both matrices. An update is cut into rounds; after each of them the rows that change most are made
equal in all processes, after every fourth four times as many, and so on: all of them after the last. So each row is
made equal about when it has changed as much as any other, and the network carries little more than the matrices once.
Source: Ji et al. 2016, "Parallelizing Word2Vec in Shared and Distributed Memory": frequent words more often.

What the processes changed in a row is added up where they changed it little, as if one had done it all. Where each of
them has led it to where it settles, the sum would go too far, and their mean is taken; between the two the share of
their sum is what one process would have come to by all their words.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.settings import from_dict, to_dict
from seqcli.tasks import ARCHITECTURES
from seqcli.text.compiled import compiled
from seqcli.vectors.kernels.sampling import CERTAIN
from seqcli.vectors.learner import Ids, Learner

if TYPE_CHECKING:
    from seqcli.training.distributed import Group
    from seqcli.vectors.loop import VectorTraining

FEWER = 4  # times fewer rows are made equal as many times as often, ...
LEVELS = 3  # ... and of those again, so many times, where ...
ROUND = 10_000  # ... tokens of a process in a round are not fewer: to meet takes a millisecond
SLOW = 0.3  # of the time of learning, beyond which making rows equal takes too long
SETTLED = 30.0  # occurrences of a word by which its row has come most of the way to where it settles

Floats = NDArray[np.float32]


class Traffic(NamedTuple):
    """What it took to make rows equal: bytes that a process sent, as gloo's ring sends them, and seconds."""

    sent: int
    seconds: float


class Share(NamedTuple):
    """What a process learns of an update of a number, besides the ids.

    cuts: between its passages. rates: at the first of them and behind the last. tokens: of each process, in the mean.
    levels: rows are made equal FEWER to the power of that many times.
    """

    cuts: Sequence[int]
    number: int
    rates: Sequence[float]
    tokens: float
    levels: int


class Equal:
    """The matrices of one process, which are made equal to those of the others."""

    def __init__(self, group: Group, learner: Learner) -> None:
        self._group, self._learner = group, learner
        self._matrices: list[Floats] = [*learner.weights]
        self._before = [matrix.copy() for matrix in self._matrices]
        self._often = _how_often(learner)
        self._backwards = False, len(learner.words.paths) > 0  # a tree's root, which changes most, is its last row

    def wait(self) -> None:
        """Wait until all are here."""
        self._group.add_up(np.zeros(1, np.float32))

    def learn(self, pool: ThreadPoolExecutor, ids: Ids, share: Share) -> Traffic:
        """Learn from the passages of an update that are this process's."""
        rounds, sent, seconds = FEWER**share.levels, 0, 0.0
        parts = [self._parts(number, share.levels, share.tokens / rounds) for number in range(len(self._matrices))]
        cuts, (begun, ended) = share.cuts, share.rates
        for place in range(rounds):
            first, last = ((len(cuts) - 1) * k // rounds for k in (place, place + 1))
            rate = begun + (ended - begun) * place / rounds
            if last > first:
                epoch = share.number * self._group.count + self._group.rank
                self._learner.learn(pool, ids, cuts[first : last + 1], epoch, rate)
            due = next(level for level in reversed(range(share.levels + 1)) if (place + 1) % FEWER**level == 0)
            began = time.perf_counter()
            sent += self._make_equal(share.levels - due, parts)
            seconds += time.perf_counter() - began
        return Traffic(sent, seconds)

    def _parts(self, number: int, levels: int, tokens: float) -> Floats:
        """Return for each row of a matrix what part of all changes is made; tokens: of a process in a round."""
        often = self._often[number]
        between = np.full(len(often), FEWER**levels)  # rounds
        for fewer in range(1, levels + 1):
            between[self._rows(number, fewer)] = FEWER ** (levels - fewer)
        come, count = np.maximum(often * tokens * between / SETTLED, 1e-9), self._group.count
        parts: Floats = (np.expm1(-count * come) / (count * np.expm1(-come))).astype(np.float32)
        return parts

    def _rows(self, number: int, fewer: int) -> slice:
        """Return the rows of a matrix that change most: all, or so often FEWER times fewer."""
        size = len(self._matrices[number])
        count = size // FEWER**fewer
        return slice(size - count, size) if self._backwards[number] else slice(count)

    def _make_equal(self, fewer: int, parts: Sequence[Floats]) -> int:
        """Make rows equal: all, or so often FEWER times fewer; return the bytes sent."""
        sent, others = 0, self._group.count - 1
        for number, (matrix, before, part) in enumerate(zip(self._matrices, self._before, parts, strict=True)):
            rows = self._rows(number, fewer)
            self._group.add_up(matrix[rows])
            keep_part_of_changes(matrix[rows], before[rows], part[rows], np.float32(self._group.count))
            sent += 2 * others * matrix[rows].nbytes // self._group.count
        return sent


@compiled
def keep_part_of_changes(now, before, parts, count):  # type: ignore[no-untyped-def]
    """Let rows be what they were before and a part, parts[i], of their changes. now: summed over count processes."""
    for i in range(now.shape[0]):
        part = parts[i]
        for d in range(now.shape[1]):
            before[i, d] += part * (now[i, d] - count * before[i, d])
            now[i, d] = before[i, d]


def _how_often(learner: Learner) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how often each row of both matrices is met with in a token of the text."""
    words = learner.words
    kept = learner.counts * (words.keep / CERTAIN) / max(learner.counts.sum(), 1)
    inputs = np.zeros(len(learner.weights.inputs))
    inputs[: len(kept)] = kept
    if len(words.grams):
        np.add.at(inputs, words.gram_rows, np.repeat(kept, np.diff(words.grams)))
    outputs = kept
    if len(words.paths):
        outputs = np.zeros(len(kept))
        np.add.at(outputs, words.nodes, np.repeat(kept, np.diff(words.paths)))
    return inputs, outputs


class Leader:
    """The processes that learn word vectors together, as rank 0 sees them: it hands each its passages of an update."""

    def __init__(self, group: Group, training: VectorTraining, key: str, sizes: tuple[int, ...]) -> None:
        self._group, learner = group, training.learner
        names = "\n".join(training.names if training.spec.subwords else ())
        head = {"key": key, "spec": to_dict(training.spec), "run": to_dict(training.run), "names": names}
        group.tell_all(head, (learner.counts, *learner.weights))
        self._equal, self._levels = Equal(group, learner), LEVELS
        self._steady = training.run.reproducible

    def learn(
        self, pool: ThreadPoolExecutor, ids: Ids, cuts: Sequence[int], number: int, rates: Sequence[float]
    ) -> Traffic:
        """Let each process learn from a run of the passages between the cuts.

        Where the network is so slow that they wait long for each other, rows are made equal less often from then on.
        """
        began = time.perf_counter()
        count, last, tokens = self._group.count, len(cuts) - 1, cuts[-1] - cuts[0]
        fits = (level for level in range(self._levels + 1) if tokens // count >= ROUND * FEWER**level)
        levels = max(fits, default=0)
        for rank in reversed(range(count)):
            own = cuts[last * rank // count : last * (rank + 1) // count + 1]
            passages = np.asarray(ids[own[0] : own[-1]])
            share = Share([cut - own[0] for cut in own], number, rates, tokens / count, levels)
            if rank:
                self._group.send(rank, {"do": "update", **share._asdict()}, (passages,))
        traffic = self._equal.learn(pool, passages, share)
        computed = time.perf_counter() - began - traffic.seconds
        if traffic.seconds > SLOW * computed and not self._steady:
            self._levels = max(levels - 1, 0)
        return traffic

    def wait(self) -> None:
        """Wait until all have loaded what they learn with."""
        self._equal.wait()


def take_part(group: Group, head: dict[str, Any], arrays: Any) -> None:
    """Learn this process's share of every update of one training, which rank 0 began by this message."""
    kind, (counts, *matrices) = ARCHITECTURES[head["key"]], arrays
    spec: Any = from_dict(kind.spec, head["spec"], "a message")
    run: Any = from_dict(kind.run, head["run"], "a message")
    learner = Learner(head["names"].split("\n"), counts, spec, run)
    for matrix, begun in zip(learner.weights, matrices, strict=True):
        matrix[:] = begun
    equal = Equal(group, learner)
    with ThreadPoolExecutor(learner.threads) as pool:
        learner.warm(pool)
        equal.wait()
        while (received := group.receive(0))[0].pop("do") != "end":
            equal.learn(pool, received[1][0], Share(**received[0]))
