"""The pictures of the lab, one for each experiment; line, mark and hatch tell things apart, so grey is enough."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from seqcli.plots.figure import figure
from seqcli.plots.lab_unrolled import draw_bptt

Say = Callable[[str], str]
LINES = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)))
GREYS = ("#000000", "#3b6ea5", "#b5651d", "#6b6b6b", "#8a4f9e")  # also apart as greys
MARKS = ("o", "s", "^", "D", "v")
LOWEST, HIGHEST = 1e-20, 1e8  # of the gradients drawn: what lies beyond has vanished or exploded


Shown = Any  # a report of the lab: experiment, settings, rows, numbers, series, tables


def draw(path: str, report: Shown, say: Say) -> None:
    """Write the picture of a report; `say` turns its English words into the reader's language."""
    several = report.experiment == "addition" and "losses" not in report.series
    size, painter = (4.2, _draw_several) if several else PICTURES[report.experiment]
    height = size(report) if callable(size) else size
    with figure(path, height) as canvas:
        painter(canvas, report, lambda text: say(text).replace("_", " "))


def _line(plot: Any, i: int, x: Any, y: Any, label: str, **style: Any) -> None:
    look = {"color": GREYS[i % len(GREYS)], "linestyle": LINES[i % len(LINES)]} | style
    plot.plot(x, y, label=label, **look)


def _draw_check(canvas: Any, report: Shown, say: Say) -> None:
    plot = canvas.subplots()
    cells = list(dict.fromkeys(row["cell"] for row in report.rows))
    for column, mark, grey in (("torch", "o", "black"), ("finite_differences", "x", "#6b6b6b")):
        worst = [
            max((row.get(column) or 0.0 for row in report.rows if row["cell"] == cell), default=0.0) for cell in cells
        ]
        if any(worst):
            plot.plot(worst, range(len(cells)), mark, color=grey, markersize=9, label=say(column), clip_on=False)
    plot.axvline(report.numbers["tolerance"], color="black", linestyle="--", linewidth=1.5, label=say("limit"))
    plot.set_xscale("log")
    plot.set_yticks(range(len(cells)), [say(cell) for cell in cells])
    plot.invert_yaxis()
    plot.set_xlabel(say("relative difference"))
    plot.grid(axis="y", alpha=0.3)
    canvas.legend(loc="outside upper center", ncols=3, frameon=False, fontsize=11)


def _draw_addition(canvas: Any, report: Shown, say: Say) -> None:
    loss, gradient, tracked = canvas.subplots(3, 1, height_ratios=(1, 1, 1.3))
    updates = np.arange(1, len(report.series["losses"]) + 1)
    for plot, name, values in (
        (loss, "loss of an update", report.series["losses"]),
        (gradient, "length of the gradient", report.series["gradients"]),
    ):
        plot.plot(updates, values, color="black", linewidth=1.2)
        plot.set(xscale="log" if len(updates) > 20 else "linear", yscale="log")
        plot.set_ylim(0.5 * min(values, default=1.0), min(plot.get_ylim()[1], HIGHEST))
        plot.set_title(say(name), fontsize=13, loc="left")
    if report.numbers["explosion"]:
        gradient.axvline(report.numbers["explosion"], color="black", linestyle="--")
        gradient.axhline(report.numbers["limit"], color="black", linestyle=":")
        gradient.annotate(f" {report.numbers['weight']}", (report.numbers["explosion"], 0.85),
                          xycoords=("data", "axes fraction"))  # fmt: skip
    right = np.array(report.series["tracked"]).T
    for i, row in enumerate(right):
        for j, good in enumerate(row):
            style = {"facecolor": "white"} if good else {"facecolor": "#555555", "hatch": "xx"}
            tracked.add_patch(_box(j, i, edgecolor="#999999", linewidth=0.5, **style))
    tracked.set(xlim=(0, right.shape[1]), ylim=(0, len(right)), yticks=[])
    tracked.set_xticks(np.arange(right.shape[1]) + 0.5, [str(row["update"]) for row in report.rows], rotation=45)
    title = f"{say('sums that were never shown')} (□ {say('right')}, ■ {say('wrong')})"
    tracked.set_title(title, fontsize=13, loc="left")
    tracked.set_xlabel(say("update"))


def _box(x: float, y: float, **style: Any) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x, y), 1, 1, **style)


