"""Packages: the same bytes for the same source, texts and man pages inside, and answers where there is no torch."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import click
import pytest
from conftest import ROOT
from test_help import PATHS

sys.path.append(str(ROOT / "docs"))
import manual

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
FILES = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "mkdocs.yml")
BUILD = """
import os, sys
from hatchling.build import build_sdist, build_wheel
os.environ["SOURCE_DATE_EPOCH"] = "1700000000"
for i, source in enumerate(sys.argv[1:3]):
    os.chdir(source)
    os.mkdir(f"{sys.argv[3]}/{i}")
    build_sdist(f"{sys.argv[3]}/{i}")
    build_wheel(f"{sys.argv[3]}/{i}")
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A source, and the packages of two copies of it that are of another age."""
    pytest.importorskip("hatchling", reason="needs hatchling, which builds")
    source, other = (tmp_path_factory.mktemp(name) / "source" for name in ("one", "two"))
    for name in ("seqcli", "corpora"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, source)
    manual.write(source / "man")
    shutil.copytree(source, other, copy_function=shutil.copyfile)
    for path in other.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    packages = tmp_path_factory.mktemp("packages")
    done = subprocess.run(
        [
            sys.executable,
            "-B",
            "-c",
            BUILD,
            str(source),
            str(other),
            str(packages),
        ],  # -B: Python itself leaves nothing
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return source, packages / "0", packages / "1"


def test_a_build_gives_the_same_bytes_and_leaves_nothing_beside_the_source(built: tuple[Path, Path, Path]) -> None:
    source, one, other = built
    names = sorted(path.name for path in one.iterdir())
    assert len(names) == 2 and names == sorted(path.name for path in other.iterdir())
    for name in names:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    assert {path.name for path in source.iterdir()} == {"seqcli", "corpora", "man", *FILES}


def test_packages_hold_texts_pages_and_man_pages(built: tuple[Path, Path, Path]) -> None:
    source, one, _ = built
    (wheel,), (sdist,) = one.glob("*.whl"), one.glob("*.tar.gz")
    inside = set(zipfile.ZipFile(wheel).namelist())
    for path in (source / "seqcli").rglob("*"):
        assert path.is_dir() or str(path.relative_to(source)) in inside, path
    for path in (source / "corpora").iterdir():
        assert f"seqcli/corpora/texts/{path.name}" in inside
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    for name in PATHS:
        page = "-".join(["seqcli", *name.split()]) + ".1"
        assert f"seqcli-{PROJECT['version']}.data/data/share/man/man1/{page}" in inside and f"man/{page}" in packed


@pytest.mark.parametrize("name", PATHS)
def test_a_man_page_tells_of_every_option(name: str, built: tuple[Path, Path, Path]) -> None:
    text = (built[0] / "man" / ("-".join(["seqcli", *name.split()]) + ".1")).read_text("utf-8")
    assert set(re.findall(r"^\.(\w+)", text, re.MULTILINE)) <= {"TH", "SH", "TP", "PP", "B", "BR", "nf", "fi"}
    assert re.search(rf"^\.SH NAME\nseqcli{'.*' if name else ''} \\- \w", text, re.MULTILINE)
    for param in PATHS[name][1].get_params(click.Context(PATHS[name][1])):
        if isinstance(param, click.Option):
            assert all(flag.replace("-", "\\-") in text for flag in param.opts)


def test_an_installation_that_answers_leaves_out_what_only_learns() -> None:
    """The packages that the pages name are those of the project without what answers do not need."""
    needed = {re.split(r"[>=<]", one)[0] for one in PROJECT["dependencies"]} - {"torch", "numba", "sacrebleu"}
    for page in ("install.md", "install.ja.md"):
        (line,) = re.findall(r"^pip install (click .*)$", (ROOT / "docs" / "how-to" / page).read_text("utf-8"), re.M)
        assert set(line.split()) == needed
    table = (ROOT / "docs" / "how-to" / "install.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.M)) == set(PROJECT["optional-dependencies"]) - {"dev"}
