"""Commands run inside the test's process as from a shell: what they print, on which stream, and how they exit."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from unittest import mock

import numpy as np

from seqcli.cli import run

TINY = [
    *("--hidden-size", "8", "--embedding-size", "8", "--samples", "8"),
    *("--batch-size", "4", "--unroll", "8", "--epochs", "2", "--threads", "1"),
]


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records of --jsonl."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def rows(self) -> list[list[str]]:
        """The rows of a pipe, by TABs."""
        return [line.split("\t") for line in self.out.splitlines()]

    @property
    def error(self) -> str:
        """The line that says why a command failed; there is exactly one, it is last, and nothing else is an error."""
        lines = self.err.splitlines()
        assert self.code and lines, f"exit {self.code}: {self.err}"
        assert lines[-1].startswith("Error: ") and len(lines[-1]) <= 407, self.err
        assert self.err.count("Error: ") == 1 and "Traceback" not in self.err, self.err
        return lines[-1].removeprefix("Error: ")


class Stream(io.TextIOWrapper):
    """Standard output or error as seqcli's main sets it up, on a terminal or not."""

    def __init__(self, terminal: bool) -> None:
        self._bytes = io.BytesIO()
        super().__init__(self._bytes, "utf-8", errors="backslashreplace", newline="\n", write_through=True)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    @property
    def text(self) -> str:
        """What was written."""
        return self._bytes.getvalue().decode()


@contextmanager
def standard_input(data: bytes | None, terminal: bool) -> Any:
    """Let standard input hold these bytes, or (None) be a terminal or empty."""
    with TemporaryFile() as file:
        file.write(data or b"")
        file.seek(0)
        stream = mock.Mock(wraps=file, closed=False)
        stream.isatty.return_value = terminal and data is None
        stream.fileno.return_value = file.fileno()
        with mock.patch.object(sys, "stdin", stream):
            yield


def seqcli(*args: str | Path, stdin: bytes | None = None, terminal: bool = False) -> Outcome:
    """Run a command; `terminal` puts all three streams on one."""
    out, err = Stream(terminal), Stream(terminal)
    with standard_input(stdin, terminal), redirect_stdout(out), redirect_stderr(err):
        code = run([str(arg) for arg in args])
    return Outcome(code, out.text, err.text)


def story(lines: int = 400, seed: int = 1) -> str:
    """Return simple sentences of some thirty words, a line each."""
    rng = np.random.default_rng(seed)
    parts: Sequence[Sequence[str]] = (
        ("the", "a", "some", "every"),
        ("cat", "dog", "bird", "child", "king", "queen"),
        ("saw", "fed", "met", "heard"),
        ("the", "a", "no"),
        ("old", "red", "small"),
        ("house", "tree", "mouse", "friend", "garden"),
        (".", "!"),
    )
    return "".join(" ".join(str(rng.choice(part)) for part in parts) + "\n" for _ in range(lines))


def trained(folder: Path, *options: str, name: str = "tiny", text: str | None = None) -> Path:
    """Train a tiny model on the shelf models/ of a folder; return its directory."""
    file = folder / f"{name}.txt"
    file.write_text(story() if text is None else text, "utf-8")
    done = seqcli("--models-dir", folder / "models", "train-lm", file, "--name", name, *TINY, *options)
    assert done.code == 0, done.err
    return folder / "models" / name
