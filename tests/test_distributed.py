"""Trainings that several processes share: the updates are those of one, whoever is lost, told to stop, or joins."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line import TINY, seqcli, story

from seqcli import launch
from seqcli import train as train_in_python
from seqcli.errors import MisuseError

ROUNDING = 1e-5  # of a loss or a gradient's length, after fifteen updates; another draw of anything is a hundredth
Did = dict[str, Any]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What trainings did that a process of its own started: it has imported torch once for all of them."""
    folder = tmp_path_factory.mktemp("shared")
    script = Path(__file__).with_name("shared_trainings.py")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=folder, timeout=300)
    assert done.returncode == 0, done.stderr
    return {**json.loads(done.stdout), "stderr": done.stderr}


def assert_same(losses: list[list[float]], expected: list[list[float]]) -> None:
    assert len(losses) == len(expected) >= 6
    for found, wanted in zip(losses, expected, strict=True):
        assert found == pytest.approx(wanted, rel=ROUNDING)


@pytest.mark.parametrize("kind", ["lm", "fill", "translator", "vhred", "vae"])
def test_every_update_is_that_of_one_process(report: dict[str, Any], kind: str) -> None:
    (whole,), *shared = report["equal"][kind]
    assert whole["code"] == 0, whole["err"]
    assert len({loss for loss, _ in whole["losses"]}) > 3, "it learns"
    for processes in shared:
        assert [one["code"] for one in processes] == [0] * len(processes), processes[0]["err"]
        assert_same(processes[0]["losses"], whole["losses"])


@pytest.mark.parametrize("kind", ["lm", "translator"])
def test_an_update_in_passes_is_that_of_one_pass(report: dict[str, Any], kind: str) -> None:
    """A batch has five rows: with two processes of three passes each, the last of these has none of its own."""
    (whole,), *_ = report["equal"][kind]
    for processes in report["passes"][kind]:
        assert processes[0]["code"] == 0, processes[0]["err"]
        assert_same(processes[0]["losses"], whole["losses"])


@pytest.mark.parametrize("kind", ["lm", "translator"])
def test_an_update_of_several_batches_is_the_same_in_any_number_of_processes(report: dict[str, Any], kind: str) -> None:
    single, (two, three) = report["equal"][kind][0][0]["losses"], report["gathered"][kind]
    assert (two[0]["code"], three[0]["code"]) == (0, 0), two[0]["err"] + three[0]["err"]
    assert len(two[0]["losses"]) == -(-len(single) // 2)
    assert_same(three[0]["losses"], two[0]["losses"])
    for processes in (two, three):
        assert len({tuple(one["weights"]) for one in processes}) == 1


def test_a_training_of_several_batches_an_update_goes_on_in_another_number_of_processes(report: dict[str, Any]) -> None:
    """One of the numbers is one process: what it computes is what the others do together."""
    runs = report["gathered"]
    assert runs["stopped"][0]["code"] == 130 and runs["resumed"][0]["code"] == 0, runs["resumed"][0]["err"]
    losses = runs["stopped"][0]["losses"] + runs["resumed"][0]["losses"]
    assert_same(losses, runs["lm"][0][0]["losses"])


def test_all_processes_have_the_same_weights_bit_for_bit(report: dict[str, Any]) -> None:
    for runs in report["equal"].values():
        for processes in runs:
            assert len({tuple(one["weights"]) for one in processes}) == 1
            assert len(processes[0]["weights"]) == len(processes[0]["losses"])


def test_only_rank_0_says_anything(report: dict[str, Any]) -> None:
    first, *others = report["equal"]["lm"][2]
    assert "processes: 3" in first["err"] and "5 rows of a batch do not divide by 3 processes" in first["err"]
    assert [one["out"] + one["err"] for one in others] == ["", ""]


def test_ctrl_c_on_one_process_saves_once_and_stops_all(report: dict[str, Any]) -> None:
    first, other = report["stopped"]
    assert (first["code"], other["code"]) == (130, 0)
    assert first["err"].count("Saved at update 7.") == 1 and "Error" not in first["err"] + other["err"]


def test_a_training_goes_on_in_another_number_of_processes(report: dict[str, Any]) -> None:
    first = report["resumed"][0]
    assert first["code"] == 0, first["err"]
    assert "shared by 2 processes, the training goes on in 3: the same but for rounding." in first["err"]
    (whole,), *_ = report["equal"]["lm"]
    assert_same(report["stopped"][0]["losses"] + first["losses"], whole["losses"])


def test_a_killed_process_ends_all_with_one_line(report: dict[str, Any]) -> None:
    """One that another told of it while it waited ends at once, as one that hangs does, and returns no code."""
    first, killed, other = report["killed"]
    assert killed["status"] == -signal.SIGKILL
    assert [one.get("code", one["status"]) for one in (first, other)] == [1, 1]
    heard = [line for line in report["stderr"].splitlines() if "Of the 3 " in line]  # of what ended at once
    said = first.get("err", "\n".join(heard)) + other.get("err", "")
    assert said.count("Error: ") == 1 and "Traceback" not in said + report["stderr"]
    lines = first["err"].splitlines() if "code" in first else heard
    assert "Of the 3 processes that share this training rank 1 no longer answers" in lines[-1]


def test_started_again_a_training_goes_on_to_the_same_bytes(report: dict[str, Any]) -> None:
    assert 0 < report["saved"] < 7
    assert [one["code"] for one in report["again"]] == [0, 0, 0], report["again"][0]["err"]
    assert len(report["again"][0]["losses"]) == 15 - report["saved"]
    assert report["weights"]["killed"] == report["weights"]["lm3"]


def test_a_process_that_hangs_ends_all_with_one_line(report: dict[str, Any]) -> None:
    first, hanging = report["hanging"]
    assert (first["status"], hanging["status"]) == (1, -signal.SIGKILL)
    lines = report["stderr"].splitlines()
    assert [line for line in lines if "rank 1 no longer answers" in line and "Of the 3 " not in line] == [lines[-1]]


def test_word_vectors_of_several_processes_are_those_of_one_to_what_chance_decides(report: dict[str, Any]) -> None:
    for processes in report["vectors"]:
        assert [one["code"] for one in processes] == [0] * len(processes), processes[0]["err"]
        assert len({tuple(one["weights"]) for one in processes}) == 1, "rows are made equal"
    assert "processes: 3" in report["vectors"][2][0]["err"] and "bytes a word" in report["vectors"][2][0]["err"]
    nats = report["nats"]
    assert nats["vectors2"] == pytest.approx(nats["vectors1"], rel=0.02)
    assert nats["vectors3"] == pytest.approx(nats["vectors1"], rel=0.02)


def test_word_vectors_go_on_in_another_number_of_processes(report: dict[str, Any]) -> None:
    assert report["vectors cut"][0]["code"] == 130 and report["vectors resumed"][0]["code"] == 0
    assert report["nats"]["cut"] == pytest.approx(report["nats"]["vectors1"], rel=0.02)
    assert report["tokens"]["cut"] == pytest.approx(report["tokens"]["vectors1"], rel=0.05)


def test_word_vectors_go_on_where_a_process_was_lost(report: dict[str, Any]) -> None:
    assert report["vectors killed"][0]["code"] == 1
    assert "rank 1 no longer answers" in report["vectors killed"][0]["err"].splitlines()[-1]
    assert report["vectors again"][0]["code"] == 0, report["vectors again"][0]["err"]
    assert report["nats"]["lost"] == report["nats"]["vectors2"]


# -- what needs no other process --------------------------------------------------------------------------------------


def started(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Let this process be rank 0 of several, of which the others never come."""
    found = {"RANK": 0, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count, "MASTER_ADDR": "localhost", "MASTER_PORT": 1}
    for name, value in found.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr("seqcli.cli._dismiss", lambda: None)


def test_what_does_not_share_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(story(60), "utf-8")
    monkeypatch.chdir(tmp_path)
    started(monkeypatch, 3)
    few = seqcli("train-lm", "a.txt", *TINY, "--batch-size", "2")
    assert few.code == 2 and "--batch-size 2 is less than the 3 processes" in few.error
    with pytest.raises(MisuseError, match="one process"):
        train_in_python("lm", "a.txt")
    assert not (tmp_path / "models" / "a").exists()


def test_a_training_that_was_over_when_a_process_was_lost_is_not_trained_longer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Torchrun starts all again, though what it was to do is done: rank 0 had saved the end."""
    (tmp_path / "a.txt").write_text(story(60), "utf-8")
    monkeypatch.chdir(tmp_path)
    assert seqcli("train-lm", "a.txt", *TINY).code == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "models" / "a").iterdir()}
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    again = seqcli("train-lm", "a.txt", *TINY)
    assert again.code == 0 and "nothing is left to do" in again.err
    assert {path.name: path.read_bytes() for path in (tmp_path / "models" / "a").iterdir()} == before


