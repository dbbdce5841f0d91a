"""Pages are run: examples work and print what is shown, commands exist, tables are what was measured, links lead on."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from command_line import seqcli
from conftest import ROOT

from seqcli.cli import cli

sys.path.append(str(ROOT / "docs"))
import examples
from build import STYLE

PAGES = {str(page.relative_to(ROOT)): page.read_text("utf-8") for page in examples.pages()}
RUN = [name for name, text in PAGES.items() if examples.RUN.search(text)]
TWINS = [name for name in PAGES if name.replace(".md", ".ja.md") in PAGES]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
SHELL = set("|<>&;*$")  # a line with one of these is the shell's


@pytest.fixture(scope="module")
def above(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the folders, one for each language, in which examples are typed."""
    return tmp_path_factory.mktemp("pages")


@pytest.mark.parametrize("name", RUN)
def test_examples_give_what_a_page_shows(name: str, above: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every `$ command` of a marked block works and prints the shown lines; what it draws for the page is there."""
    if name.endswith(".ja.md"):
        pytest.importorskip("fugashi")
    for variable in ("SEQCLI_MODEL", "SEQCLI_MODELS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("SEQCLI_CACHE", str(above / "cache"))
    run = examples.Examples(examples.folder_for(ROOT / name, above), typed)
    monkeypatch.chdir(run.folder)
    for block in examples.RUN.findall(PAGES[name]):
        for command, shown in examples.STEP.findall(block):
            output = run.output(command)
            assert examples.alike(shown, output), f"{command}\n{output}"
    drawn = [picture for picture in examples.PICTURE.findall(PAGES[name]) if f" {picture}" in PAGES[name]]
    assert all((run.folder / picture).is_file() for picture in drawn)


def typed(command: str, folder: Path) -> str:
    """Return what a command prints on a terminal; an answer is asked for in this process, which is quicker."""
    words = shlex.split(command)
    if words[0] != "seqcli" or words[1].startswith("train-") or SHELL.intersection(command):
        with one_processor():
            return examples.on_a_terminal(command, folder)
    done = seqcli(*words[1:], terminal=True)
    assert done.code == 0, done.err
    return "\n".join(line.rstrip() for line in STYLE.sub("", done.out).splitlines())


@contextmanager
def one_processor() -> Iterator[None]:
    """Let what is started have one processor: where tests run side by side, a second is none of theirs."""
    every = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    if every:
        number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
        os.sched_setaffinity(0, {sorted(every)[number % len(every)]})
    try:
        yield
    finally:
        if every:
            os.sched_setaffinity(0, every)


WITHOUT = """
import json, sys
for name in ("torch", "numba", "llvmlite", "sacrebleu", "scipy", "matplotlib", "sklearn", "gensim"):
    sys.modules[name] = None
from seqcli.cli import run
for line in json.load(sys.stdin):
    print(run(line), flush=True)
"""


def test_answers_need_no_torch(above: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What docs/how-to/install.md says of a machine that only answers, asked of models of the pages."""
    folder = examples.folder_for(ROOT / "README.md", above)
    trained = re.findall(r"^\$ (seqcli train-.*)", PAGES["README.md"] + PAGES["docs/how-to/product-names.md"], re.M)
    for command in trained:
        examples.Examples(folder, typed).output(command)
    asked = [
        *(["predict-word", "some of them", "-m", "stories", "-k", "1"], ["score", "The sea.", "-m", "stories"]),
        *(["generate", "The", "-m", "stories", "--seed", "1"], ["fill", "some [_] them", "-m", "missing", "-k", "1"]),
        ["proofread", str(ROOT / "CITATION.cff"), "-m", "missing", "--exit-zero"],
        *(["translate", "I am tired.", "-m", "en-de"], ["neighbors", "morning", "-m", "words", "-k", "1"]),
        *(["search", "bread", "corpora/pairs.en", "-m", "words", "-k", "1"], ["models", "list"]),
        ["train-lm", "corpora/stories.txt", "--name", "another"],
    ]
    monkeypatch.setenv("SEQCLI_CACHE", str(above / "cache"))
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], input=json.dumps(asked), cwd=folder, capture_output=True, text=True
    )
    assert re.findall(r"^\d$", done.stdout, re.M) == ["0"] * (len(asked) - 1) + ["1"], done.stderr
    assert re.search("^Error: The package '(numba|torch)' is not installed; install it:", done.stderr, re.M)


