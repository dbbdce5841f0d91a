"""Who imports whom: the table of DESIGN.md section 3, read from the sources; and what no module may do."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from seqcli.cli import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "seqcli"
HEAVY = {
    *("torch", "numpy", "numba", "llvmlite", "safetensors", "rich", "tqdm", "matplotlib", "sentencepiece", "usearch"),
    "prompt_toolkit",
}
BASE = ("seqcli.errors", "seqcli.spec")  # layer 0
PARTS = tuple(f"seqcli.models.{part}" for part in ("dropout", "recurrent", "softmax", "attention", "latent"))


class Rule(NamedTuple):
    """What a part of the package may import: other programs, and other parts (with all that is below them)."""

    others: tuple[str, ...]
    parts: tuple[str, ...]


EVERYTHING = Rule(("*",), ("seqcli",))
RULES = {  # the longest name that fits a module counts; a part may import itself where that stands in its row
    "seqcli": EVERYTHING,
    "seqcli.errors": Rule((), ()),
    "seqcli.spec": Rule((), BASE),
    "seqcli.progress": Rule((), BASE),
    "seqcli.recipes": Rule((), BASE),
    "seqcli.memory": Rule((), ()),
    "seqcli.threads": Rule(("torch", "threadpoolctl"), ()),
    "seqcli.text": Rule(("numpy", "numba", "sentencepiece", "fugashi", "unidic_lite"), (*BASE, "seqcli.text")),
    "seqcli.metrics": Rule(("numpy", "sacrebleu"), BASE),
    "seqcli.ngram": Rule(("numpy",), (*BASE, "seqcli.text.sources", "seqcli.text.vocabulary", "seqcli.ngram")),
    "seqcli.inference": Rule(("numpy",), BASE),
    "seqcli.mixing": Rule(("numpy",), (*BASE, "seqcli.inference", "seqcli.mixing")),
    "seqcli.dynamic": Rule(("torch", "numpy"), (*BASE, "seqcli.inference")),
    "seqcli.measuring": Rule(("torch", "numpy"), (*BASE, "seqcli.text")),
    "seqcli.translation": Rule(("numpy",), (*BASE, "seqcli.text", "seqcli.inference", "seqcli.translation")),
    "seqcli.lab": Rule(("numpy",), (*BASE, "seqcli.lab")),
    "seqcli.vectors": Rule(
        ("numpy", "numba", "llvmlite", "usearch", "sklearn", "umap"),
        (*BASE, "seqcli.progress", "seqcli.text", "seqcli.vectors"),
    ),
    "seqcli.paired": Rule(("numpy",), BASE),
    "seqcli.plots": Rule(("numpy", "matplotlib"), (*BASE, "seqcli.store.files", "seqcli.plots")),
    "seqcli.store": Rule(
        ("numpy", "safetensors"), (*BASE, "seqcli.progress", "seqcli.text.vocabulary", "seqcli.store")
    ),
    "seqcli.models": Rule(("torch", "numpy"), (*BASE, *PARTS)),
    "seqcli.training": Rule(("torch", "numpy"), (*BASE, "seqcli.progress", "seqcli.threads")),
    "seqcli.decoding": Rule(("numpy",), (*BASE, "seqcli.text", "seqcli.inference", "seqcli.decoding")),
    "seqcli.tuning": Rule(("numpy",), BASE),
    "seqcli.cli": EVERYTHING,
}
ALWAYS = ("seqcli", "seqcli.models")  # exactly these: the version, and what a model must be able to do
BAD_NAMES = {"utils", "util", "helpers", "helper", "common", "constants", "misc", "tools"}
FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "dill", "joblib", "yaml", "cloudpickle"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "torch.load", "numpy.load", "np.load", "os.system"}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


SOURCES = {module_name(path): ast.parse(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


def imported(node: ast.AST) -> Iterator[str]:
    """Yield the full names of what one statement imports; a name imported from a package may be a module of it."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert not node.level, "imports are absolute"
        whole = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name if name in SOURCES else str(node.module) for name in whole)


