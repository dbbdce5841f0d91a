"""Spoil each backward pass of the lab's cells.py in one place at a time, and see whether `seqcli lab check` notices.

A check that has never failed may be one that cannot. Each mutation turns one sign, swaps one operator, number or
order, or drops one line, in a derivative or a backward pass; what it finds is held against the gradients known right.
"""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from seqcli.lab import cells, check

BACKWARD = ("step_back", "backward", "dsigmoid", "dtanh", "drelu")  # the functions that make gradients
SWAPS: dict[type[ast.AST], Any] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Gt: ast.LtE,
    ast.Eq: ast.NotEq,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
}
SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Mod: "%",
    ast.FloorDiv: "//",
    ast.Gt: ">",
} | {
    ast.LtE: "<=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.IsNot: "is not",
    ast.Is: "is",
    ast.And: "and",
    ast.Or: "or",
}


class Mutation(NamedTuple):
    """One spoilt place: its line, the function, what was changed, and the whole spoilt module."""

    line: int
    function: str
    change: str
    tree: ast.Module


def mutations(source: str) -> Iterator[Mutation]:
    """Yield every spoilt version of a source."""
    tree = ast.parse(source)
    for index, (function, node, change) in enumerate(_places(tree)):
        spoilt = copy.deepcopy(tree)
        _, twin, _ = list(_places(spoilt))[index]
        _spoil(spoilt, twin, change)
        yield Mutation(node.lineno, function, change, spoilt)


def _places(tree: ast.Module) -> Iterator[tuple[str, Any, str]]:
    """Yield (function, node, change) for every place to spoil, in a fixed order."""
    owners: list[ast.Module | ast.ClassDef] = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
    for owner in owners:
        for function in (node for node in owner.body if isinstance(node, ast.FunctionDef) and node.name in BACKWARD):
            name = f"{owner.name}.{function.name}" if isinstance(owner, ast.ClassDef) else function.name
            for node in (inner for statement in function.body for inner in ast.walk(statement)):
                yield from ((name, node, change) for change in _changes(node))


def _changes(node: Any) -> Iterator[str]:
    if isinstance(node, (ast.BinOp, ast.AugAssign, ast.BoolOp)) and type(node.op) in SWAPS:
        yield _swap_name(type(node.op), "=" if isinstance(node, ast.AugAssign) else "")
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        yield _swap_name(type(node.ops[0]), "")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "-1 to 1"
    if isinstance(node, ast.AugAssign):
        yield "dropped"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        yield "@ to -@"
    if isinstance(node, ast.List) and len(node.elts) > 1:
        yield "order turned"
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        yield f"{node.value} to {node.value + 1}"


def _swap_name(old: type[ast.AST], ending: str) -> str:
    return f"{SIGNS[old]}{ending} to {SIGNS[SWAPS[old]]}{ending}"


def _spoil(tree: ast.Module, node: Any, change: str) -> None:
    if isinstance(node, ast.Compare):
        node.ops = [SWAPS[type(node.ops[0])]()]
    elif isinstance(node, ast.UnaryOp):
        node.op = ast.UAdd()
    elif isinstance(node, ast.Constant):
        node.value = ast.literal_eval(change.split()[-1])
    elif isinstance(node, ast.List):
        node.elts.reverse()
    elif change == "@ to -@":
        node.left = ast.UnaryOp(ast.USub(), node.left)
    elif change == "dropped":
        node.op, node.value = ast.Add(), ast.Constant(0.0)
    else:
        node.op = SWAPS[type(node.op)]()
    ast.fix_missing_locations(tree)


def load(mutation: Mutation) -> ModuleType:
    """Return the spoilt module."""
    module = ModuleType("spoilt_cells")
    exec(compile(mutation.tree, "spoilt_cells", "exec"), module.__dict__)
    return module


def noticed(module: ModuleType, wanted: list[check.Gradients], seed: int) -> tuple[str, float]:
    """Return the first case whose gradients give a spoilt module away and by how much, or ("", 0)."""
    for case, right in zip(check.CASES, wanted, strict=True):
        try:
            with np.errstate(all="ignore"):
                found = check.by_hand(case, check.problem(case, np.random.default_rng(seed), module), module)
        except (ValueError, TypeError, IndexError):
            return case.name, float("inf")  # shapes that do not fit: noticed at once
        worst = max(check.difference(found[name], right[name]) for name in right)
        if worst > check.TOLERANCE:
            return case.name, worst
    return "", 0.0


def table(seed: int) -> list[dict[str, Any]]:
    """Spoil cells.py in every place, one at a time; a row each, with what noticed it."""
    wanted = [check.by_hand(case, check.problem(case, np.random.default_rng(seed))) for case in check.CASES]
    rows = []
    for mutation in mutations(inspect.getsource(cells)):
        case, worst = noticed(load(mutation), wanted, seed)
        rows.append({"line": mutation.line, "function": mutation.function, "change": mutation.change}
                    | {"noticed": bool(case), "by": case, "difference": worst})  # fmt: skip
    return rows


def main() -> None:
    """Print the table, count, and record."""
    from record import record

    rows = table(seed=1)
    for row in rows:
        by = row["by"] or "MISSED"
        print(f"{row['line']:4}  {row['function']:24} {row['change']:14} {by:22} {row['difference']:.1e}")
    missed = sum(not row["noticed"] for row in rows)
    lines = len({row["line"] for row in rows})
    print(f"{len(rows)} errors put into {lines} lines of the backward passes, {missed} not noticed.")
    record("lab-mutations", mutations=len(rows), lines=lines, missed=missed, seed=1)


if __name__ == "__main__":
    main()
