"""--tensorboard: the curves that a training writes while it runs, read by TensorBoard's own reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from command_line import TINY, seqcli, story

import seqcli as face
from seqcli.session import Heard
from seqcli.store import Shelf
from seqcli.threads import Untouched
from seqcli.training.events import Evaluated
from seqcli.training.live_events import LiveEvents
from seqcli.training.progress import Progress


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a text."""
    monkeypatch.chdir(tmp_path)
    Path("story.txt").write_text(story(200), "utf-8")
    return tmp_path


def scalars(folder: Path) -> Iterator[tuple[str, int, float]]:
    """Yield what stands in the event files of a folder: name, update, value."""
    loader = pytest.importorskip("tensorboard.backend.event_processing.event_file_loader")
    for path in sorted(folder.iterdir()):
        for event in loader.EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                yield value.tag, event.step, value.tensor.float_val[0]


def test_every_evaluation_of_the_history_is_in_tensorboard_too(here: Path) -> None:
    done = seqcli("train-lm", "story.txt", "--name", "tiny", *TINY, "--tensorboard", "runs")
    assert done.code == 0 and "tensorboard --logdir runs" in done.err, done.err
    found = list(scalars(here / "runs" / "tiny"))
    history = Shelf("models").read("tiny").history()
    told = {update: value for name, update, value in found if name == "held_out/nats"}
    assert told == {row["update"]: pytest.approx(row["held_out"], rel=1e-6) for row in history}
    assert {name for name, _, _ in found} >= {"training/loss", "training/learning_rate", "training/gradient"}
    assert "runs" not in Shelf("models").read("tiny").raw.decode()


def test_word_vectors_from_python_write_theirs(here: Path) -> None:
    face.train("vectors", "story.txt", name="words", epochs=1, embedding_size=8, threads=1, tensorboard=here / "runs")
    assert any(name == "held_out/nats" for name, _, _ in scalars(here / "runs" / "words"))


def test_without_tensorboard_nothing_is_read_and_one_line_says_what_to_install(here: Path) -> None:
    with mock.patch("importlib.util.find_spec", return_value=None):
        done = seqcli("train-lm", "nosuch.txt", "--tensorboard", "runs")
    assert done.code == 1 and done.error.endswith("pip install 'seqcli[tensorboard]'")


def test_a_folder_that_cannot_be_made_is_told_before_the_training(here: Path) -> None:
    Path("runs").write_text("a file")
    done = seqcli("train-lm", "story.txt", "--name", "tiny", *TINY, "--tensorboard", "runs")
    assert done.code == 1 and "runs/tiny" in done.error and not Shelf("models").has("tiny")


def test_a_full_disk_ends_the_curves_and_not_the_training(tmp_path: Path) -> None:
    heard: list[str] = []
    writer: Any = mock.Mock()
    writer.add_scalar.side_effect = OSError(28, "No space left on device")
    live = LiveEvents(Heard(Shelf(tmp_path), Untouched(), heard.append), writer)
    for _ in range(2):
        live.hear(Evaluated(Progress(), 5.0, 10, True, None))
    live.close()
    assert len(heard) == 1 and "the training goes on" in heard[0]
    assert writer.add_scalar.call_count == 1