def imports(name: str) -> set[str]:
    """Return everything a module imports, inside functions and for types too."""
    return {found for node in ast.walk(SOURCES[name]) for found in imported(node)}


def imports_at_start(name: str) -> set[str]:
    """Return what is imported as soon as a module is."""
    found: set[str] = set()
    waiting: list[ast.stmt] = list(SOURCES[name].body)
    for node in waiting:
        found.update(imported(node))
        if isinstance(node, ast.Try) or (isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test)):
            waiting += [*node.body, *node.orelse]
    return found


def within(name: str, parts: tuple[str, ...]) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def rule_of(name: str) -> Rule:
    """Return the row of the table for a module."""
    if name in ("seqcli", "seqcli.__main__"):
        return EVERYTHING
    return RULES[max((part for part in RULES if part != "seqcli" and within(name, (part,))), key=len)]


def faults(name: str, found: set[str]) -> list[str]:
    """Return the imports of a module that its row does not allow."""
    rule = rule_of(name)
    odd = []
    for other in sorted(found):
        top = other.split(".")[0]
        if top == "seqcli":
            allowed = within(other, rule.parts) or other in ALWAYS or other == name
        else:
            allowed = top in sys.stdlib_module_names or rule.others == ("*",) or top in rule.others
        if not allowed:
            odd.append(f"{name} imports {other}")
    return odd


@pytest.mark.parametrize("name", SOURCES)
def test_a_module_imports_only_what_its_layer_may(name: str) -> None:
    assert faults(name, imports(name)) == []


def test_the_table_notices_what_it_forbids() -> None:
    assert faults("seqcli.text.tokens", {"torch", "numpy", "seqcli.store.files", "json"}) == [
        "seqcli.text.tokens imports seqcli.store.files",
        "seqcli.text.tokens imports torch",
    ]
    assert faults("seqcli.models.language", {"seqcli.models.seq2seq"})
    assert faults("seqcli.training", {"seqcli.models.language"}), "the trainer knows no concrete model"
    assert faults("seqcli.lab.cells", {"numba"})


def test_only_the_command_line_imports_click_and_only_the_terminal_draws() -> None:
    for name in SOURCES:
        tops = {found.split(".")[0] for found in imports(name)}
        assert "click" not in tops or within(name, ("seqcli.cli",)), name
        assert not tops & {"rich", "tqdm"} or name == "seqcli.cli.terminal", name
        assert "prompt_toolkit" not in tops or name == "seqcli.cli.line_editor", name


def test_no_command_is_heavy_before_it_is_run() -> None:
    starts = {"seqcli.__main__", *(where.split(":")[0] for _, where, _ in COMMANDS.values())}
    for start in starts:
        seen, waiting = set[str](), [start]
        while waiting:
            name = waiting.pop()
            parents = [".".join(name.split(".")[:i]) for i in range(1, name.count(".") + 1)]
            for other in {*imports_at_start(name), *parents} - seen:
                assert other.split(".")[0] not in HEAVY, f"{start}: {name} imports {other} at its start"
                seen.add(other)
                waiting += [other] * (other in SOURCES)


def test_modules_have_telling_names() -> None:
    assert not [name for name in SOURCES if BAD_NAMES & set(name.split("."))]


@pytest.mark.parametrize("name", SOURCES)
def test_nothing_is_unpickled_or_run_as_code(name: str) -> None:
    assert not {found.split(".")[0] for found in imports(name)} & FORBIDDEN_MODULES
    for node in ast.walk(SOURCES[name]):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in FORBIDDEN_CALLS, f"{name}, line {node.lineno}: {called}"
            odd = [k.arg for k in node.keywords if k.arg in ("allow_pickle", "shell", "trust_remote_code")]
            assert not odd, f"{name}, line {node.lineno}: {odd[0]}"
