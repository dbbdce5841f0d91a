"""Finding one's way: what seqcli alone says, examples that can be typed, completion, and the look at the machine."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from command_line import seqcli

from seqcli import machine
from seqcli.cli import cli
from seqcli.cli.command_list import COMMANDS
from seqcli.cli.examples import EXAMPLES
from seqcli.cli.foreign_names import COMMANDS as FOREIGN
from seqcli.cli.layout import display_width

FROZEN = Path(__file__).with_name("data") / "format-1"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def parse(line: str) -> None:
    """Parse a command line as click would, without running it. Raises UsageError."""
    words = shlex.split(line, comments=True)
    assert words.pop(0) == "seqcli"
    found: click.Command = cli
    context = click.Context(cli, info_name="seqcli")
    while isinstance(found, click.Group):
        inner = found.get_command(context, words.pop(0))
        assert inner is not None, line
        found = inner
    found.make_context(line, words, parent=context)


def steps(out: str) -> list[str]:
    """Return the commands that an overview offers, each of which can be typed."""
    lines = out.splitlines()
    assert len(lines) <= 10 and all(display_width(line) <= 80 for line in lines)
    offered = [line.split("  # ")[0].strip() for line in lines if line.startswith("  seqcli ")]
    for line in offered:
        parse(line)
    return offered


def test_an_empty_folder_leads_to_public_texts(here: Path) -> None:
    done = seqcli()
    assert done.code == 0 and done.out.startswith("Here: no text, no model yet.") and not done.err
    assert steps(done.out) == ["seqcli train-lm corpus:stories", "seqcli corpora list"]
    assert not list(here.iterdir())


def test_texts_lead_to_learning_from_them(here: Path) -> None:
    for name in ("short.txt", "my book.epub", "a.png", "train.en.gz", "train.de.gz"):
        (here / name).write_bytes(b"x" * len(name))
    out = seqcli().out
    assert "2 texts, pairs of sentences, no model yet" in out and "a.png" not in out
    assert steps(out) == [
        "seqcli train-translate train.de.gz train.en.gz",
        "seqcli corpus 'my book.epub'",
        "seqcli train-lm 'my book.epub'",
        "seqcli train-w2v 'my book.epub'",
    ]


def test_models_lead_to_asking_them(here: Path) -> None:
    shutil.copytree(FROZEN, here / "models")
    (here / "models" / "gru" / "model.json").write_text("{")
    (here / ("長い名前" * 9 + ".txt")).write_text("猫")
    done = seqcli()
    assert "2 models in 'models', 1 damaged (seqcli models check)" in done.out
    assert "lstm (LSTM, perplexity" in done.out
    assert steps(done.out.replace("長い名前" * 9, "長い"))[0] == 'seqcli predict-word "once upon a" -m lstm'
    assert seqcli("--models-dir", FROZEN).out.splitlines()[0].endswith("3 models in " + repr(str(FROZEN)) + ".")


@pytest.mark.parametrize("task", EXAMPLES)
def test_an_example_can_be_typed_and_copied(task: str) -> None:
    for line in seqcli("examples", task, "--jsonl").records:
        parse(line["command"])
        assert len(line["command"]) <= 80
    shown = seqcli("examples", task, terminal=True).out.splitlines()
    assert all(len(line) <= 80 for line in shown)
    assert [line.split("  #")[0] for line in shown if not line.startswith("#")] == [e.line for e in EXAMPLES[task][1]]


def test_examples_of_all_tasks_and_of_one_typed_nearly_right() -> None:
    assert {row["task"] for row in seqcli("examples", "--jsonl").records} == set(EXAMPLES)
    wrong = seqcli("examples", "vector")
    assert wrong.code == 2 and "did you mean 'vectors'?" in wrong.error


def test_what_others_call_a_command_is_answered_by_its_name() -> None:
    for ours in FOREIGN:
        assert ours == "--version" or ours.split()[0] in COMMANDS, ours
    asked = [name for theirs in FOREIGN.values() for name in theirs.split()]
    assert len(asked) == len(set(asked)) and not set(asked) & set(COMMANDS)
    for typed, called in (("word2vec", "train-w2v"), ("spell-check", "proofread"), ("list", "models list")):
        done = seqcli(typed, "x")
        assert done.code == 2 and f"it is called here: seqcli {called}." in done.error
    assert "did you mean 'predict-word'?" in seqcli("predict-wrod", "x").error


# -- completion -------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(here))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)
    return here


@pytest.mark.parametrize(("shell", "start"), [("bash", ".bashrc"), ("zsh", ".zshrc")])
def test_completion_is_installed_once_and_leaves_what_was_there(home: Path, shell: str, start: str) -> None:
    (home / start).write_text("alias ll='ls -l'")  # no newline at the end
    for _ in range(2):
        done = seqcli("completion", shell, "--install")
        assert done.code == 0 and not done.out and start in done.err, done.err
    lines = (home / start).read_text().splitlines()
    assert lines[0] == "alias ll='ls -l'" and sum("completion" in line for line in lines) == 2
    script = home / ".local" / "share" / "seqcli" / f"completion.{shell}"
    assert script.read_text() == seqcli("completion", shell).out


def test_completion_of_fish_is_found_by_itself(home: Path) -> None:
    assert seqcli("completion", "fish", "--install").code == 0
    files = [path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()]
    assert files == [".config/fish/completions/seqcli.fish"]


def test_completion_that_cannot_be_written_is_one_line(home: Path) -> None:
    (home / ".local").write_text("no folder")
    assert "Cannot write" in seqcli("completion", "bash", "--install").error
    assert not (home / ".bashrc").exists()


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_a_shell_that_starts_anew_completes(home: Path) -> None:
    assert seqcli("completion", "bash", "--install").code == 0
    asked = (
        "source .bashrc; COMP_WORDS=(seqcli predict-w); COMP_CWORD=1; _seqcli_completion seqcli; echo ${COMPREPLY[@]}"
    )
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(["bash", "-c", asked], env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert done.stdout == "predict-word\n", done.stderr


# -- the look at the machine ------------------------------------------------------------------------------------------


def test_doctor_tells_a_report_without_names_and_paths(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "SECONDS", 0.001)
    monkeypatch.setitem(sys.modules, "pypdf", None)
    shutil.copytree(FROZEN, here / "models")
    done = seqcli("doctor", "--json")
    found = json.loads(done.out)
    assert done.code == 0 and "Nothing is wrong" in done.err, done.err
    assert found["models"]["count"] == 3 and found["models"]["damaged"] == 0 and found["models"]["bytes"] > 1000
    assert found["extras"]["documents"] is False and found["packages"]["numpy"]
    assert found["extras"]["maps"] is (importlib.util.find_spec("umap") is not None)
    assert found["gflops"]["one_thread"] > 0.1 and found["blas"]
    assert str(here) not in done.out and "lstm" not in done.out and os.environ.get("HOME", "?") not in done.out
    page = seqcli("doctor", terminal=True)
    assert "GFLOP/s with one thread" in page.out and "AMD EPYC" in page.out
    assert "pip install 'seqcli[documents]'" in page.out
    assert max(len(re.sub(r"\x1b\[\d+m", "", line)) for line in page.out.splitlines()) <= 80


def test_doctor_says_what_is_wrong_and_what_to_do(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "SECONDS", 0.001)
    monkeypatch.setattr(machine, "packages", lambda: {"numpy": "2.0", "tqdm": None})
    monkeypatch.setattr(machine, "free_space", lambda path: 1 << 20)
    shutil.copytree(FROZEN, here / "models")
    (here / "models" / "gru" / "model.json").write_text("{")
    done = seqcli("doctor")
    assert "3 things are wrong" in done.error
    for words in ("tqdm not installed; install seqcli again", "seqcli models check says why", "make room"):
        assert words in done.err
