"""`gradients`: what is left of a gradient after 1, 2, 3, ... steps back, in each cell, and the bound it must obey."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from seqcli.errors import CorpusError, MisuseError, quoted
from seqcli.lab.cells import LSTM, RNN, Array, Cell, forward
from seqcli.lab.characters import read
from seqcli.lab.learning import initialiser, make_cell, one_hot
from seqcli.lab.report import Report, Tell, silent
from seqcli.lab.settings import GradientFlow
from seqcli.settings import to_dict

PLACES = 16  # of the text, from where the way back is followed; the curve is the geometric mean
SHOWN = (10,)  # steps back that the table shows, besides the last
ROUNDING = 1e-9  # relative, allowed above the bound


class Flow(NamedTuple):
    """Lengths at 0, 1, ... steps back, each as a share of the first: of dL/dh, and of dL/dc where there is one."""

    h: list[float]
    c: list[float]


class Loaded(NamedTuple):
    """The cell of a trained model, and a text as its inputs [T, B, E]."""

    name: str
    kind: str
    cell: Cell
    x: Array


def numbers_of(text: str, option: str) -> list[float]:
    """Return the numbers of an option like 0.5,1,2."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or not all(math.isfinite(n) and abs(n) <= 100 for n in found) or len(found) > 8:
        raise MisuseError(f"{option} is {quoted(text)}; give one to eight numbers up to 100, as in 0.5,1,2.")
    return found


def run(s: GradientFlow, text: str, loaded: Loaded | None = None, tell: Tell = silent) -> Report:
    """Follow a gradient back through untrained cells at each radius, or through a trained model's cell."""
    curves: list[dict[str, Any]] = []
    if loaded is not None:
        curves.append(_curve(loaded.kind, loaded.cell, loaded.x, s, None, None))
        return _report(s, curves, loaded.name)
    radii, biases = numbers_of(s.radii, "--radii"), numbers_of(s.forget_biases, "--forget-biases")
    if min(radii) <= 0:
        raise MisuseError("--radii must be above 0.")
    characters = read(text)
    if len(characters.ids) <= s.steps + PLACES:
        raise CorpusError(f"The text has {len(characters.ids)} characters; give more, or fewer --steps.")
    starts = np.linspace(0, len(characters.ids) - s.steps - 2, PLACES).astype(int)
    V = len(characters.alphabet)
    x = one_hot(np.stack([characters.ids[i : i + s.steps + 1] for i in starts], axis=1), V)
    for kind, bias in [("rnn", None), ("rnn relu", None), *(("lstm", b) for b in biases), ("gru", None)]:
        for radius in radii:
            draw = initialiser(np.random.default_rng(s.seed))
            name, _, activation = kind.partition(" ")
            cell = make_cell(name, V, s.hidden, draw, activation or "tanh")
            if isinstance(cell, LSTM) and bias is not None:
                cell.weights["b"][s.hidden : 2 * s.hidden] = bias  # the forget gate is the second of four
            _scale(cell.weights["W"], radius)
            curves.append(_curve(kind, cell, x, s, radius, bias))
            where = "{cell}, radius {radius}" + ("" if bias is None else ", forget bias {forget_bias:g}")
            tell(where + ": {left:.1e} left after {steps} steps", **curves[-1], steps=s.steps)
    return _report(s, curves, None)


