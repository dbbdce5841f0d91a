"""What people read before the code: it names what is there, and says the version that is."""

from __future__ import annotations

import re
import shlex

import pytest
from conftest import ROOT

from seqcli import __version__
from seqcli.cli.command_list import COMMANDS

PAGES = ("CONTRIBUTING.md", "SECURITY.md")


def test_the_citation_is_of_this_version_and_licence() -> None:
    text = (ROOT / "CITATION.cff").read_text("utf-8")
    fields = dict(re.findall(r"^([\w-]+): (.+)$", text, re.MULTILINE))
    assert fields["cff-version"] == "1.2.0" and fields["type"] == "software"
    assert fields["version"] == __version__ and fields["license"] == "MIT"
    assert "MIT License" in (ROOT / "LICENSE").read_text("utf-8") and "\n  - name:" in text


@pytest.mark.parametrize("name", PAGES)
def test_files_and_commands_that_a_page_names_are_there(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"^make (\w+)", text, re.MULTILINE):
        assert f"\n{target}:" in makefile
    for link in re.findall(r"\]\(([\w./-]+)\)", text):
        assert (ROOT / link).exists(), link
    for path in re.findall(r"`((?:seqcli|docs|tests|benchmarks)/[\w./]*)`", text):
        assert (ROOT / path).exists(), path
    for line in re.findall(r"`seqcli ([\w-]+[^`]*)`", text):
        word = shlex.split(line)[0]
        assert word in COMMANDS or word.startswith("-"), line
