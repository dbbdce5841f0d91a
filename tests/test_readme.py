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

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"<!-- run -->\n```console\n(.*?)```", TEXT, re.DOTALL)
SHELL = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
NUMBER = re.compile(r"\d+\.\d+(e-\d+)?")


def test_examples_give_what_readme_shows(tmp_path: Path) -> None:
    """Every `$ command` of a marked block exits with 0 and prints the shown lines, but for their decimals."""
    (tmp_path / "corpora").symlink_to(ROOT / "corpora")
    program = f"{Path(sys.executable).parent}:"
    assert EXAMPLES
    for part in "".join(EXAMPLES).split("$ ")[1:]:
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


@pytest.mark.parametrize("line", [line for line in SHELL if line.startswith("seqcli ")])
def test_commands_exist_with_their_options(line: str) -> None:
    """Every seqcli line of README is understood by the command line as it is today."""
    arguments = shlex.split(line, comments=True)[1:]
    command: click.Command = cli
    context = click.Context(cli, info_name="seqcli")
    while isinstance(command, click.Group):
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
    for target in re.findall(r"^make (\w+)", TEXT, re.MULTILINE):
        assert f"\n{target}:" in makefile
