"""`overfit`: a GRU learns a small text by heart, what it then makes of text it was not shown, and four cures."""

from __future__ import annotations

from typing import Any

import numpy as np

from seqcli.lab.characters import Characters, learn, nats, read
from seqcli.lab.learning import Ids, initialiser, make_network
from seqcli.lab.report import Report, Tell, silent
from seqcli.lab.settings import Overfit
from seqcli.settings import to_dict

HELD_OUT = 0.15  # of the text, its end
SMALL = 0.3  # of the rest: the small text; "more text" is all of the rest
LOOKS = 20  # points of a curve
SMALLER = 4  # times fewer numbers in the state of the smaller network


def run(s: Overfit, text: str, tell: Tell = silent) -> Report:
    """Train on a part of the text, with and without each cure, and measure on the text's end."""
    characters = read(text)
    cut = int(len(characters.ids) * (1 - HELD_OUT))
    more, held_out = characters.ids[:cut], characters.ids[cut:]
    small = more[: int(cut * SMALL)]
    plain = _train(s, "as it is", characters, small, held_out, tell)
    curves = {
        "as it is": plain,
        "dropout": _train(s, "dropout", characters, small, held_out, tell, dropout=s.dropout),
        "smaller": _train(s, "smaller", characters, small, held_out, tell, hidden=max(s.hidden // SMALLER, 1)),
        "more text": _train(s, "more text", characters, more, held_out, tell),
    }
    best = min(range(len(plain)), key=lambda i: plain[i]["held_out"])
    curves = {"as it is": plain, "early stopping": plain[: best + 1]} | {
        k: v for k, v in curves.items() if v is not plain
    }
    rows = [_row(name, curve, len(more if name == "more text" else small)) for name, curve in curves.items()]
    numbers = _numbers(s, rows, plain[best])
    columns = ("training", "characters", "updates", "train", "held_out", "best_held_out", "best_at")
    series = {"curves": curves, "best": plain[best]}
    return Report("overfit", to_dict(s), columns, rows, numbers, _sentence(numbers), series)


def _train(
    s: Overfit,
    name: str,
    characters: Characters,
    ids: Ids,
    held_out: Ids,
    tell: Tell,
    hidden: int | None = None,
    dropout: float = 0.0,
) -> list[dict[str, float]]:
    """Train once; return the points of its two curves, in nats per character."""
    rng, V = np.random.default_rng(s.seed), len(characters.alphabet)
    network = make_network("gru", V, hidden or s.hidden, V, initialiser(rng, "orthogonal"))
    every, curve = max(s.updates // LOOKS, 1), []
    for update, _ in enumerate(learn(network, ids, s.updates, s.rate, rng, dropout), 1):
        if update % every == 0 or update == s.updates:
            point = {"update": update, "train": nats(network, ids), "held_out": nats(network, held_out)}
            curve.append(point)
    tell("{training}: train {train:.2f}, held out {held_out:.2f} nats per character", training=name, **curve[-1])
    return curve


def _row(name: str, curve: list[dict[str, float]], characters: int) -> dict[str, Any]:
    best = min(curve, key=lambda point: point["held_out"])
    last = curve[-1]
    return {
        "training": name,
        "characters": characters,
        "updates": last["update"],
        "train": last["train"],
        "held_out": last["held_out"],
        "best_held_out": best["held_out"],
        "best_at": best["update"],
    }


def _numbers(s: Overfit, rows: list[dict[str, Any]], best: dict[str, float]) -> dict[str, Any]:
    plain, *cures = rows
    winner = min(cures, key=lambda row: float(row["held_out"]))
    lowest = min(rows, key=lambda row: float(row["best_held_out"]))
    return {
        "train": plain["train"],
        "held_out": plain["held_out"],
        "train_at_best": best["train"],
        "best_at": best["update"],
        "best_held_out": best["held_out"],
        "updates": s.updates,
        "cure": winner["training"],
        "cured": winner["held_out"],
        "lowest_cure": lowest["training"],
        "lowest": lowest["best_held_out"],
        "lowest_at": lowest["best_at"],
    }


def _sentence(n: dict[str, Any]) -> tuple[str, ...]:
    if n["best_at"] == n["updates"]:
        start = "No overfitting within {updates} updates: held-out text was still getting easier, {held_out:.2f} nats; "
    elif n["train"] > n["train_at_best"]:
        start = (
            "Not overfitting but bad training: after update {best_at} the loss of the learned text rose as well, from "
        )
        start += "{train_at_best:.2f} to {train:.2f} nats per character; "
    else:
        start = "After update {best_at} the held-out text rose from {best_held_out:.2f} to {held_out:.2f} nats per "
        start += "character while the text learned fell to {train:.2f}; "
    end = (
        "the lowest at its end was {cure}, {cured:.2f}; the lowest anywhere was {lowest_cure}, {lowest:.2f} at update "
    )
    return start, end + "{lowest_at}."
