"""Japanese from the shell: learned as words without an option, asked without ever meeting the marks inside tokens."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from command_line import TINY, seqcli
from conftest import ROOT

pytest.importorskip("fugashi")

TEXT = (ROOT / "corpora" / "japanese.txt").read_text("utf-8")
VECTORS = ("--embedding-size", "8", "--epochs", "1", "--threads", "1", "--min-count", "1")
WHY = "for 100% of its letters are Japanese, and no spaces stand between its words (--tokenizer chooses another)."


def text_of(directory: Path) -> dict[str, Any]:
    """The settings of the text in a model's record."""
    found: dict[str, Any] = json.loads((directory / "model.json").read_bytes())["text"]
    return found


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_text(TEXT, "utf-8")
    (tmp_path / "cut.txt").write_text("猫 は 窓 の 外 を 見 た 。\n犬 は 庭 に い た 。\n" * 40, "utf-8")
    return tmp_path


@pytest.mark.parametrize(("command", "options"), [("train-lm", tuple(TINY)), ("train-w2v", VECTORS)])
def test_the_tokenizer_is_chosen_by_the_text_told_and_kept(shelf: Path, command: str, options: tuple[str, ...]) -> None:
    for text, tokenizer, why in (
        ("text.txt", "mecab", WHY),
        ("cut.txt", "whitespace", "already cut by spaces"),
    ):
        done = seqcli(command, text, *options)
        assert done.code == 0, done.err
        assert f"Tokenizer: {tokenizer}, for" in done.err and why in done.err
        name = text.removesuffix(".txt") + ("-vectors" if command == "train-w2v" else "")
        assert text_of(shelf / "models" / name)["tokenizer"] == tokenizer


def test_one_given_by_hand_that_does_not_fit_is_warned_of(shelf: Path) -> None:
    done = seqcli("train-lm", "text.txt", *TINY, "--tokenizer", "words")
    assert done.code == 0 and "Warning: The text is mainly Japanese" in done.err and "use mecab." in done.err
    assert text_of(shelf / "models" / "text")["tokenizer"] == "words"


def test_what_was_chosen_stays_with_like_from_and_resume(shelf: Path) -> None:
    assert seqcli("train-lm", "text.txt", *TINY).code == 0
    assert seqcli("train-lm", "text.txt", "--resume", "--tokenizer", "auto").code == 0
    cut = ("train-lm", "cut.txt", "--min-count", "1")
    done = seqcli(*cut, "--name", "like", "--like", "text")
    assert done.code == 0 and text_of(shelf / "models" / "like")["tokenizer"] == "mecab"
    done = seqcli(*cut, "--name", "auto", "--like", "text", "--tokenizer", "auto")
    assert done.code == 0 and text_of(shelf / "models" / "auto")["tokenizer"] == "whitespace"
    done = seqcli(*cut, "--name", "from", "--from", "text", "--tokenizer", "auto", "--epochs", "1")
    assert done.code == 0 and text_of(shelf / "models" / "from")["tokenizer"] == "mecab"
    assert "--tokenizer is mecab" in seqcli(*cut, "--name", "no", "--from", "text", "--tokenizer", "words").error


def test_a_training_that_was_stopped_goes_on_as_it_was_cut(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from seqcli.training.loop import Training

    real = Training._update

    def interrupted(self: Training, clock: Any) -> Any:
        if self.progress.update == 30:
            os.kill(os.getpid(), signal.SIGINT)
        return real(self, clock)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "_update", interrupted)
        done = seqcli("train-lm", "text.txt", *TINY)
    assert done.code == 130 and text_of(shelf / "models" / "text")["tokenizer"] == "mecab"
    other = seqcli("train-lm", "text.txt", "--resume", "--tokenizer", "words")
    assert other.code == 2 and "--tokenizer mecab → words" in other.error
    done = seqcli("train-lm", "text.txt", "--resume", "--tokenizer", "auto")
    assert done.code == 0 and "Tokenizer:" not in done.err, done.err
    assert text_of(shelf / "models" / "text")["tokenizer"] == "mecab"


def test_tune_searches_with_the_tokenizer_that_fits(shelf: Path) -> None:
    done = seqcli("tune", "text.txt", "--minutes", "0.01", "--trials", "2", "--hidden-size", "8", "--threads", "1")
    assert done.code == 0 and "Tokenizer: mecab" in done.err, done.err
    header = json.loads((shelf / "models" / "text.tune.jsonl").read_text("utf-8").splitlines()[0])
    assert header["text"]["tokenizer"] == "mecab"


def test_what_looks_at_a_text_chooses_alike(shelf: Path) -> None:
    done = seqcli("corpus", "text.txt")
    assert "tokenizer\tmecab\n" in done.out and WHY in done.err and "Japanese, which" not in done.err
    assert "tokenizer\twhitespace\n" in seqcli("corpus", "cut.txt").out
