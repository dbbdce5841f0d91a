"""The site: every command and option in its reference, every page in its navigation, pictures of what is shown."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click
import pytest
from conftest import ROOT
from test_help import PATHS

sys.path.append(str(ROOT / "docs"))
import commands
import examples
import recording

SECTIONS = dict(re.findall(r"^## (seqcli.*)\n((?:(?!^## ).*\n)*)", commands.reference(), re.MULTILINE))
NAVIGATION = re.findall(r"([\w./-]+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", PATHS)
def test_the_reference_tells_of_every_option(name: str) -> None:
    _, command = PATHS[name]
    section = SECTIONS[f"seqcli {name}".strip()]
    for param in command.get_params(click.Context(command)):
        if isinstance(param, click.Option):
            assert all(re.search(rf"`[^`]*{re.escape(flag)}\b", section) for flag in param.opts + param.secondary_opts)
            assert plain(param.help or "")[:30] in plain(section)
        else:
            assert param.make_metavar(click.Context(command)) in section


def plain(text: str) -> str:
    """Return text without what Markdown needs."""
    return " ".join(commands.SPECIAL.sub("", text).split())


def test_the_reference_has_every_command_once_and_no_other() -> None:
    assert sorted(SECTIONS) == sorted(f"seqcli {name}".strip() for name in PATHS)


def test_every_page_can_be_found() -> None:
    there = {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")}
    assert len(NAVIGATION) == len(set(NAVIGATION))
    assert set(NAVIGATION) - {"reference/commands.md"} == there


@pytest.mark.parametrize("page", recording.PICTURES)
def test_the_recording_shows_what_readme_shows_and_fetches_nothing(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    picture = (ROOT / "docs" / "pictures" / recording.PICTURES[page]).read_text("utf-8")
    assert picture == recording.drawing(text, "seqcli"), "run: .venv/bin/python docs/recording.py"
    assert picture.count("//") == picture.count("http://www.w3.org/2000/svg") == 1 and "<script" not in picture
    typed = [command for block in examples.RUN.findall(text) for command, _ in examples.STEP.findall(block)]
    assert len(typed) > 6 and picture.count(">$ ") == len(typed)


def test_a_page_of_its_kind_stands_in_its_folder() -> None:
    """Tutorial, how-to, explanation and reference are kept apart: an explanation lists no commands to type."""
    for page in (ROOT / "docs" / "explanation").glob("*.md"):
        if page.name.startswith("models-on-disk"):
            continue
        assert "```sh\n" not in page.read_text("utf-8"), page
    names = {Path(name).parts[0] for name in NAVIGATION if "/" in name}
    assert names == {"how-to", "explanation", "reference", "lab"}
