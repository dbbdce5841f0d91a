"""Threads: those that are quickest where minutes end a training, those that are free where a model answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from command_line import TINY, seqcli, story
from threadpoolctl import threadpool_info, threadpool_limits

from seqcli import threads
from seqcli.threads import Pace, Spare, quickest, try_threads


@pytest.fixture(autouse=True)
def set_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let torch only believe that it has another number of threads: the machine of the test may be busy."""
    found = [1]
    monkeypatch.setattr(torch, "set_num_threads", lambda count: found.__setitem__(0, count))
    monkeypatch.setattr(torch, "get_num_threads", lambda: found[0])


# -- the trial --------------------------------------------------------------------------------------------------------


class Machine:
    """Updates whose seconds are what a table says for torch's threads; the clock moves by them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **seconds: float) -> None:
        self.seconds = {int(name[1:]): value for name, value in seconds.items()}
        self.now, self.used = 0.0, list[int]()
        monkeypatch.setattr(threads.time, "perf_counter", lambda: self.now)

    def update(self) -> None:
        self.used.append(torch.get_num_threads())
        self.now += self.seconds[self.used[-1]]


def test_the_quickest_number_of_threads_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    idle = Machine(monkeypatch, _1=0.3, _2=0.2, _3=0.15)
    means = try_threads(idle.update, 3)
    assert means == pytest.approx({1: 0.3, 2: 0.2, 3: 0.15}) and quickest(means) == torch.get_num_threads() == 3
    busy = Machine(monkeypatch, _1=0.3, _2=0.4, _3=0.5)
    assert quickest(try_threads(busy.update, 3)) == torch.get_num_threads() == 1


def test_a_number_that_is_hopeless_is_tried_once_and_a_trial_keeps_to_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    collapsing = Machine(monkeypatch, _1=0.3, _2=4.0)
    assert quickest(try_threads(collapsing.update, 2)) == 1 and collapsing.used == [1, 1, 2]
    short = Machine(monkeypatch, _1=0.3, _2=0.2)
    assert quickest(try_threads(short.update, 2, seconds=0.1)) == 2 and short.used == [1, 1, 2]


def test_a_rate_that_falls_by_half_asks_for_another_trial_and_so_does_a_long_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(threads.time, "perf_counter", lambda: now[0])
    pace = Pace(cost=1.0)
    assert not any(pace.fell(100, 1.0) for _ in range(50)) and not any(pace.fell(100, 1.8) for _ in range(50))
    assert any(pace.fell(100, 2.2) for _ in range(20))
    assert not pace.long_ago
    now[0] = 201.0
    assert pace.long_ago and not Pace().long_ago


# -- trainings --------------------------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text(story(), "utf-8")
    return tmp_path


def tried(monkeypatch: pytest.MonkeyPatch, *found: dict[int, float]) -> None:
    """Two processors, and trials that find these seconds, one after the other, the last of them ever after."""
    waiting = list(found)

    def trial(update: Any, most: int, seconds: float) -> dict[int, float]:
        assert most == 2 and seconds > 0
        update()
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr("seqcli.training.loop.try_threads", trial)


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processors of which others use one."""
    tried(monkeypatch, {1: 0.25, 2: 4.0})


SMALL = ("--hidden-size", "8", "--embedding-size", "8", "--samples", "8", "--batch-size", "4", "--unroll", "8")


def test_by_minutes_the_quickest_are_taken_said_and_recorded(here: Path, busy: None) -> None:
    done = seqcli("train-lm", "text.txt", *SMALL, "--minutes", "0.02")
    assert done.code == 0 and "\nThreads: 1, as an update takes 0.25 s with 1, 4 s with 2.\n" in done.err, done.err
    record = json.loads(seqcli("models", "show", "text", "--json").out)
    assert record["run"]["threads"] is None and record["progress"]["threads"] == 1
    history = next(Path("models/text").glob("history-*")).read_text()
    assert {json.loads(line)["threads"] for line in history.splitlines()} == {1}


def test_a_number_that_is_given_stays_and_what_would_be_quicker_is_said(here: Path, busy: None) -> None:
    given = seqcli("train-lm", "text.txt", *SMALL, "--minutes", "0.02", "--threads", "2")
    assert given.code == 0 and "Note: --threads 1 would be quicker than the 2 that this training keeps" in given.err
    assert json.loads(seqcli("models", "show", "text", "--json").out)["progress"]["threads"] == 2


