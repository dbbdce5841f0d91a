"""README is run: its examples work and print what it shows, its commands exist, its tables are what was measured."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from conftest import ROOT

from seqcli.cli import cli

TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ja.md")}
NUMBER = re.compile(r"\d+\.\d+(e-\d+)?")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)


def shell_lines(text: str) -> list[str]:
    """The lines of the blocks of commands."""
    return [line for kind, block in BLOCK.findall(text) if kind == "sh" for line in block.splitlines()]


@pytest.mark.parametrize("name", TEXTS)
def test_examples_give_what_readme_shows(tmp_path: Path, name: str) -> None:
    """Every `$ command` of a marked block exits with 0 and prints the shown lines, but for their decimals."""
    if name == "README.ja.md":
        pytest.importorskip("fugashi")
    (tmp_path / "corpora").symlink_to(ROOT / "corpora")
    program = f"{Path(sys.executable).parent}:"
    examples = re.findall(r"<!-- run -->\n```console\n(.*?)```", TEXTS[name], re.DOTALL)
    assert len(examples) == 5
    for part in "".join(examples).split("$ ")[1:]:
        command, _, shown = part.partition("\n")
        done = subprocess.run(
            ["bash", "-c", f"PATH={shlex.quote(program)}$PATH; {command}"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert words_of(done.stdout) == words_of(shown), command


def words_of(output: str) -> list[str]:
    """Return the first line's words and how many lines there are: what a machine of another kind gives alike."""
    lines = output.splitlines()
    return [NUMBER.sub("#", line) for line in lines[:1]] + [str(len(lines))]


@pytest.mark.parametrize(
    "line", sorted({line for text in TEXTS.values() for line in shell_lines(text) if line.startswith("seqcli ")})
)
def test_commands_exist_with_their_options(line: str) -> None:
    """Every seqcli line of README is understood by the command line as it is today."""
    arguments = shlex.split(line, comments=True)[1:]
    command: click.Command = cli
    context = click.Context(cli, info_name="seqcli")
    while isinstance(command, click.Group) and arguments:  # alone, seqcli says what is here
        found = command.get_command(context, arguments.pop(0))
        assert found is not None, line
        command = found
    command.make_context(line, arguments, parent=context)


def test_tables_are_what_was_measured() -> None:
    """README's tables are those that benchmarks/results.jsonl gives."""
    done = subprocess.run([sys.executable, "benchmarks/tables.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_make_targets_exist() -> None:
    """The two commands on README's first screen are targets of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for text in TEXTS.values():
        for target in re.findall(r"^make (\w+)", text, re.MULTILINE):
            assert f"\n{target}:" in makefile


def test_both_languages_are_built_alike() -> None:
    """The same sections, the same blocks, and in them the same commands; each names the other at the top."""
    english, japanese = TEXTS.values()
    assert [len(marks) for marks, _ in headings(english)] == [len(marks) for marks, _ in headings(japanese)]
    assert [kind for kind, _ in BLOCK.findall(english)] == [kind for kind, _ in BLOCK.findall(japanese)]
    for (_, one), (kind, other) in zip(BLOCK.findall(english), BLOCK.findall(japanese), strict=True):
        assert one.count("$ ") == other.count("$ ")
        if kind == "sh":
            assert list(map(command_of, one.splitlines())) == list(map(command_of, other.splitlines()))
    assert english.splitlines()[2] == "[日本語](README.ja.md)" and japanese.splitlines()[2] == "[English](README.md)"


def headings(text: str) -> list[tuple[str, str]]:
    """The headings of a text outside of its blocks: their marks and words."""
    return HEADING.findall(BLOCK.sub("", text))


def command_of(line: str) -> list[str]:
    """The command of a line without what it is given, which may be in another language."""
    words = line.split()
    return words[: 3 if words[1:2] in (["lab"], ["models"]) else 2]


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_linked_is_there(name: str) -> None:
    """Every link inside the project leads to a file, and to a heading where it names one."""
    for target in re.findall(r"\]\(([^)#]*(?:#[^)]*)?)\)", TEXTS[name]):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        text = (ROOT / (file or name)).read_text(encoding="utf-8")
        anchors = {words.lower().replace(" ", "-").replace(",", "") for _, words in headings(text)}
        assert not anchor or anchor in anchors, target