def shell_lines(text: str) -> list[str]:
    """The lines of the blocks of commands."""
    return [line for kind, block in BLOCK.findall(text) if kind == "sh" for line in block.splitlines()]


@pytest.mark.parametrize(
    "line", sorted({line for text in PAGES.values() for line in shell_lines(text) if line.startswith("seqcli ")})
)
def test_commands_exist_with_their_options(line: str) -> None:
    """Every seqcli line of a page is understood by the command line as it is today."""
    arguments = shlex.split(line, comments=True)[1:]
    command: click.Command = cli
    context = click.Context(cli, info_name="seqcli")
    while isinstance(command, click.Group) and arguments:  # alone, seqcli says what is here
        found = command.get_command(context, arguments.pop(0))
        assert found is not None, line
        command = found
    command.make_context(line, arguments, parent=context)


def test_tables_are_what_was_measured() -> None:
    """The pages' tables are those that benchmarks/results.jsonl gives."""
    done = subprocess.run([sys.executable, "benchmarks/tables.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_make_targets_exist() -> None:
    """What a page has make do are targets of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for text in PAGES.values():
        for target in re.findall(r"^make (\w+)", text, re.MULTILINE):
            assert f"\n{target}:" in makefile


@pytest.mark.parametrize("name", TWINS)
def test_both_languages_are_built_alike(name: str) -> None:
    """The same sections, the same blocks, and in them the same commands; each names the other at the top."""
    other = name.replace(".md", ".ja.md")
    english, japanese = PAGES[name], PAGES[other]
    assert [len(marks) for marks, _ in headings(english)] == [len(marks) for marks, _ in headings(japanese)]
    assert [kind for kind, _ in BLOCK.findall(english)] == [kind for kind, _ in BLOCK.findall(japanese)]
    for (_, one), (kind, twin) in zip(BLOCK.findall(english), BLOCK.findall(japanese), strict=True):
        assert one.count("$ ") == twin.count("$ ")
        if kind == "sh":
            assert list(map(command_of, one.splitlines())) == list(map(command_of, twin.splitlines()))
    assert english.splitlines()[2] == f"[日本語]({Path(other).name})"
    assert japanese.splitlines()[2] == f"[English]({Path(name).name})"


def test_tutorial_front_page_and_explanations_stand_in_both_languages() -> None:
    for name in PAGES:
        if name.startswith(("docs/explanation/", "docs/index", "docs/tutorial")) and not name.endswith(".ja.md"):
            assert name in TWINS, name


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith(("docs/how-to/", "docs/tutorial"))])
def test_a_page_that_tells_how_is_run(name: str) -> None:
    assert name in RUN


def headings(text: str) -> list[tuple[str, str]]:
    """The headings of a text outside of its blocks: their marks and words."""
    return HEADING.findall(BLOCK.sub("", text))


def command_of(line: str) -> list[str]:
    """The command of a line without what it is given, which may be in another language."""
    words = line.split()
    return words[: 3 if words[1:2] in (["lab"], ["models"]) else 2]


@pytest.mark.parametrize("name", PAGES)
def test_what_is_linked_is_there(name: str) -> None:
    """Every link inside the project leads to a file, and to a heading where it names one."""
    for target in re.findall(r"\]\(([^)#]*(?:#[^)]*)?)\)", BLOCK.sub("", PAGES[name])):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        linked = (ROOT / name).parent / file if file else ROOT / name
        assert linked.exists(), target
        if anchor:
            anchors = {re.sub(r"[^\w-]", "", words.lower().replace(" ", "-")) for _, words in
                       headings(linked.read_text("utf-8"))}  # fmt: skip
            assert anchor in anchors, target
