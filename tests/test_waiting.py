"""Nothing waits for what may never come, two searches do not share a journal, and Ctrl-C is no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from command_line import seqcli, story

from seqcli.cli.session import Session
from seqcli.errors import ModelError
from seqcli.language.tuning.journal import ENDING, Journal
from seqcli.text import sources


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an n-gram model, and a named pipe that nobody writes into."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sources, "WRITER_SECONDS", 0.05)
    Path("book.txt").write_text(story(60))
    assert seqcli("train-lm", "book.txt", "--architecture", "ngram").code == 0
    os.mkfifo("pipe")
    return tmp_path


def test_a_pipe_without_a_writer_is_told(here: Path) -> None:
    for command in (
        ("score", "-f", "pipe"),
        ("predict-word", "-f", "pipe"),
        ("translate", "-f", "pipe"),
        ("train-lm", "pipe"),
        ("evaluate-vectors", "book", "--test", "pipe"),
    ):
        error = seqcli(*command).error
        assert "Nobody writes into the pipe 'pipe'" in error or "name a model" in error, command
    os.rename("pipe", "pipe.arpa")
    assert "is a pipe" in seqcli("import", "pipe.arpa").error
    os.rename("pipe.arpa", "pipe.vec")
    assert "not a regular file" in seqcli("import", "pipe.vec").error
    os.rename("pipe.vec", f"models/book{ENDING}")
    refused = seqcli("tune", "book.txt", "--minutes", "5", "--resume")
    assert refused.code == 1 and "not a regular file" in refused.error


def test_a_pipe_with_a_writer_is_answered_as_the_file(here: Path) -> None:
    asked = story(100, seed=3)
    Path("asked").write_text(asked)
    by_file = seqcli("score", "-f", "asked").out
    writer = threading.Thread(target=lambda: Path("pipe").write_text(asked))
    writer.start()
    by_pipe = seqcli("score", "-f", "pipe").out
    writer.join()
    assert by_pipe == by_file and by_file.count("\n") == 100
    for odd in (".", "/dev/null"):
        assert "give a file" in seqcli("score", "-f", odd).error


def test_two_searches_of_one_name_are_not_run_at_once(here: Path) -> None:
    session = Session()
    for options in ({"replace": False}, {"replace": True}):
        with Journal(session, "search", resume=False, **options) as first:
            first.begin({"text": "mine"})
            with pytest.raises(ModelError, match=rf"search{ENDING}' is in use by process {os.getpid()}"):
                Journal(session, "search", resume=False, replace=True)
            refused = seqcli("tune", "book.txt", "--minutes", "5", "--name", "search", "--replace")
            assert refused.code == 1 and "is in use by" in refused.error
            Journal(session, "other", resume=False, replace=False).__exit__()
    with pytest.raises(ModelError, match="add --resume"):
        Journal(session, "search", resume=False, replace=False)
    with Journal(session, "search", resume=True, replace=False) as again:
        assert again.header == {"text": "mine"}
    assert sorted(os.listdir("models")) == ["book", "default", f"search{ENDING}"]


INTERRUPTED = """
import os, runpy, signal, sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
sys.argv = ["seqcli", "score", "the cat"]
runpy.run_module("seqcli", run_name="__main__")
"""


@pytest.mark.parametrize("name", ["click", "seqcli.cli.options", "dataclasses", "seqcli.cli.language.score", "numpy"])
def test_ctrl_c_while_modules_are_imported_is_no_traceback(here: Path, name: str) -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED.format(name=name)], capture_output=True, text=True)
    assert done.returncode in (130, -signal.SIGINT) and done.stderr.strip() == "" and done.stdout == ""
