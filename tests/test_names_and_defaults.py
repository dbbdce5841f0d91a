"""Models that nobody named: what they are called, and that those of several tasks answer side by side."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest
from command_line import TINY, seqcli
from conftest import ROOT

import seqcli as face
from seqcli.errors import MisuseError, ModelError
from seqcli.store import Shelf
from seqcli.store.default import check_name
from seqcli.training.source import name_of

QUICK = ("--epochs", "1", "--threads", "1")
VECTORS = ("--embedding-size", "8", *QUICK)
PAIRS = ("--hidden-size", "8", "--embedding-size", "8", "--subwords", "120", *QUICK)


@pytest.mark.parametrize(
    ("paths", "task", "name"),
    [
        ("book.txt", "lm", "book"),
        ("books/Emma.txt.gz", "lm", "Emma"),
        ("book.txt other.txt", "lm", "book"),
        ("books/Emma.txt.gz", "vectors", "Emma-vectors"),
        ("-", "vectors", "stdin-vectors"),
        ("train.en train.de", "translation", "train-en-de"),
        ("train.en train.ja", "translation", "train-en-ja"),
        ("a/train.tok.en.gz b/train.tok.de.gz", "translation", "train.tok-en-de"),
        ("en.txt de.txt", "translation", "en-de"),
        ("english.txt german.txt", "translation", "english-german"),
        ("en/train.txt de/train.txt", "translation", "train-translation"),
        ("pairs.tsv", "translation", "pairs-translation"),
        ("吾輩は猫である.txt", "vectors", "model-vectors"),
    ],
)
def test_a_name_is_made_of_the_text_and_the_task(paths: str, task: str, name: str) -> None:
    assert name_of(shlex.split(paths), task) == name


@pytest.mark.parametrize("task", ["lm", "vectors", "translation", "fill"])
def test_any_file_gives_a_name_that_a_model_may_have_and_no_other_task_has(task: str) -> None:
    for stem in ("x" * 100, "x" * 63 + ".", "...", "a b/c d", "-", "é", "x" * 56 + ".y" * 20):
        name = name_of([f"{stem}.txt"], task)
        check_name(name)
        assert name.endswith(f"-{task}") == (task != "lm")
    with pytest.raises(MisuseError, match="reserved"):
        check_name(name_of(["con.txt"], "lm"))
    check_name(name_of(["con.txt"], "vectors"))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a book and pairs."""
    monkeypatch.chdir(tmp_path)
    for name in ("SEQCLI_MODEL", "SEQCLI_MODELS"):
        monkeypatch.delenv(name, raising=False)
    lines = (ROOT / "corpora/stories.txt").read_text("utf-8").splitlines()[:300]
    Path("book.txt").write_text("\n".join(lines) + "\n", "utf-8")
    for language in ("en", "de"):
        os.symlink(ROOT / f"corpora/pairs.{language}", f"pairs.{language}")
    return tmp_path


def test_models_of_three_tasks_are_trained_and_asked_without_a_name(here: Path) -> None:
    for command in (
        ("train-lm", "book.txt", *TINY),
        ("train-w2v", "book.txt", *VECTORS),
        ("train-translate", "pairs.en", "pairs.de", *PAIRS),
    ):
        done = seqcli(*command)
        assert done.code == 0, done.err
    assert Shelf("models").names() == ["book", "book-vectors", "pairs-en-de"]
    assert seqcli("models", "default").rows == [
        ["book", "lm"],
        ["book-vectors", "vectors"],
        ["pairs-en-de", "translation"],
    ]
    for question in (("predict-word", "the"), ("neighbors", "the"), ("translate", "A dog.")):
        answer = seqcli(*question)
        assert answer.code == 0 and answer.out, answer.err
    for task, name in (("lm", "book"), ("vectors", "book-vectors"), ("translation", "pairs-en-de")):
        assert face.load(task=task).name == name
    with pytest.raises(ModelError, match="book-vectors' exists"):
        face.train("vectors", "book.txt", epochs=1)
    again = seqcli("train-w2v", "book.txt", *VECTORS)
    assert again.code == 1 and "book-vectors" in again.error and "--replace" in again.error
    refused = seqcli("neighbors", "the", "-m", "book")
    assert refused.code == 2 and "'book' predicts" in refused.error


def test_who_goes_on_with_a_model_from_before_is_told_its_name(here: Path) -> None:
    """Word vectors were called as their text alone."""
    assert seqcli("train-w2v", "book.txt", "--name", "book", *VECTORS).code == 0
    assert "did you mean 'book'?" in seqcli("train-w2v", "book.txt", "--resume").error
    assert seqcli("train-w2v", "book.txt", "--name", "book", "--resume").code == 0
