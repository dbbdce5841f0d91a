"""train-lm interrupted: by signals, politely and twice, and killed outright; what is left is whole and goes on."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from command_line import TINY, Outcome, seqcli, story
from killed_trainings import AGAIN, MOMENTS, SETTINGS, at

from seqcli.language.batches import Segments
from seqcli.store import Draft, Record, Shelf
from seqcli.training.loop import Training

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]


def send(*numbers: signal.Signals) -> Callable[[], None]:
    def act() -> None:
        for number in numbers:
            os.kill(os.getpid(), number)

    return act


@pytest.fixture(autouse=True)
def whole_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Take signals as seqcli's own process does, and undo what a moment has put in place."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a text.txt").write_text(story(), "utf-8")
    monkeypatch.setattr(Training, "_update", Training._update)
    monkeypatch.setattr(Draft, "commit", Draft.commit)
    monkeypatch.setattr(Segments, "__iter__", Segments.__iter__)

    def heard(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, heard) for number in (signal.SIGTERM, signal.SIGHUP)}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def train(*options: str) -> Outcome:
    return seqcli("train-lm", "a text.txt", *options)


def model(name: str) -> Record:
    """Return a model of which every byte is checked."""
    return Shelf("models").check(name)


def resume_words(done: Outcome) -> list[str]:
    """Return the words of the command that an interrupted training says to go on with."""
    line = next(line for line in done.err.splitlines() if "--resume" in line)
    return shlex.split(line.split("Go on with: ")[1])[1:]


def same(name: str, other: str) -> bool:
    """Return whether two trainings ended alike, in weights, history (times aside) and results."""
    one, two = model(name), model(other)

    def steps(record: Record) -> list[dict[str, float]]:
        rows = [json.loads(line) for line in record.load("history").splitlines()]
        return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]

    return (one.files["weights"], one.results, steps(one)) == (two.files["weights"], two.results, steps(two))


@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("moment", ["update 30", "evaluation 4", "save 3"])
def test_a_signal_saves_and_says_how_to_go_on(moment: str, number: signal.Signals, code: int) -> None:
    if number != signal.SIGINT and moment == "save 3":
        pytest.skip("what a signal amid a save does is tried once")
    assert train(*TINY, "--name", "whole").code == 0
    at(moment, send(number))
    done = train(*TINY, "--name", "stopped")
    assert done.code == code and "Error" not in done.err and not done.out
    record = model("stopped")
    assert not record.progress["finished"] and "state" in record.files
    if moment == "update 30":
        assert record.progress["update"] == 30, "the step is finished first"
    words = resume_words(done)
    assert words == ["train-lm", "a text.txt", "--name", "stopped", "--resume"]
    assert seqcli(*words).code == 0
    assert same("stopped", "whole")
    assert "state" not in model("stopped").files, "what only a resume needs is gone"


@pytest.mark.parametrize("moment", ["update 95", "evaluation 11"])
def test_what_the_last_moments_would_have_brought_is_not_lost(moment: str) -> None:
    assert train(*TINY, "--epochs", "1", "--name", "whole").code == 0
    assert (model("whole").progress["update"], len(model("whole").load("history").splitlines())) == (95, 11)
    at(moment, send(signal.SIGINT))
    stopped = train(*TINY, "--epochs", "1", "--name", "stopped")
    assert stopped.code == 130 and not same("stopped", "whole")
    assert seqcli(*resume_words(stopped)).code == 0
    assert same("stopped", "whole")
    assert "nothing is left to do" in seqcli(*resume_words(stopped)).err


def test_a_text_shorter_than_a_batch_goes_on_too() -> None:
    Path("a text.txt").write_text(story(30), "utf-8")
    options = ("--batch-size", "32", "--unroll", "16", "--attention", "2", "--epochs", "3", "--hidden-size", "8")
    assert train(*options, "--threads", "1", "--name", "whole").code == 0
    for update in (1, 4):
        at(f"update {update}", send(signal.SIGINT))
        stopped = train(*options, "--threads", "1", "--name", f"stopped{update}")
        assert stopped.code == 130 and seqcli(*resume_words(stopped)).code == 0
        assert same(f"stopped{update}", "whole")


def test_a_batch_in_passes_goes_on_too() -> None:
    options = (*TINY, "--epochs", "1", "--accumulate", "3")
    assert train(*options, "--name", "whole").code == 0
    at("update 30", send(signal.SIGINT))
    stopped = train(*options, "--name", "stopped")
    assert stopped.code == 130 and seqcli(*resume_words(stopped)).code == 0
    assert same("stopped", "whole")


def test_what_nohup_has_it_ignore_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    at("update 30", send(signal.SIGHUP))
    assert train(*TINY, "--name", "whole").code == 0
    assert model("whole").progress["finished"]


@pytest.mark.parametrize("moment", ["update 30", "evaluation 4"])
def test_a_second_signal_stops_at_once_and_leaves_a_whole_model(moment: str) -> None:
    assert train(*TINY, "--name", "whole").code == 0
    at(moment, send(signal.SIGINT, signal.SIGINT))
    done = train(*TINY, "--name", "stopped")
    assert done.code == 130 and "Saved at" not in done.err and "Error" not in done.err
    assert model("stopped").progress["update"] < 60
    assert train("--name", "stopped", "--resume").code == 0
    assert same("stopped", "whole")


def test_a_signal_before_anything_is_saved_leaves_nothing() -> None:
    at("save 1", send(signal.SIGINT, signal.SIGINT))
    assert train(*TINY, "--name", "stopped").code == 130
    assert not list(Path("models").iterdir())


def test_quiet_is_quiet_about_a_signal_too() -> None:
    at("update 10", send(signal.SIGINT))
    done = train(*TINY, "--name", "stopped", "-q")
    assert (done.code, done.out, done.err) == (130, "", "")


def test_killed_trainings_go_on_to_the_same_bytes(tmp_path: Path) -> None:
    """Five kills (-9), two of them in one training: the sha256 of the weights is that of a training never killed."""
    script = Path(__file__).with_name("killed_trainings.py")
    environment = {**os.environ, "PYTHONHASHSEED": "5", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, script, tmp_path], capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert train(*SETTINGS, "--name", "here").code == 0
    here = model("here")
    status, whole = report["whole"]
    assert status == 0 and whole["finished"]
    assert whole["weights"] == here.files["weights"].sha256, "another process, folder and hash seed: the same bytes"
    for moment in MOMENTS:
        status, between, after = report[moment]
        assert status[0] == -signal.SIGKILL
        if moment == "evaluation 1":
            assert between is None, "nothing was saved yet"
            continue
        assert not between["finished"], moment
        assert status[1:] == ([-signal.SIGKILL, 0] if moment == AGAIN else [0])
        assert after == whole, moment
    assert all(a < b for a, b in pairwise(whole["updates"])), "each evaluation once"