def _draw_several(canvas: Any, report: Shown, say: Say) -> None:
    """Draw the table of a grid, or of several seeds: the share that is right, hatched where the gradient exploded."""
    plot = canvas.subplots()
    key = "init" if report.settings["grid"] else "seed"
    across = list(dict.fromkeys(row[key] for row in report.rows))
    down = list(dict.fromkeys(row["activation"] for row in report.rows))
    for row in report.rows:
        x, y = across.index(row[key]), down.index(row["activation"])
        exploded = row["explosion"] is not None or row["ended"] < report.settings["updates"]
        grey = f"{0.45 + 0.55 * row['accuracy']:.3f}"
        plot.add_patch(_box(x, y, facecolor=grey, edgecolor="black", hatch="//" if exploded else ""))
        text = plot.text(x + 0.5, y + 0.5, f"{row['accuracy']:.0%}", ha="center", va="center", fontsize=11)
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.5})
    plot.set(xlim=(0, len(across)), ylim=(len(down), 0))
    plot.set_xticks(np.arange(len(across)) + 0.5, across)
    plot.set_yticks(np.arange(len(down)) + 0.5, down)
    plot.set_xlabel(say(key))
    canvas.suptitle(f"{say('accuracy by activation and first weights')}\n(// {say('explosion')})", fontsize=13)


def _draw_gradients(canvas: Any, report: Shown, say: Say) -> None:
    groups: dict[str, list[dict[str, Any]]] = {}
    for curve in report.series["curves"]:
        bias = "" if curve["forget_bias"] is None else f", {say('bias')} {curve['forget_bias']:g}"
        groups.setdefault(
            f"{curve['cell'].replace('rnn relu', 'rnn, ReLU').upper().replace('RELU', 'ReLU')}{bias}", []
        ).append(curve)
    plots = np.atleast_1d(
        canvas.subplots(math.ceil(len(groups) / 2), min(len(groups), 2), sharex=True, sharey=True)
    ).flatten()
    for plot, (name, curves) in zip(plots, groups.items(), strict=False):
        for i, curve in enumerate(curves):
            steps = np.arange(len(curve["curve"]))
            label = report.numbers["model"] or f"ρ = {curve['radius']:g}"
            _line(plot, i, steps, np.clip(curve["curve"], LOWEST, HIGHEST), label)
            if curve["bounds"]:
                inside = np.array(curve["bounds"]) <= HIGHEST
                plot.plot(steps[inside], np.maximum(curve["bounds"], LOWEST)[inside], color=GREYS[i % 5], linewidth=0.9)
        plot.set_title(name, fontsize=12, loc="left")
        plot.set_yscale("log")
        plot.grid(alpha=0.3)
    for plot in plots[len(groups) :]:
        plot.set_visible(False)
    canvas.supxlabel(f"{say('steps back')}  ({say('upper bound')}: ─)", fontsize=12)
    canvas.supylabel(say("share of the gradient left"), fontsize=12)
    handles, labels = plots[0].get_legend_handles_labels()
    canvas.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False, fontsize=12)


def _draw_gates(canvas: Any, report: Shown, say: Say) -> None:
    plot = canvas.subplots()
    means, units = report.series["means"], report.series["units"]
    columns = [(f"{say(gate)}\n{say(kind)}", values) for gate in means
               for kind, values in (("mean", means[gate]), ("unit", units[gate]))]  # fmt: skip
    grid = np.array([values for _, values in columns]).T
    plot.imshow(grid, cmap="gray", vmin=0, vmax=1, aspect="auto")
    for (i, j), value in np.ndenumerate(grid):
        grey = "black" if value > 0.5 else "white"
        plot.text(j, i, f"{value:.2f}".lstrip("0") or "0", ha="center", va="center", color=grey, fontsize=9)
    for j in range(2, len(columns), 2):
        plot.axvline(j - 0.5, color="black", linewidth=2)
    plot.set_xticks(range(len(columns)), [name for name, _ in columns], fontsize=9)
    tokens = [token.replace(" ", "␣") for token in report.series["tokens"]]
    plot.set_yticks(range(len(tokens)), tokens, fontsize=11)
    plot.xaxis.tick_top()
    title = say("how far each gate stands open")
    if report.series["costs"]:
        title += "\n" + "   ".join(f"{c['cell'].upper()}: {c['parameters']:,}, {c['milliseconds']:.2f} ms"
                                   for c in report.series["costs"])  # fmt: skip
    plot.set_title(title, fontsize=12)


def _draw_memory(canvas: Any, report: Shown, say: Say) -> None:
    plots = canvas.subplot_mosaic([[0, 1], [2, "legend"], [3, 3]], height_ratios=(1, 1, 1.3))
    tasks = list(dict.fromkeys(row["task"] for row in report.rows))
    for at, task in enumerate(tasks):
        for i, row in enumerate(row for row in report.rows if row["task"] == task):
            places = report.series["distances"]
            look = {"marker": MARKS[i], "markersize": 5}
            _line(plots[at], i, places, [row[str(p)] for p in places], row["cell"].upper(), **look)
        plots[at].set_title(say(task), fontsize=13, loc="left")
        plots[at].set_xlabel(say("distance in steps"), fontsize=12)
    plots["legend"].axis("off")
    plots["legend"].legend(*plots[0].get_legend_handles_labels(), loc="center", frameon=False)
    _draw_attention(plots[3], report, say)
    for at in range(len(tasks) + 1):
        plots[at].set_ylim(0, 1.03)
        plots[at].grid(alpha=0.3)
    canvas.supylabel(say("right answers"), fontsize=13)


