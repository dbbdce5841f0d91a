"""The guides of the lab: their outputs are what their commands print, in both languages, and nothing is left out."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from test_help import parse

from seqcli.lab import EXPERIMENTS

ROOT = Path(__file__).resolve().parent.parent
GUIDES = ROOT / "docs" / "lab"
QUICK = ("README", "bptt", "gradients", "word2vec")  # run here; all are by docs/build.py --check
PAGES = sorted(GUIDES.rglob("*.md"))


def builder() -> ModuleType:
    """Return docs/build.py, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs" / "build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["docs_build"] = module
    spec.loader.exec_module(module)
    return module


BUILD = builder()


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", QUICK)
def test_a_guide_shows_what_its_commands_print(language: str, name: str) -> None:
    assert BUILD.build(GUIDES / language / f"{name}.md", check=True) == []


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_experiment_has_its_page_its_picture_and_its_output(language: str) -> None:
    for name in EXPERIMENTS:
        text = (GUIDES / language / f"{name}.md").read_text("utf-8")
        blocks = list(BUILD.BLOCK.finditer(text))
        assert blocks and all(block["output"].strip() for block in blocks), name
        assert all(("--lang ja" in block["command"]) == (language == "ja") for block in blocks), name
        assert f"]({name}.md)" in (GUIDES / language / "README.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_links_lead_somewhere_and_commands_can_be_typed(page: Path) -> None:
    text = page.read_text("utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert (page.parent / target).is_file(), target
    commands = re.findall(r"`(seqcli lab [^`]+)`", text) + [block["command"] for block in BUILD.BLOCK.finditer(text)]
    for command in commands:
        words = [word.strip("\"'") for word in re.findall(r"\"[^\"]*\"|\S+", command)]
        parse(words[1:])


def test_both_languages_run_the_same_commands() -> None:
    for page in PAGES:
        if page.parent.name == "en":
            other = (GUIDES / "ja" / page.name).read_text("utf-8")
            own = [block["command"] for block in BUILD.BLOCK.finditer(page.read_text("utf-8"))]
            assert [b["command"].replace(" --lang ja", "") for b in BUILD.BLOCK.finditer(other)] == own, page.name


def test_outputs_are_compared_by_their_words_and_numbers() -> None:
    assert BUILD.alike("a  1.000 b", "a 1.001 b")
    assert not BUILD.alike("a 1.0 b", "a 1.1 b")
    assert not BUILD.alike("a 1.0 b", "a 1.0 c")
    assert BUILD.alike("cell milliseconds\nlstm 0.12\n", "cell milliseconds\nlstm 0.98\n")


def test_each_numbered_equation_of_the_guide_stands_in_the_source() -> None:
    source = (ROOT / "seqcli" / "lab" / "cells.py").read_text("utf-8")
    for number in range(1, 20):
        assert f"({number})" in source, number
        for language in ("en", "ja"):
            assert f"({number})" in (GUIDES / language / "README.md").read_text("utf-8")
    for name in re.findall(r"\| `(\w+)(?:\.\w+)?` \|", (GUIDES / "en" / "README.md").read_text("utf-8")):
        assert re.search(rf"^(class|def) {name}\b", source, re.MULTILINE), name
    assert len(source.splitlines()) <= 300
