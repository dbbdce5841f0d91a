"""Who imports whom: the table of docs/architecture.md, read from the sources; and what no module may do."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from seqcli.cli.command_list import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "seqcli"
HEAVY = {
    *("torch", "numpy", "numba", "llvmlite", "safetensors", "rich", "tqdm", "matplotlib", "sentencepiece", "usearch"),
    *("prompt_toolkit", "scipy", "rapidfuzz"),
}
ROOMS = ("language", "vectors", "translation", "dialogue", "fill")
EXCEPTIONS: set[tuple[str, str]] = {
    ("seqcli.fill.mixing", "seqcli.language.answers"),
    ("seqcli.fill.mixing", "seqcli.language.load"),
    ("seqcli.fill.mixing", "seqcli.language.mixture.mixture"),
}  # (module, module of another room) that may be imported all the same


class Rule(NamedTuple):
    """What a part of the package may import: other programs, and other parts (with all that is below them)."""

    others: tuple[str, ...]
    parts: tuple[str, ...]


def table() -> dict[str, Rule]:
    """Return the rows of the table: the longest name that fits a module counts."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w.]+)` \| (.*?)\|(.*?)\|$", text, re.MULTILINE)
    assert len(rows) > 10, "the table of who may import whom is not there"
    return {
        f"seqcli.{name}": Rule(tuple(re.findall(r"`(\w+)`", others)), tuple(re.findall(r"`([\w.]+)`", parts)))
        for name, others, parts in rows
    }


RULES = table()
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
    return any(name == f"seqcli.{part}" or name.startswith(f"seqcli.{part}.") for part in parts)


def rule_of(name: str) -> Rule | None:
    """Return the row of the table for a module; None for the faces, which may import everything."""
    fitting = [part for part in RULES if name == part or name.startswith(f"{part}.")]
    return RULES[max(fitting, key=len)] if fitting else None


def faults(name: str, found: set[str]) -> list[str]:
    """Return the imports of a module that its row does not allow."""
    rule = rule_of(name)
    assert rule is not None, f"{name} stands in no row of the table"
    odd = []
    for other in sorted(found):
        top = other.split(".")[0]
        if top == "seqcli":
            allowed = within(other, rule.parts) or other in ("seqcli", name) or "everything" in rule.parts
            allowed = allowed or (name, other) in EXCEPTIONS
        else:
            allowed = top in sys.stdlib_module_names or "everything" in rule.others or top in rule.others
        if not allowed:
            odd.append(f"{name} imports {other}")
    return odd


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in ("seqcli", "seqcli.__main__")])
def test_a_module_imports_only_what_its_layer_may(name: str) -> None:
    assert faults(name, imports(name)) == []


def test_the_table_notices_what_it_forbids() -> None:
    assert faults("seqcli.text.tokens", {"torch", "numpy", "seqcli.store.files", "json"}) == [
        "seqcli.text.tokens imports seqcli.store.files",
        "seqcli.text.tokens imports torch",
    ]
    assert faults("seqcli.language.model", {"seqcli.translation.model"}), "no room knows another"
    assert faults("seqcli.training.loop", {"seqcli.language.model"}), "the trainer knows no concrete model"
    assert faults("seqcli.language.load", {"seqcli.cli.options"}), "no room knows a face"
    assert faults("seqcli.language.arrays", {"torch"}), "answers need no torch"
    assert faults("seqcli.lab.cells", {"numba"})


def test_no_room_imports_another() -> None:
    for name in SOURCES:
        room = next((room for room in ROOMS if within(name, (room,))), None)
        others = tuple(other for other in ROOMS if other != room)
        odd = [found for found in imports(name) if room and within(found, others) and (name, found) not in EXCEPTIONS]
        assert not odd, f"{name} imports {odd[0]}"


def test_no_file_imports_itself_in_a_circle() -> None:
    """What a module imports, inside functions and for types too, never leads back to it."""
    links = {name: {found for found in imports(name) if found in SOURCES and found != name} for name in SOURCES}
    done: set[str] = set()

    def follow(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"a circle: {' -> '.join([*path[path.index(name) :], name])}"
        if name not in done:
            for other in sorted(links[name]):
                follow(other, (*path, name))
            done.add(name)

    for name in SOURCES:
        follow(name, ())


def test_only_the_command_line_imports_click_and_only_the_terminal_draws() -> None:
    for name in SOURCES:
        tops = {found.split(".")[0] for found in imports(name)}
        assert "click" not in tops or within(name, ("cli",)), name
        assert not tops & {"rich", "tqdm"} or name == "seqcli.cli.terminal", name
        assert "prompt_toolkit" not in tops or name == "seqcli.cli.line_editor", name


def test_no_command_is_heavy_before_it_is_run() -> None:
    starts = {"seqcli", "seqcli.__main__", *(where.split(":")[0] for _, where, _ in COMMANDS.values())}
    for start in starts:
        seen, waiting = set[str](), [start]
        while waiting:
            name = waiting.pop()
            parents = [".".join(name.split(".")[:i]) for i in range(1, name.count(".") + 1)]
            for other in {*imports_at_start(name), *parents} - seen:
                assert other.split(".")[0] not in HEAVY, f"{start}: {name} imports {other} at its start"
                seen.add(other)
                waiting += [other] * (other in SOURCES)


def test_one_module_speaks_to_other_processes() -> None:
    assert {name for name in SOURCES if any(found.startswith("torch.distributed") for found in imports(name))} == {
        "seqcli.training.distributed"
    }


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
