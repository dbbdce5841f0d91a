"""`bptt`: one step of truncated back-propagation through time on a few words, every number shown."""

from __future__ import annotations

from typing import Any

import numpy as np

from seqcli.errors import CorpusError
from seqcli.lab.cells import RNN, Array, Output, backward, forward, softmax
from seqcli.lab.learning import Ids, initialiser, length, one_hot, softmax_loss
from seqcli.lab.report import Report, Table
from seqcli.lab.settings import Bptt
from seqcli.settings import to_dict


def run(s: Bptt, words: list[str]) -> Report:
    """Read words one by one, predict each next one, and let the loss flow back."""
    if len(words) <= s.words:
        raise CorpusError(f"The text has {len(words)} words; {s.words + 1} are needed, or give a smaller --words.")
    words = words[: s.words + 1]
    kinds = list(dict.fromkeys(words))
    ids = np.array([kinds.index(word) for word in words], dtype=np.int64)
    draw, V = initialiser(np.random.default_rng(s.seed)), len(kinds)
    cell, output = RNN(V, s.hidden, draw), Output(V, s.hidden, draw)
    x, target = one_hot(ids[:-1, None], V), ids[1:, None]
    h, tape = forward(cell, x)
    y = output.forward(h)
    loss, dy = softmax_loss(y, target)
    d_output, dh = output.backward(h, dy)
    cut, whole = backward(cell, tape, dh, s.truncate), backward(cell, tape, dh)
    quantities = {"x": x, "h": h, "y": y, "p": softmax(y), "dL/dy": dy, "dL/dh_own": dh, "dL/dh": cut.h}
    last = np.zeros_like(dh)
    last[-1] = dh[-1]  # what the last loss alone sends back, never cut
    reach = np.linalg.norm(backward(cell, tape, last).h[:, 0], axis=1)
    lost = length({n: whole.weights[n] - cut.weights[n] for n in whole.weights})
    numbers = {
        "loss": loss,
        "first": words[0],
        "last": words[-1],
        "reach": float(reach[0] / reach[-1]) if reach[-1] > 0 else 0.0,
        "steps": s.words - 1,
        "truncate": s.truncate,
        "lost": lost / max(length(whole.weights), 1e-300),
    }
    tables = [
        _matrices("weights", kinds, {**cell.weights, **output.weights}),
        _matrices("gradients", kinds, cut.weights | d_output, "d"),
    ]
    arrays = cell.weights | output.weights | {f"d{name}": g for name, g in (cut.weights | d_output).items()}
    series = _drawn(quantities, target) | {"words": words, "truncate": s.truncate}
    series |= {"weights": {name: array.tolist() for name, array in arrays.items()}}
    columns = ("step", "word", "next", "what", "values")
    return Report("bptt", to_dict(s), columns, _steps(words, quantities), numbers, _sentence(numbers), series, tables)


def _drawn(quantities: dict[str, Array], target: Ids) -> dict[str, Any]:
    """Return every number of every step, and the lengths of what flows: own from its loss, back from later steps."""
    own, whole = quantities["dL/dh_own"][:, 0], quantities["dL/dh"][:, 0]
    return {
        "h": quantities["h"][:, 0].tolist(),
        "own": np.linalg.norm(own, axis=1).tolist(),
        "back": np.linalg.norm(whole - own, axis=1).tolist(),
        "nats": (-np.log(np.take_along_axis(quantities["p"], target[..., None], -1)))[:, 0, 0].tolist(),
        "numbers": {name: values[:, 0].tolist() for name, values in quantities.items()},
    }


def _steps(words: list[str], quantities: dict[str, Array]) -> list[dict[str, Any]]:
    """Return a row for each quantity [T, 1, ...] of each step."""
    return [
        {"step": t + 1, "word": words[t], "next": words[t + 1], "what": what, "values": _numbers(values[t, 0])}
        for t in range(len(words) - 1)
        for what, values in quantities.items()
    ]


def _numbers(values: Array) -> str:
    return " ".join(f"{v:+.3f}" if v % 1 else f"{v:.0f}" for v in values)


def _matrices(name: str, kinds: list[str], arrays: dict[str, Array], before: str = "") -> Table:
    """Return every weight row by row; the columns of W_in and the rows of W_out belong to words."""
    rows = []
    for key, array in arrays.items():
        for i, row in enumerate(np.atleast_2d(array.T if key == "W_in" else array)):
            to = kinds[i] if key in ("W_in", "W_out") else str(i + 1) if key == "W" else ""
            rows.append({"weight": before + key, "of": to, "values": _numbers(row)})
    return Table(name, ("weight", "of", "values"), rows)


def _sentence(n: dict[str, Any]) -> tuple[str, ...]:
    start = "Of what the loss at the last word wants of its own state, {reach:.1%} is left after {steps} steps back; "
    if n["lost"] == 0.0:
        return start, "nothing was cut off."
    return start, "cutting the gradient every {truncate} steps changed dW by {lost:.1%} of its length."