def test_a_training_by_epochs_keeps_its_number_and_its_bytes(here: Path, busy: None, monkeypatch: Any) -> None:
    def weights(*options: str) -> bytes:
        done = seqcli("train-lm", "text.txt", *SMALL, "--replace", "--epochs", "1", *options)
        assert done.code == 0, done.err
        said.append(done.err)
        return next(Path("models/text").glob("weights-*")).read_bytes()

    said: list[str] = []
    long = weights("--threads", "2")
    monkeypatch.setattr("seqcli.training.loop.FEWEST_UPDATES", 1)
    assert weights() == weights("--threads", "2") == long, "a trial leaves no trace"
    quicker = "--threads 1 would be quicker than the 2 that this training keeps"
    assert [quicker in text for text in said] == [False, True, True]
    assert "quicker" not in seqcli("train-lm", "text.txt", *TINY, "--name", "one").err


def test_threads_are_tried_anew_when_the_rate_falls(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried(monkeypatch, {1: 0.3, 2: 0.2}, {1: 0.3, 2: 0.9})
    updates = [0]

    def fell(pace: Pace, tokens: int, seconds: float) -> bool:
        assert tokens > 0 and seconds > 0
        updates[0] += 1
        return updates[0] == 4

    monkeypatch.setattr(Pace, "fell", fell)
    monkeypatch.setattr(Pace, "long_ago", False)
    done = seqcli("train-lm", "text.txt", *SMALL, "--minutes", "0.02")
    said = [line for line in done.err.splitlines() if line.startswith("Threads: ")]
    assert done.code == 0, done.err
    assert said == [
        "Threads: 2, as an update takes 0.3 s with 1, 0.2 s with 2.",
        "Threads: 1, as an update takes 0.3 s with 1, 0.9 s with 2.",
    ]


# -- answers ----------------------------------------------------------------------------------------------------------


def kernel(root: Path, busy: int, idle: int) -> None:
    """Write the kernel's counts of two processors, in hundredths, each with so many."""
    row = f"{busy} 0 0 {idle} 0 0 0 0 0 0"
    (root / "proc").mkdir(exist_ok=True)
    (root / "proc/stat").write_text(f"cpu  1 1 1 1 0 0 0 0\ncpu0 {row}\ncpu1 {row}\ncpu2 9 9 9 9 9 9 9 9 9 9\nintr 1\n")


@pytest.mark.parametrize(
    ("busy", "idle", "own", "free"),
    [(0, 100, 0.0, 2), (50, 50, 0.0, 1), (50, 50, 1.0, 2), (100, 0, 0.5, 1), (100, 0, 2.0, 2), (10, 90, 0.0, 2)],
)
def test_the_free_processors_are_those_idle_and_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, busy: int, idle: int, own: float, free: int
) -> None:
    now = [0.0, 0.0]
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(threads.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(threads.time, "process_time", lambda: now[1])
    kernel(tmp_path, 1000, 1000)
    spare = Spare(tmp_path)
    assert spare.count() == 2, "nothing is known so soon"
    kernel(tmp_path, 1000 + busy, 1000 + idle)
    now[:] = [1.0, own]
    assert spare.count() == free == spare.count()
    for most in (2, 1):  # as many as a person set
        monkeypatch.setattr(Spare, "_products", None)
        with threadpool_limits(most, user_api="blas"):
            spare.fit_products()
            pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
            assert {pool["num_threads"] for pool in pools} == {min(free, most)}


def test_all_processors_are_taken_where_the_kernel_tells_nothing(tmp_path: Path) -> None:
    spare = Spare(tmp_path)
    assert spare.count() == len(os.sched_getaffinity(0))


def test_waiting_threads_of_torch_sleep_soon() -> None:
    tell = "import os, seqcli.cli as c; c.run = lambda _: print(os.environ['GOMP_SPINCOUNT']) or 0; c.main()"
    for given, found in ((None, "1000"), ("7", "7")):
        environment = {key: value for key, value in os.environ.items() if key != "GOMP_SPINCOUNT"}
        environment |= {"GOMP_SPINCOUNT": given} if given else {}
        done = subprocess.run([sys.executable, "-c", tell], env=environment, capture_output=True, text=True)
        assert done.stdout.strip() == found, done.stderr