def _draw_attention(plot: Any, report: Shown, say: Say) -> None:
    """Draw the encoder-decoder: dotted with a fixed vector, solid with attention; a mark for each size of the state."""
    places = report.series["lengths"]
    for i, row in enumerate(report.tables[0].rows):
        attending = row["reads"] == "attention"
        look = {"linestyle": "-" if attending else ":", "color": "black" if attending else "#6b6b6b"}
        plot.plot(places, [row[str(p)] for p in places], marker=MARKS[i % 3], markersize=7, linewidth=1.8,
                  label=f"{say(row['reads'])} {row['state']}", **look)  # fmt: skip
    plot.set_title(say("encoder-decoder"), fontsize=13, loc="left")
    plot.set_xlabel(say("length of the text copied"), fontsize=12)
    plot.set_xticks(places)
    plot.legend(fontsize=11, frameon=False, ncols=2)


def _draw_overfit(canvas: Any, report: Shown, say: Say) -> None:
    plot = canvas.subplots()
    plain = report.series["curves"]["as it is"]
    updates = [point["update"] for point in plain]
    plot.plot(
        updates, [p["train"] for p in plain], color="#999999", linewidth=1.5, label=f"{say('as it is')}: {say('train')}"
    )
    shown = {name: curve for name, curve in report.series["curves"].items() if name != "early stopping"}
    for i, (name, curve) in enumerate(shown.items()):
        _line(plot, i, [p["update"] for p in curve], [p["held_out"] for p in curve], f"{say(name)}: {say('held_out')}",
              marker=MARKS[i], markersize=5)  # fmt: skip
    best = report.series["best"]
    plot.plot([best["update"]], [best["held_out"]], "*", color="black", markersize=20, label=say("early stopping"))
    plot.set_xlabel(say("update"))
    plot.set_ylabel(say("nats per character"))
    plot.set_ylim(0)
    plot.grid(alpha=0.3)
    canvas.legend(loc="outside upper center", ncols=2, frameon=False, fontsize=11)


def _draw_word2vec(canvas: Any, report: Shown, say: Say) -> None:
    looks, words = report.series["looks"], report.series["words"]
    above, below = canvas.subfigures(2, 1, height_ratios=(1.5, 1))
    largest = max(np.abs(look).max() for look in looks)
    plots = above.subplots(1, len(looks), sharey=True)
    for plot, look, update in zip(plots, looks, report.series["updates"], strict=True):
        plot.imshow(look, cmap="gray", vmin=-largest, vmax=largest, aspect="auto")
        plot.set_title(str(update), fontsize=12)
        plot.set_xticks([])
        for kind in range(6, 30, 6):
            plot.axhline(kind - 0.5, color="black", linewidth=1, linestyle="--")
    plots[0].set_yticks(range(len(words)), words, fontsize=10)
    above.suptitle(f"{say('a world of 30 words')} ({say('update')})", fontsize=13)
    for plot, name, matrix in zip(
        below.subplots(1, 2),
        ("one_hot", "learned"),
        (math.sqrt(2) * (1 - np.eye(30)), np.array(report.series["distances"])),
        strict=True,
    ):
        plot.imshow(matrix, cmap="gray", vmin=0)
        plot.set_title(say(name), fontsize=12)
        plot.set(xticks=[], yticks=[])


def _gates_height(report: Shown) -> float:
    return 2.0 + 0.26 * len(report.series["tokens"])


def _gradients_height(report: Shown) -> float:
    groups = {(curve["cell"], curve["forget_bias"]) for curve in report.series["curves"]}
    return 1.5 + 2.6 * math.ceil(len(groups) / 2)


PICTURES: dict[str, tuple[Any, Any]] = {  # experiment -> height in inches (or how to find it), and who draws it
    "check": (6.0, _draw_check),
    "addition": (9.5, _draw_addition),
    "gradients": (_gradients_height, _draw_gradients),
    "gates": (_gates_height, _draw_gates),
    "memory": (10.0, _draw_memory),
    "overfit": (6.5, _draw_overfit),
    "word2vec": (12.0, _draw_word2vec),
    "bptt": (6.0, draw_bptt),
}
