"""Texts that come as columns, documents or addresses, as a person gives them to the commands that read text."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from command_line import TINY, seqcli, story


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the same text as plain lines, CSV and JSON lines."""
    monkeypatch.chdir(tmp_path)
    lines = story(300).splitlines()
    (tmp_path / "plain.txt").write_text("".join(f"{line}\n" for line in lines))
    (tmp_path / "t.csv").write_text("id,text\n" + "".join(f"{i},{line}\n" for i, line in enumerate(lines)))
    rows = ({"text": line, "pair": {"en": line, "xx": line.upper()}} for line in lines)
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_every_command_that_reads_text_reads_a_column(here: Path) -> None:
    assert seqcli("train-lm", "plain.txt", *TINY, "--name", "plain").code == 0
    assert seqcli("train-lm", "t.csv", "--column", "text", *TINY, "--name", "column").code == 0
    weights = [json.loads((here / "models" / name / "model.json").read_text())["files"] for name in ("plain", "column")]
    assert weights[0]["weights"] == weights[1]["weights"]
    plain = seqcli("evaluate", "plain", "--test", "plain.txt", "--json").out
    assert seqcli("evaluate", "plain", "--test", "t.jsonl", "--column", "text", "--json").out == plain
    for command in (["corpus"], ["train-w2v", "--epochs", "1", "--embedding-size", "8"]):
        done = seqcli(command[0], "t.csv", *command[1:], "--column", "text")
        assert done.code == 0, done.err
    refused = seqcli("evaluate", "plain", "--test", "t.jsonl").error
    assert "JSON lines" in refused and "--column" in refused


def test_a_training_on_a_column_is_resumed_by_the_line_that_is_printed(here: Path) -> None:
    from seqcli.cli.session import Session
    from seqcli.cli.training import resume_line
    from seqcli.text.form import Form
    from seqcli.training.source import Source

    line = resume_line(Session(), "train-lm", Source(("t.csv",), (), Form("latin-1", ("my text",), True)), "x")
    assert "--encoding latin-1 --column 'my text' --plain" in shlex.join(line)


def test_a_pair_is_two_columns(here: Path) -> None:
    tiny = ["--hidden-size", "8", "--embedding-size", "8", "--epochs", "1", "--subwords", "60", "--threads", "1"]
    columns = ["--column", "pair.en", "--column", "pair.xx"]
    done = seqcli("train-translate", "t.jsonl", *columns, *tiny, "--name", "pairs")
    assert done.code == 0 and "Pairs: 291" in done.err, done.err
    assert "--column SOURCE --column TARGET" in seqcli("train-translate", "t.jsonl", *tiny).error
    one = seqcli("train-translate", "t.jsonl", *columns[:2], *tiny)
    assert one.code == 2 and "--column SOURCE --column TARGET" in one.error
    assert seqcli("train-lm", "t.jsonl", *columns, *TINY).code == 2


def test_an_address_is_told_to_be_fetched_wherever_a_file_is_read(here: Path) -> None:
    address = "https://example.org/a.txt"
    for args in (
        ["train-lm", address],
        ["import", address],
        ["models", "import", address],
        ["predict-word", "--file", address],
    ):
        assert "curl -LO" in seqcli(*args).error, args


def test_the_number_of_files_is_of_those_that_are_text(here: Path) -> None:
    (here / "pictures").mkdir()
    (here / "pictures" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (here / "pictures" / "b.txt").write_text(story(20))
    done = seqcli("corpus", "pictures", "--json")
    assert json.loads(done.out)["files"] == 1 and "1 × a PNG picture" in done.err
