"""`gates`: which gate opens at which character of a sentence, in a trained LSTM and GRU, and what each costs."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np

from seqcli.lab.cells import GRU, LSTM, Array, Cell, backward, forward
from seqcli.lab.characters import learn, nats, read
from seqcli.lab.learning import initialiser, make_network, one_hot
from seqcli.lab.report import Report, Table, Tell, silent
from seqcli.lab.settings import Gates
from seqcli.settings import to_dict

GATES = {"lstm": ("input", "forget", "output"), "gru": ("reset", "update")}
MOST_SHOWN = 60  # tokens of the sentence: more cannot be read in a picture
TIMED = 15  # runs of which the fastest is taken, forward and backward, of ...
TIMED_STEPS, TIMED_BATCH = 20, 16  # ... so many steps


class Loaded(NamedTuple):
    """The first layer of a trained model, and a sentence as its inputs [T, 1, E] and as what is shown [T]."""

    name: str
    kind: str
    cell: Cell
    x: Array
    tokens: list[str]


def opened(cell: Cell, x: Array) -> dict[str, Array]:
    """Return how far each gate stands open, [T, H], 0 shut and 1 open. x [T, 1, E]."""
    _, (memos, _) = forward(cell, x)
    if isinstance(cell, LSTM):
        _, _, _, i, f, _, o, _ = (np.concatenate(part) for part in zip(*memos, strict=True))
        return {"input": i, "forget": f, "output": o}
    _, _, r, z, _, _ = (np.concatenate(part) for part in zip(*memos, strict=True))
    return {"reset": r, "update": z}


def run(s: Gates, text: str, sentence: str, loaded: Loaded | None = None, tell: Tell = silent) -> Report:
    """Train an LSTM and a GRU on a text, or take a trained model, and look at its gates over a sentence."""
    if loaded is not None:
        found = {loaded.kind: opened(loaded.cell, loaded.x)}
        return _report(s, loaded.tokens, found, [], {"model": loaded.name})
    characters = read(text)
    tokens = list(" ".join(sentence.split())[:MOST_SHOWN])
    V, found, costs = len(characters.alphabet), {}, []
    cut = int(len(characters.ids) * 0.9)
    for kind in GATES:
        rng = np.random.default_rng(s.seed)
        network = make_network(kind, V, s.hidden, V, initialiser(rng, "orthogonal"))
        for _ in learn(network, characters.ids[:cut], s.updates, s.rate, rng):
            pass
        found[kind] = opened(network.cell, one_hot(characters.encode("".join(tokens))[:, None], V))
        cost = {"cell": kind, "parameters": sum(w.size for w in network.cell.weights.values())}
        costs.append(
            cost | {"milliseconds": milliseconds(network.cell, V), "held_out": nats(network, characters.ids[cut:])}
        )
        tell(
            "{cell}: {parameters:,} parameters, {milliseconds:.2f} ms a step, held out {held_out:.2f} nats", **costs[-1]
        )
    return _report(s, tokens, found, costs, {})


def milliseconds(cell: LSTM | GRU | Any, E: int) -> float:
    """Return the time of one step, forward and backward, of a batch."""
    x = np.zeros((TIMED_STEPS, TIMED_BATCH, E))
    h, _ = forward(cell, x)
    times = []
    for _ in range(TIMED):
        start = time.perf_counter()
        _, tape = forward(cell, x)
        backward(cell, tape, np.ones_like(h))
        times.append(time.perf_counter() - start)
    return min(times) / TIMED_STEPS * 1000


def _report(
    s: Gates, tokens: list[str], found: dict[str, dict[str, Array]], costs: list[dict[str, Any]], more: dict[str, Any]
) -> Report:
    means = {gate: values.mean(1) for gates in found.values() for gate, values in gates.items()}
    rows = [{"step": t + 1, "token": token} | {gate: float(mean[t]) for gate, mean in means.items()}
            for t, token in enumerate(tokens)]  # fmt: skip
    gate = max(means, key=lambda name: float(np.ptp(means[name])))
    low, high = int(means[gate].argmin()), int(means[gate].argmax())
    numbers: dict[str, Any] = more | {
        "gate": gate,
        "shut_at": tokens[low],
        "shut_step": low + 1,
        "shut": float(means[gate][low]),
        "open_at": tokens[high],
        "open_step": high + 1,
        "open": float(means[gate][high]),
    }
    moves = "The {gate} gate moves most: from {shut:.2f} at '{shut_at}' ({shut_step}) to {open:.2f} at '{open_at}' "
    sentence: tuple[str, ...] = (moves + "({open_step}).",)
    tables = []
    if costs:
        lstm, gru = costs
        numbers |= {
            "saved": 1 - gru["parameters"] / lstm["parameters"],
            "ratio": gru["milliseconds"] / lstm["milliseconds"],
        }
        numbers["gained"] = lstm["held_out"] - gru["held_out"]
        sentence += (" The GRU has {saved:.0%} fewer parameters; its step took {ratio:.2f} of the LSTM's time.",)
        tables = [Table("costs", ("cell", "parameters", "milliseconds", "held_out"), costs)]
    units = {gate: values[:, int(np.ptp(values, axis=0).argmax())].tolist() for gates in found.values()
             for gate, values in gates.items()}  # fmt: skip
    series = {"tokens": tokens, "means": {g: m.tolist() for g, m in means.items()}, "units": units, "costs": costs}
    return Report("gates", to_dict(s), ("step", "token", *means), rows, numbers, sentence, series, tables)