def _scale(W: Array, radius: float) -> None:
    """Give every square block of W (one a gate) a spectral radius, in place."""
    for block in np.split(W, len(W) // W.shape[1]):
        block *= radius / np.abs(np.linalg.eigvals(block)).max()


def flow(cell: Cell, x: Array, rng: np.random.Generator) -> Flow:
    """Send a gradient of a random direction back from the last step; x [T, B, E]."""
    _, (memos, state) = forward(cell, x)
    dstate = (rng.standard_normal(state[0].shape), *(np.zeros_like(part) for part in state[1:]))
    spare = {name: np.zeros_like(weight) for name, weight in cell.weights.items()}
    first = np.linalg.norm(dstate[0], axis=1)
    h, c = [1.0], [0.0]
    for memo in reversed(memos[1:]):
        _, dstate = cell.step_back(memo, dstate, spare)
        lengths = [np.linalg.norm(part, axis=1) / first for part in dstate]
        with np.errstate(divide="ignore"):
            h.append(float(np.exp(np.log(lengths[0]).mean())))
            c.append(float(np.exp(np.log(lengths[1]).mean())) if len(lengths) > 1 else 0.0)
    return Flow(h, c if len(dstate) > 1 else [])


def _curve(
    kind: str, cell: Cell, x: Array, s: GradientFlow, radius: float | None, bias: float | None
) -> dict[str, Any]:
    found = flow(cell, x, np.random.default_rng(s.seed))
    sigma = float(np.linalg.svd(cell.weights["W"], compute_uv=False).max())
    whole = [math.hypot(h, c) for h, c in zip(found.h, found.c or [0.0] * len(found.h), strict=True)]
    bound = np.power(sigma, np.arange(len(whole))).tolist() if isinstance(cell, RNN) else []  # no slope is above 1
    return {
        "cell": kind,
        "radius": radius,
        "forget_bias": bias,
        "singular_value": sigma,
        **{f"after_{k}": whole[k] for k in SHOWN},
        "left": whole[-1],
        "left_in_c": found.c[-1] if found.c else None,
        "per_step": whole[-1] ** (1 / (len(whole) - 1)),
        "bound": bound[-1] if bound else None,
        "curve": whole,
        "h": found.h,
        "c": found.c,
        "bounds": bound,
    }


def _report(s: GradientFlow, curves: list[dict[str, Any]], model: str | None) -> Report:
    keys = ("cell", "radius", "forget_bias", "singular_value", *(f"after_{k}" for k in SHOWN))
    keys = (*keys, "left", "left_in_c", "per_step", "bound")
    rows = [{key: curve[key] for key in keys} for curve in curves]
    broken = sum(
        here > bound * (1 + ROUNDING)
        for curve in curves
        for here, bound in zip(curve["curve"], curve["bounds"], strict=False)
    )
    numbers: dict[str, Any] = {"steps": len(curves[0]["curve"]) - 1, "broken": broken, "model": model}
    if model is not None:
        numbers |= {"cell": curves[0]["cell"], "left": curves[0]["left"], "per_step": curves[0]["per_step"]}
        sentence: tuple[str, ...] = (
            "In {model} ({cell}), {left:.1e} of the gradient is left after {steps} steps: {per_step:.3f} a step.",
        )
    else:
        sentence = _compare(curves, numbers)
    return Report("gradients", to_dict(s), keys, rows, numbers, sentence, {"curves": curves})


def _compare(curves: list[dict[str, Any]], numbers: dict[str, Any]) -> tuple[str, ...]:
    """Add to numbers what was seen, and return the sentence that says it."""
    for kind in ("rnn", "rnn relu", "lstm", "gru"):
        left = [c["left"] for c in curves if c["cell"] == kind]
        name = kind.replace(" ", "_")
        numbers |= {f"{name}_low": min(left), f"{name}_high": max(left)}
    lstms = [c for c in curves if c["cell"] == "lstm"]
    low, high = min(c["forget_bias"] for c in lstms), max(c["forget_bias"] for c in lstms)
    numbers |= {"low_bias": low, "high_bias": high}
    numbers |= {"low_bias_left": _typical(lstms, low), "high_bias_left": _typical(lstms, high)}
    seen = "After {steps} steps the RNN keeps {rnn_low:.0e} to {rnn_high:.0e} of a gradient (with ReLU "
    seen += "{rnn_relu_low:.0e} to {rnn_relu_high:.0e}), the GRU {gru_low:.0e} to {gru_high:.0e}, the LSTM "
    seen += "{lstm_low:.0e} to {lstm_high:.0e}"
    bias = ""
    if numbers["high_bias_left"] > numbers["low_bias_left"]:
        bias = "; a forget gate opened from bias {low_bias:g} to {high_bias:g} lifts what is left from "
        bias += "{low_bias_left:.0e} to {high_bias_left:.0e}"
    elif high > low:
        bias = "; opening its forget gate did not help"
    return seen, bias, "; the bound was broken {broken} times." if numbers["broken"] else "; no RNN passed its bound."


def _typical(curves: list[dict[str, Any]], bias: float) -> float:
    """Return the geometric mean over the radii of what is left."""
    left = [max(c["left"], 1e-300) for c in curves if c["forget_bias"] == bias]
    return float(np.exp(np.mean(np.log(left))))
