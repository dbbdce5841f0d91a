"""`check`: the gradients of cells.py against finite differences, and against whatever else knows them (torch)."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from seqcli.lab import cells as own_cells
from seqcli.lab.cells import Array, State
from seqcli.lab.learning import initialiser
from seqcli.lab.report import Report
from seqcli.lab.settings import Check
from seqcli.settings import to_dict

T, B, E, H, A, V = 5, 2, 3, 4, 5, 3  # small, so that every single weight can be moved; all different but E and V
STEP = 2e-3  # of finite differences: the rule below errs by STEP^6 / 140, and by rounding, 1e-16 / STEP
RULE = ((-3, -1), (-2, 9), (-1, -45), (1, 45), (2, -9), (3, 1))  # (move, factor), to be divided by 60 STEP
KINK = 0.05  # nearer to 0 than this, what goes into a relu may cross its kink when a weight is moved: drawn again
TOLERANCE = 1e-9  # the largest difference that rounding explains, with room: in float64 most are near 1e-15
TRUNCATE = 3  # steps, where truncation is checked: pieces of 3 and 2


class Case(NamedTuple):
    """A cell to check: its name, the cell (inside attention or in both directions), its activation, truncation."""

    name: str
    cell: str
    activation: str = "tanh"
    around: str = ""
    truncate: int | None = None


class Problem(NamedTuple):
    """A case with its numbers. The loss is the sum of R * y: any loss is one, for a small move."""

    cell: Any
    output: Any
    x: Array  # [T, B, E]
    start: State
    R: Array  # [T, B, V]


Gradients = dict[str, Array]
Reference = Callable[[Case, Problem], Gradients]

_WHOLE = (
    *(Case(f"RNN, {phi}", "rnn", phi) for phi in ("tanh", "sigmoid", "relu")),
    Case("LSTM", "lstm"),
    Case("GRU", "gru"),
    *(Case(f"{c.upper()} with attention", c, around="attention") for c in ("rnn", "lstm", "gru")),
)
CASES = (
    *_WHOLE,
    *(case._replace(truncate=TRUNCATE) for case in _WHOLE),
    *(Case(f"{c.upper()}, two directions", c, around="bidirectional") for c in ("rnn", "lstm", "gru")),
)


def problem(case: Case, rng: np.random.Generator, cells: ModuleType = own_cells) -> Problem:
    """Draw a cell and its input at random, every bias included."""
    draw = initialiser(rng)
    width = E + H if case.around == "attention" else E

    def cell() -> Any:
        made = {"rnn": lambda: cells.RNN(width, H, draw, case.activation)} | {
            "lstm": lambda: cells.LSTM(width, H, draw),
            "gru": lambda: cells.GRU(width, H, draw),
        }
        return made[case.cell]()

    whole = cell()
    if case.around == "attention":
        whole = cells.Attention(whole, H, A, draw)
    if case.around == "bidirectional":
        whole = cells.Bidirectional(whole, cell())
    output = cells.Output(V, 2 * H if case.around == "bidirectional" else H, draw)
    for weight in weights_of(whole, output).values():
        weight += 0.1 * rng.standard_normal(weight.shape)
    x, R = rng.standard_normal((T, B, E)), rng.standard_normal((T, B, V))
    start = () if case.around == "bidirectional" else tuple(rng.standard_normal(s.shape) for s in whole.start(B))
    made = Problem(whole, output, x, start, R)
    return problem(case, rng, cells) if case.activation == "relu" and _near_kink(made) else made


def _near_kink(p: Problem) -> bool:
    """Say whether something that goes into a relu lies so near 0 that finite differences would cross its kink."""
    h = np.concatenate([p.start[0][None], own_cells.forward(p.cell, p.x, p.start)[0]])
    w = p.cell.weights
    return bool(np.abs(p.x @ w["W_in"].T + h[:-1] @ w["W"].T + w["b"]).min() < KINK)


def weights_of(cell: Any, output: Any) -> dict[str, Array]:
    """Return every weight by name; those of two directions as ahead.W, back.W."""
    both = {"ahead.": cell.ahead, "back.": cell.back} if hasattr(cell, "ahead") else {"": cell}
    own: dict[str, Array] = output.weights
    return {f"{at}{name}": w for at, one in both.items() for name, w in one.weights.items()} | own


def state_names(case: Case) -> list[str]:
    """Return the names of the parts of a state before the first step."""
    return ["h_0", *(["c_0"] if case.cell == "lstm" else []), *(["past_0"] if case.around == "attention" else [])]


def by_hand(case: Case, p: Problem, cells: ModuleType = own_cells) -> Gradients:
    """Return the gradients by the backward passes of cells.py: of the weights, x, the first state, and h at each t."""
    d: Gradients
    if case.around == "bidirectional":
        h, tapes = p.cell.forward(p.x)
        d, dh = p.output.backward(h, p.R)
        ahead, back, dx = p.cell.backward(tapes, dh)
        for at, one in (("ahead", ahead), ("back", back)):
            d |= {f"{at}.{name}": gradient for name, gradient in one.weights.items()}
        return d | {"x": dx}
    h, tape = cells.forward(p.cell, p.x, p.start)
    d, dh = p.output.backward(h, p.R)
    found = cells.backward(p.cell, tape, dh, case.truncate)
    first = dict(zip(state_names(case), found.state, strict=True)) if case.truncate is None else {}
    d |= found.weights | first | {"x": found.x, "h": found.h}
    return d


def by_differences(case: Case, p: Problem) -> Gradients:
    """Return the same by moving each number a little, forward passes only: slow, and too simple to be wrong."""
    if case.around == "bidirectional":
        moved = weights_of(p.cell, p.output) | {"x": p.x}
        return {name: _differences(a, lambda: _loss(p, p.cell.forward(p.x)[0], p.R)) for name, a in moved.items()}
    size = case.truncate or T
    starts: list[State] = [p.start]
    h_at: list[State] = []
    for t in range(T):
        _, (_, state) = own_cells.forward(p.cell, p.x[t : t + 1], h_at[-1] if t else p.start)
        h_at.append(state)
        if (t + 1) % size == 0 and t + 1 < T:
            starts.append(state)  # truncation: a state carried to the next piece is a number, it does not move

    def loss() -> float:
        pieces = [slice(i, i + size) for i in range(0, T, size)]
        runs = zip(pieces, starts, strict=True)
        return sum(_loss(p, own_cells.forward(p.cell, p.x[at], start)[0], p.R[at]) for at, start in runs)

    moved = weights_of(p.cell, p.output) | {"x": p.x}
    if case.truncate is None:
        moved |= dict(zip(state_names(case), p.start, strict=True))
    return {name: _differences(a, loss) for name, a in moved.items()} | {"h": _state_differences(p, h_at, size)}


def _state_differences(p: Problem, h_at: list[State], size: int) -> Array:
    """Move the state h after each step, and see what the rest of its piece makes of it."""
    rows = []
    for t, (h, *others) in enumerate(h_at):
        end = min((t // size + 1) * size, T)
        h = h.copy()

        def loss(h: Array = h, others: list[Array] = others, t: int = t, end: int = end) -> float:
            here = _loss(p, h[None], p.R[t : t + 1])
            if t + 1 == end:
                return here
            return here + _loss(p, own_cells.forward(p.cell, p.x[t + 1 : end], (h, *others))[0], p.R[t + 1 : end])

        rows.append(_differences(h, loss))
    return np.stack(rows)


def _loss(p: Problem, h: Array, R: Array) -> float:
    return float((p.output.forward(h) * R).sum())


def _differences(a: Array, loss: Callable[[], float]) -> Array:
    """Return the central difference of sixth order at every number of a, which is put back."""
    found, flat = np.zeros(a.size), a.reshape(-1)
    for i, value in enumerate(flat.copy()):
        for move, factor in RULE:
            flat[i] = value + move * STEP
            found[i] += factor * loss() / (60 * STEP)
        flat[i] = value
    return found.reshape(a.shape)


def difference(found: Array, wanted: Array) -> float:
    """Return the largest difference as a share of the largest number wanted; no number counts as infinite."""
    if found.shape != wanted.shape or not np.isfinite(found).all():
        return float("inf")
    return float(np.abs(found - wanted).max() / max(np.abs(wanted).max(), 1e-300))


def run(s: Check, reference: Reference | None = None, cells: ModuleType = own_cells) -> Report:
    """Check every cell and every weight; `reference` gives the same gradients in another way."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for case in CASES:
        p = problem(case, np.random.default_rng(s.seed), cells)
        found, by_move = by_hand(case, p, cells), by_differences(case, p)
        known = reference(case, p) if reference else {}
        for name, gradient in found.items():
            row = rows.setdefault((case.name, name), {"cell": case.name, "weight": name, "largest_gradient": 0.0})
            row["largest_gradient"] = max(row["largest_gradient"], float(np.abs(gradient).max()))
            for column, others in (("torch", known), ("finite_differences", by_move)):
                if name in others:
                    worst = max(row.get(column) or 0.0, difference(gradient, others[name]))
                    row[column] = worst
    table = [{"torch": None, **row} for row in rows.values()] if reference else list(rows.values())
    return _report(s, table, reference is not None)


def _report(s: Check, table: list[dict[str, Any]], compared: bool) -> Report:
    numbers: dict[str, Any] = {"tolerance": TOLERANCE, "weights": len(table)}
    for column in ("torch", "finite_differences") if compared else ("finite_differences",):
        worst = max((row for row in table if row[column] is not None), key=lambda row: float(row[column]))
        numbers |= {f"worst_{column}": worst[column], f"worst_{column}_weight": f"{worst['cell']}: {worst['weight']}"}
    wrong = [row for row in table if max(row.get("torch") or 0.0, row["finite_differences"]) > TOLERANCE]
    numbers["wrong"] = len(wrong)
    if wrong:
        sentence = (
            "{wrong} of {weights} gradients are wrong by more than {tolerance:.0e}: a backward pass has an error."
        )
    elif compared:
        sentence = "All {weights} gradients agree: with torch to {worst_torch:.1e}, with finite differences to "
        sentence += "{worst_finite_differences:.1e}."
    else:
        sentence = "All {weights} gradients agree with finite differences to {worst_finite_differences:.1e}."
    columns = ("cell", "weight", "largest_gradient", *(("torch",) if compared else ()), "finite_differences")
    return Report("check", to_dict(s), columns, table, numbers, (sentence,))
