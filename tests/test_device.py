"""Where a training computes: a GPU gives the losses that the CPU gives, and what names none is told at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from command_line import seqcli
from shared_trainings import KINDS, write_texts

from seqcli.store import Shelf
from seqcli.training.loop import Training

ROUNDING = 2e-3  # of a loss, after fifteen updates; another draw of anything is a hundredth
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")


@pytest.fixture
def losses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The loss of every update that is made, in a folder with texts."""
    found, update = list[float](), Training._update

    def noted(self: Training, clock: Any) -> Any:
        event = update(self, clock)
        found.append(event.loss)
        return event

    monkeypatch.setattr(Training, "_update", noted)
    monkeypatch.chdir(tmp_path)
    write_texts(tmp_path)
    return found


@needs_gpu
@pytest.mark.parametrize("kind", [*KINDS])
def test_every_update_on_a_gpu_is_that_of_the_cpu(kind: str, losses: list[float]) -> None:
    for device in ("cpu", "cuda"):
        done = seqcli(*KINDS[kind], "--name", device, "--device", device, "--precision", "float32")
        assert done.code == 0, done.err
    half = len(losses) // 2
    assert half >= 6 and losses[half:] == pytest.approx(losses[:half], rel=ROUNDING)
    assert seqcli("models", "check", "cuda").code == 0


@needs_gpu
@pytest.mark.parametrize("kind", [*KINDS])
def test_a_training_on_a_gpu_goes_on_on_the_cpu(
    kind: str, losses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = seqcli(*KINDS[kind], "--name", "whole", "--device", "cpu", "--precision", "float32")
    assert whole.code == 0, whole.err
    expected, real = losses[:], Training._update
    losses.clear()

    def stopped(self: Training, clock: Any) -> Any:
        if len(losses) == 4:
            raise KeyboardInterrupt
        return real(self, clock)

    with monkeypatch.context() as patched:
        patched.setattr(Training, "_update", stopped)
        seqcli(*KINDS[kind], "--name", "part", "--device", "cuda", "--precision", "float32")
    going_on = seqcli(*KINDS[kind], "--name", "part", "--resume", "--device", "cpu")
    assert going_on.code == 0, going_on.err
    assert losses[-4:] == pytest.approx(expected[-4:], rel=ROUNDING)


@needs_gpu
def test_a_gpu_is_taken_where_there_is_one_and_computes_in_bfloat16(losses: list[float]) -> None:
    done = seqcli(*KINDS["lm"], "--name", "found")
    assert done.code == 0 and "Device: cuda" in done.err
    assert Shelf(Path("models")).read("found").run.precision == "bfloat16"


def test_what_names_no_device_is_told(losses: list[float]) -> None:
    for name in ("gpu", "cuda:x", "cpu:1", "tpu"):
        assert "give auto, cpu, cuda or cuda:N" in seqcli(*KINDS["lm"], "--device", name).error
    assert "cuda:99" in seqcli(*KINDS["lm"], "--device", "cuda:99").error
    assert not losses and not Path("models").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_told_and_another_device_goes_on(losses: list[float]) -> None:
    assert "finds no GPU here" in seqcli(*KINDS["lm"], "--device", "cuda").error
    assert seqcli(*KINDS["lm"], "--name", "lm", "--device", "cpu").code == 0
    assert Shelf(Path("models")).read("lm").run.device == "cpu"
    again = seqcli("train-lm", "text", "--name", "lm", "--resume", "--device", "auto")
    assert again.code == 0 and "nothing is left to do" in again.err
