"""`memory`: where each cell stops remembering, and whether attention removes the need for a larger state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from seqcli.lab.cells import Array
from seqcli.lab.encoder_decoder import LENGTHS, EncoderDecoder, translations
from seqcli.lab.learning import CELLS, Adam, Ids, checked, clip, initialiser, make_network, one_hot
from seqcli.lab.report import Report, Table, Tell, silent
from seqcli.lab.settings import Memory
from seqcli.settings import to_dict

DISTANCES = (1, 2, 4, 8, 12, 16, 24, 32)  # between what must be remembered and where it is asked for
SYMBOLS, COPIED = 4, 2  # of the copy task: kinds, and how many in a row
CLOSE = 0.1  # an answer of the adding task that is nearer than this is right; guessing 1 is, one time in five
NOTHING = 0.02  # of right symbols: a gain that so few trials cannot tell from chance
REMEMBERED = 0.9  # share of right answers that counts as remembering
BATCH, TRIED = 32, 256  # sequences of an update, and of a measurement
CLIP = 1.0  # length of the gradient


class Task(NamedTuple):
    """Draws sequences at a distance: (rng, batch, distance) -> inputs [T, B, E], targets; the loss, and the sizes."""

    draw: Callable[[np.random.Generator, int, int], tuple[Array, Any]]
    loss: str
    inputs: int
    outputs: int


def copying(rng: np.random.Generator, B: int, distance: int) -> tuple[Array, Ids]:
    """Two symbols, `distance` blanks, then two requests: the symbols again."""
    T = 2 * COPIED + distance
    ids = rng.integers(0, SYMBOLS, (COPIED, B))
    x, target = np.zeros((T, B, SYMBOLS + 1)), np.full((T, B), -1)
    x[:COPIED, :, :SYMBOLS] = one_hot(ids, SYMBOLS)
    x[-COPIED:, :, SYMBOLS] = 1.0
    target[-COPIED:] = ids
    return x, target


def adding(rng: np.random.Generator, B: int, distance: int) -> tuple[Array, Array]:
    """Random numbers, two of them marked, `distance` apart: their sum. Source: Hochreiter and Schmidhuber 1997, 5.4."""
    T = distance + 2
    x = np.zeros((T, B, 2))
    x[:-1, :, 0] = rng.random((T - 1, B))
    x[0, :, 1] = x[distance, :, 1] = 1.0
    target = np.full((T, B, 1), np.nan)
    target[-1, :, 0] = x[0, :, 0] + x[distance, :, 0]
    return x, target


def parentheses(rng: np.random.Generator, B: int, distance: int) -> tuple[Array, Ids]:
    """Brackets of two kinds opened one in the other, then closed: which kind must each closing one be?

    As deep as distance / 2, rounded up: the bracket opened first is closed `distance` steps later.
    """
    depth = (distance + 1) // 2
    kinds = rng.integers(0, 2, (depth, B))
    x, target = np.zeros((2 * depth, B, 3)), np.full((2 * depth, B), -1)
    x[:depth, :, :2] = one_hot(kinds, 2)
    x[depth:, :, 2] = 1.0
    target[depth:] = kinds[::-1]
    return x, target


TASKS = {
    "copy": Task(copying, "softmax", SYMBOLS + 1, SYMBOLS),
    "adding": Task(adding, "square", 2, 1),
    "parentheses": Task(parentheses, "softmax", 3, 2),
}


def right(y: Array, target: Any, loss: str) -> float:
    """Return the share of right answers; of brackets and copies, at the last place: the longest way back."""
    if loss == "softmax":
        return float((y[-1].argmax(-1) == target[-1]).mean())
    return float((np.abs(y[-1] - target[-1]) < CLOSE).mean())


def recall(s: Memory, task: Task, kind: str) -> list[float]:
    """Train a cell on all distances mixed; return its share of right answers at each of DISTANCES."""
    rng = np.random.default_rng(s.seed)
    network = make_network(kind, task.inputs, s.hidden, task.outputs, initialiser(rng, "orthogonal"))
    optimiser = Adam(s.rate)
    for update in range(1, s.updates + 1):
        distance = 1 + int(DISTANCES[-1] * rng.random() ** 2)  # short ones more often: what is near is learned first
        x, target = task.draw(rng, BATCH, distance)
        learned = network.learn(x, target, task.loss)
        checked(learned.loss, update)
        optimiser.update(network.weights, clip(learned.gradients, CLIP))
    found = []
    for distance in DISTANCES:
        x, target = task.draw(rng, TRIED, distance)
        found.append(right(network.outputs(x)[0], target, task.loss))
    return found


def reach(accuracies: list[float], places: tuple[int, ...]) -> int:
    """Return the farthest place up to which everything is remembered, 0 for none."""
    held = [place for i, place in enumerate(places) if min(accuracies[: i + 1]) >= REMEMBERED]
    return held[-1] if held else 0


def run(s: Memory, tell: Tell = silent) -> Report:
    """Measure every cell on every task, then the encoder-decoder with and without attention at three sizes."""
    rows: list[dict[str, Any]] = []
    for name, task in TASKS.items():
        for kind in CELLS:
            found = recall(s, task, kind)
            rows.append({"task": name, "cell": kind, "reach": reach(found, DISTANCES)} | _places(DISTANCES, found))
            tell("{task}, {cell}: remembers over {reach} steps", **rows[-1])
    others: list[dict[str, Any]] = []
    for attention in (False, True):
        for hidden in (s.small, 2 * s.small, 4 * s.small):
            found = _copied(s, hidden, attention)
            row = {
                "reads": "attention" if attention else "fixed vector",
                "state": hidden,
                "reach": reach(found, LENGTHS),
            }
            others.append(row | _places(LENGTHS, found))
            tell("{reads}, state {state}: copies {reach} symbols", **others[-1])
    numbers, sentence = _answer(rows, others)
    columns, further = tuple(rows[0]), Table("encoder-decoder", tuple(others[0]), others)
    series = {"distances": list(DISTANCES), "lengths": list(LENGTHS)}
    return Report("memory", to_dict(s), columns, rows, numbers, sentence, series, [further])


def _places(places: tuple[int, ...], found: list[float]) -> dict[str, float]:
    return {str(place): share for place, share in zip(places, found, strict=True)}


def _copied(s: Memory, hidden: int, attention: bool) -> list[float]:
    """Train an encoder-decoder to copy; return its share of right symbols at each of LENGTHS."""
    rng = np.random.default_rng(s.seed)
    model, optimiser = EncoderDecoder(hidden, attention, initialiser(rng, "orthogonal")), Adam(s.rate)
    for update in range(1, s.updates + 1):
        loss, gradients = model.learn(*translations(rng, BATCH, int(rng.integers(1, LENGTHS[-1] + 1))))
        checked(loss, update)
        optimiser.update(model.weights, clip(gradients, CLIP))
    found = []
    for length in LENGTHS:
        x, before, target = translations(rng, TRIED, length)
        found.append(float((model.run(x, before).y.argmax(-1) == target).mean()))
    return found


def _answer(rows: list[dict[str, Any]], others: list[dict[str, Any]]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what was measured, and the sentence that answers whether attention replaces a larger state."""
    longest = str(LENGTHS[-1])
    fixed, attending = others[:3], others[3:]
    total = {kind: sum(row["reach"] for row in rows if row["cell"] == kind) / len(TASKS) for kind in CELLS}
    numbers: dict[str, Any] = {f"{kind}_reach": total[kind] for kind in CELLS} | {
        "length": LENGTHS[-1],
        "small": fixed[0]["state"],
        "large": fixed[-1]["state"],
        "fixed_small": fixed[0][longest],
        "fixed_large": fixed[-1][longest],
        "attention_small": attending[0][longest],
        "attention_large": attending[-1][longest],
    }
    numbers["still"] = numbers["attention_large"] - numbers["attention_small"]
    start = "Mean reach: RNN {rnn_reach:.0f}, LSTM {lstm_reach:.0f}, GRU {gru_reach:.0f} steps. Of {length} symbols a "
    start += (
        "fixed vector of {large} copies {fixed_large:.0%}, attention with a state of {small} {attention_small:.0%}: "
    )
    if numbers["attention_small"] <= numbers["fixed_large"] + NOTHING:
        return numbers, (start, "here attention did not replace the larger state.")
    if numbers["still"] > NOTHING:
        end = "attention did more than a state four times as large, yet a larger state still added {still:.0%}."
        return numbers, (start, end)
    return numbers, (start, "attention did more than a state four times as large, which added nothing to it.")
