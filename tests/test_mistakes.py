"""Natural mistakes of a first hour: each is answered by one line that says what is wrong, and what to do."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from command_line import TINY, seqcli, story

MISTAKES = {  # what is typed where book.txt, a model of it and its word vectors are, and what the answer has to say
    "train-lm bok.txt": "check the path",
    "train-lm notes": "give a text file or a folder of them",
    "train-lm https://example.org/tale.txt": "tale.txt",
    "train-lm empty.txt": "give a text with words in it",
    "train-lm photo.png": "a PNG picture); give a text file",
    "train-lm scan.pdf": "pdftotext",
    "train-lm short.txt": "give more text or a lower --min-count",
    "train-lm corpus:nosuch": "seqcli corpora list",
    "train-lm book.txt --epochs 0": "give a number above 0",
    "train-lm book.txt --minutes five": "'five' is not a number",
    "train-lm book.txt --hiden-size 64": "'--hidden-size'",
    "train-lm book.txt --name book": "--replace to train it anew, or choose another name",
    "train-lm book.txt --name a/b": "use 1 to 64 of A-Z",
    "train-lm book.txt --resume --name other": "seqcli models list",
    "train-lm book.txt --name x --valid empty.txt": "'empty.txt' is empty",
    "trian-lm book.txt": "did you mean 'train-lm'?",
    "train-translate book.txt short.txt": "give files whose lines are pairs",
    "predict-word the -m bok": "did you mean 'book'?",
    "predict-word the -m words": "name a language model, made by train-lm",
    "predict-word the -k 0": "give a number 1 or more",
    "predict-word the --json --jsonl": "Give one of",
    "neighbors king -m book": "name a model of word vectors",
    "neighbors xyzzy -m words": "was never seen",
    "fill 'the [_] dog'": "seqcli train-fill FILE",
    "translate hello": "seqcli train-translate SOURCE TARGET",
    "reply hello": "seqcli train-dialogue FILE",
    "proofread missing.md": "check the path",
    "evaluate book --test missing.txt": "check the path",
    "generate the --beam 3 --temperature 2": "leave out",
    "export book --format docx": "'onnx'",
    "models show nothing": "seqcli models list",
    "serve --host 0.0.0.0": "give --token FILE",
    "--models-dir book.txt predict-word the": "choose another --models-dir",
    "--models-dir /proc/x train-lm book.txt": "choose another --models-dir",
}


@pytest.fixture(scope="module")
def first_hour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a text, two models of it, and files that are none; what is asked here changes nothing."""
    folder = tmp_path_factory.mktemp("hour")
    (folder / "book.txt").write_text(story(), "utf-8")
    (folder / "notes").mkdir()
    (folder / "empty.txt").touch()
    (folder / "short.txt").write_text("one line\n", "utf-8")
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    (folder / "scan.pdf").write_bytes(b"%PDF-1.4\n")
    vectors = ("--embedding-size", "8", "--epochs", "1", "--threads", "1")
    for command, name, options in (("train-lm", "book", TINY), ("train-w2v", "words", vectors)):
        made = seqcli("--models-dir", folder / "models", command, folder / "book.txt", "--name", name, *options)
        assert made.code == 0, made.err
    return folder


@pytest.mark.parametrize("typed", MISTAKES)
def test_a_mistake_is_answered_by_what_to_do(typed: str, first_hour: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(first_hour)
    before = sorted(path.relative_to(first_hour) for path in first_hour.rglob("*"))
    assert MISTAKES[typed] in seqcli(*shlex.split(typed)).error
    assert sorted(path.relative_to(first_hour) for path in first_hour.rglob("*")) == before, "nothing is left behind"
