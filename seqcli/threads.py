"""How many threads to compute with: where other programs use the processors too, one can be quicker than all.

A product waits for the last of its threads, and that one for its turn on a processor.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from seqcli.launch import processes_here

TURNS = 3  # of every number tried, after an update that is not counted
HOPELESS = 2.0  # times the seconds of the quickest: such a number is tried no more
TRIAL_SHARE = 0.02  # of the minutes, at most, for a trial
FEWEST_UPDATES = 400  # of a training by epochs: in a shorter one a trial would cost more than it tells
BETTER = 1.2  # times as quick: worth a line where the number stays
WINDOW = 8  # updates that a rate is taken of
FALLEN = 0.5  # of the highest rate since the last trial: others have come
PATIENCE = 200  # times what the last trial cost, after which the next one comes: others may have gone
SLACK = 0.25  # of a processor, that is free all the same: there is always a little to do
SHORTEST_LOOK = 0.1  # seconds between two looks at the kernel's counts, which come in hundredths


def processors() -> int:
    """Return how many processors this process may use: of those of the machine, its share of what was launched."""
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(mine // processes_here(), 1)


def try_threads(update: Callable[[], object], most: int, seconds: float = math.inf) -> dict[int, float]:
    """Return the seconds that an update takes, in the mean, with 1, 2, 4 ... threads, up to `most`.

    They take turns, as others come and go; seconds: that the trial may take, if one turn allows. torch is left with
    the number that was quickest.
    """
    import torch

    counts = [2**power for power in range(most.bit_length()) if 2**power < most] + [most]
    taken: dict[int, list[float]] = {count: [] for count in counts}
    means: dict[int, float] = {}
    began = time.perf_counter()
    torch.set_num_threads(1)
    update()
    for _ in range(TURNS):
        for count in counts:
            torch.set_num_threads(count)
            since = time.perf_counter()
            update()
            taken[count].append(time.perf_counter() - since)
            means[count] = sum(taken[count]) / len(taken[count])
        counts = [count for count in counts if means[count] <= HOPELESS * min(means.values())]
        if len(counts) == 1 or time.perf_counter() - began > seconds:
            break
    torch.set_num_threads(quickest(means))
    return means


def quickest(means: dict[int, float]) -> int:
    """Return the number of threads with which an update takes the fewest seconds."""
    return min(means, key=lambda count: means[count])


class Pace:
    """How quick a training's updates are: when its threads are to be tried anew."""

    def __init__(self, cost: float = math.inf) -> None:
        """cost: the seconds that the last trial took."""
        self._highest = 0.0  # tokens a second, of a window
        self._tokens, self._seconds, self._updates = 0, 0.0, 0
        self._since, self._patience = time.perf_counter(), PATIENCE * cost

    def fell(self, tokens: int, seconds: float) -> bool:
        """Note an update; return whether the rate is half of what it was."""
        self._tokens, self._seconds, self._updates = self._tokens + tokens, self._seconds + seconds, self._updates + 1
        if self._updates < WINDOW:
            return False
        rate = self._tokens / max(self._seconds, 1e-9)
        self._tokens, self._seconds, self._updates = 0, 0.0, 0
        self._highest = max(self._highest, rate)
        return rate < FALLEN * self._highest

    @property
    def long_ago(self) -> bool:
        """Whether the last trial is so long ago that another costs next to nothing."""
        return time.perf_counter() - self._since > self._patience


class Spare:
    """The processors that other programs leave to this one, by the kernel's own counts between two looks."""

    _products: int | None = None  # threads that products were given, anywhere in this process
    _most = 0  # so many they had at first: all, or as many as a person set

    def __init__(self, root: Path = Path("/")) -> None:
        """root: below it is proc."""
        self._root, self._count = root, processors()
        self._last = self._look()

    def count(self) -> int:
        """Return how many processors were free or this process's own since the last look: at least 1."""
        now = self._look()
        if now is None or self._last is None or now[2] - self._last[2] < SHORTEST_LOOK:
            return self._count
        total, idle = now[0] - self._last[0], now[1] - self._last[1]
        own = now[3] - self._last[3]
        if total > 0:
            free = processors() * min((idle + own) / total, 1.0)
            self._count = min(max(int(free + SLACK), 1), processors())
        self._last = now
        return self._count

    def fit_products(self) -> None:
        """Let the matrix products of numpy use so many threads; at first they use all, or as many as a person set."""
        count = self.count()
        if count == (Spare._products or processors()):
            return  # as nearly always: a short answer does not wait for the libraries to be looked for
        from threadpoolctl import threadpool_info, threadpool_limits

        if Spare._products is None:
            pools = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
            Spare._most = max(pools, default=processors())
        threadpool_limits(min(count, Spare._most), user_api="blas")
        Spare._products = count

    @contextmanager
    def in_parallel(self) -> Iterator[int]:
        """Give how many workers may compute side by side, while the products of each take one thread."""
        count = self.count()
        if count == 1:
            self.fit_products()
            yield 1
            return
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, user_api="blas"):
            yield count

    def _look(self) -> tuple[float, float, float, float] | None:
        """Return seconds: of this process's processors, those idle, the clock, those of this process; None unknown."""
        try:
            if not hasattr(os, "sched_getaffinity"):  # not Linux
                return None
            lines = (self._root / "proc/stat").read_text("ascii").splitlines()
            mine = {f"cpu{number}" for number in os.sched_getaffinity(0)}
            rows = [list(map(int, fields[1:9])) for fields in map(str.split, lines) if fields[0] in mine]
            if not rows:
                return None
            ticks = os.sysconf("SC_CLK_TCK")
            total, idle = sum(map(sum, rows)), sum(row[3] + row[4] for row in rows)  # idle, waiting for a disk
            return total / ticks, idle / ticks, time.monotonic(), time.process_time()
        except (OSError, ValueError, IndexError):
            return None


class Untouched(Spare):
    """The processors of a program that is not ours: the threads of its libraries stay as they are."""

    def fit_products(self) -> None:
        """Change nothing."""

    @contextmanager
    def in_parallel(self) -> Iterator[int]:
        """Give one worker, whose products take the threads that they have."""
        yield 1
