"""Help pages: quick to show, and every command with an example that can be typed, every option explained."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from command_line import seqcli

from seqcli.cli import cli
from seqcli.cli.command_list import COMMANDS

HEAVY = ("torch", "numpy", "numba", "rich", "tqdm", "safetensors", "matplotlib", "sentencepiece", "prompt_toolkit")
SHOW_ALL = """
import contextlib, io, json, sys
from seqcli.cli import run
heavy = {}
for path in json.load(sys.stdin):
    page = io.StringIO()
    with contextlib.redirect_stdout(page):
        code = run([*path, "--help"])
    found = [name for name in %r if name in sys.modules]
    heavy[" ".join(path)] = [code, len(page.getvalue()), found]
print(json.dumps(heavy))
"""


def walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield a command and those below it, each with the words it is called by."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None, f"{path} lists {name} and has it not"
            yield from walk(found, (*path, name))


PATHS = {" ".join(path): (path, command) for path, command in walk(cli, ())}
SINGLE = [name for name, (_, command) in PATHS.items() if not isinstance(command, click.Group)]


def examples(command: click.Command) -> list[list[str]]:
    """Return the command lines, as words, that a help page gives as examples."""
    found = re.findall(r"seqcli ((?:'[^']*'|[^;'])+?)(?=;|, then:|$)", command.epilog or "")
    return [shlex.split(line) for line in found]


def test_no_help_page_waits_for_a_heavy_module() -> None:
    paths = json.dumps([path for path, _ in PATHS.values()])
    done = subprocess.run(
        [sys.executable, "-c", SHOW_ALL % (HEAVY,)], input=paths, capture_output=True, text=True, check=True
    )
    shown = json.loads(done.stdout)
    assert len(shown) == len(PATHS) > len(COMMANDS)
    for name, (code, length, heavy) in shown.items():
        assert code == 0 and length > 100, f"seqcli {name} --help"
        assert not heavy, f"seqcli {name} --help has imported {heavy}"


@pytest.mark.parametrize("name", SINGLE)
def test_a_help_page_has_an_example_that_can_be_typed(name: str) -> None:
    path, command = PATHS[name]
    lines = examples(command)
    assert any(tuple(line[: len(path)]) == path for line in lines), f"seqcli {name} --help shows no example of itself"
    for line in lines:
        parse(line)


def parse(line: list[str]) -> None:
    """Parse a command line as click would, without running it. Raises UsageError."""
    command: click.Command = cli
    context = click.Context(cli, info_name="seqcli")
    while isinstance(command, click.Group):
        found = command.get_command(context, line[0])
        assert found is not None, f"an example names no command: {line}"
        command, line = found, line[1:]
    command.make_context(command.name, line, context)


@pytest.mark.parametrize("name", PATHS)
def test_every_option_is_explained(name: str) -> None:
    _, command = PATHS[name]
    assert (command.help or "").strip().endswith("."), f"seqcli {name} says nothing of itself in a sentence"
    for param in command.get_params(click.Context(command)):
        if isinstance(param, click.Option):
            assert (param.help or "").strip(), f"seqcli {name} {param.opts[0]} is not explained"


def test_the_overview_names_every_command() -> None:
    page = cli.get_help(click.Context(cli))
    for name, (heading, _, line) in COMMANDS.items():
        assert re.search(rf"^  {re.escape(name)}\s+{re.escape(line[:40])}", page, re.MULTILINE), name
        assert f"{heading}:" in page


@pytest.mark.parametrize("group", [("models",), ("lab",)])
@pytest.mark.parametrize("terminal", [True, False])
def test_a_group_with_nothing_after_it_shows_its_help(group: tuple[str, ...], terminal: bool) -> None:
    done = seqcli(*group, terminal=terminal)
    assert (done.code, done.err) == (0, "")
    assert done.out == seqcli(*group, "--help").out and len(done.out.splitlines()) > 10


@pytest.mark.parametrize("path", [(), ("train-lm",), ("models",), ("models", "show"), ("lab", "gates"), ("help",)])
def test_help_shows_the_page_of_a_command(path: tuple[str, ...]) -> None:
    done = seqcli("help", *path)
    assert (done.code, done.err) == (0, "") and done.out == seqcli(*path, "--help").out


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (("trainlm",), "did you mean 'train-lm'?"),
        (("models", "shw"), "did you mean 'show'?"),
        (("train-lm", "x"), "'seqcli train-lm' has no commands"),
    ],
)
def test_help_says_what_there_is_not(path: tuple[str, ...], words: str) -> None:
    done = seqcli("help", *path)
    assert done.code == 2 and words.lower() in done.error.lower()


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", PATHS)
def test_no_line_of_a_help_page_is_broken_inside_a_word(name: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = PATHS[name]
    monkeypatch.setenv("COLUMNS", str(width))
    lines = seqcli(*path, "--help").out.splitlines()
    monkeypatch.setenv("COLUMNS", "5000")
    words = set(re.split(r"[\s|]+", seqcli(*path, "--help").out))
    assert max(map(len, lines)) <= width
    assert {word for line in lines for word in re.split(r"[\s|]+", line)} - {"\\"} <= words