def test_a_process_has_its_share_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    from seqcli.threads import processors

    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    assert (launch.processes(), launch.rank(), processors()) == (1, 0, 8)
    started(monkeypatch, 3)
    assert (launch.processes(), launch.rank(), processors()) == (3, 0, 2)
    monkeypatch.delenv("MASTER_ADDR")
    assert (launch.processes(), processors()) == (1, 8), "a number alone says nothing of others"


def test_every_process_has_the_usual_rows_of_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless --batch-size says how many all have together: fewer rows each are hardly quicker, and wait as long."""
    from seqcli.cli.session import Session
    from seqcli.training.plan import make_plan

    def rows(**given: object) -> int:
        found: int = make_plan(Session(), None, None, given, "lstm", {"epochs": 1.0}).run.batch_size
        return found

    usual = rows()
    started(monkeypatch, 3)
    assert rows() == 3 * usual and rows(batch_size=12) == 12


def test_a_process_alone_does_not_know_of_the_others() -> None:
    code = "import sys; from seqcli.cli import run; run(['train-lm', '--help']); assert 'torch' not in sys.modules"
    code += "; from seqcli.training import loop; print([m for m in sys.modules if m.startswith('seqcli.training.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not {"distributed", "leader", "worker", "pulse"} & set(
        done.stdout.splitlines()[-1].replace("'", ".").split(".")
    )


def test_what_is_summed_does_not_depend_on_the_updates_before() -> None:
    """A training that goes on knows nothing of them, and is to end at the bytes of one that was not stopped."""
    torch = pytest.importorskip("torch")
    from seqcli.training.gradients import Buckets

    class Done:
        def wait(self) -> None:
            pass

    table, layer = torch.nn.Parameter(torch.ones(100, 3)), torch.nn.Parameter(torch.ones(4))
    sent: list[int] = []
    buckets = Buckets([table, layer], [table], lambda flat: sent.append(flat.numel()) or Done(), lambda used: Done())

    def update(rows: list[int]) -> list[int]:
        table.grad = layer.grad = None
        sent.clear()
        buckets.backward((table[rows] * layer[:3]).sum(), True)
        buckets.divide(2.0)
        assert table.grad is not None and layer.grad is not None
        assert table.grad.sum() == len(rows) * 3 / 2 and (table.grad[rows] == 0.5).all() and layer.grad[0] > 0
        return sorted(sent)

    few = update([7, 3])
    assert few == [4, 6] and update(list(range(100))) == [4, 300] and update([7, 3]) == few
