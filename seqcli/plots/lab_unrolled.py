"""The picture of `lab bptt`: the network unrolled over the words, and what flows back along every arrow."""

from __future__ import annotations

import math
from typing import Any

STEP = 2.0  # between two columns of the graph; a row lies one unit above the other
THICKEST, THINNEST = 6.0, 0.8  # points, of an arrow: the largest flow, and one that has all but vanished
MOST_SHOWN = 3  # numbers of a state that are written into its box
DECADES = 2.0  # below the largest flow, over which an arrow gets thinner


def draw_bptt(canvas: Any, report: Any, say: Any) -> None:
    """Draw inputs, states and losses in columns; black arrows are gradients, as thick as they are long."""
    plot = canvas.subplots()
    series = report.series
    words, steps = series["words"], len(series["h"])
    largest = max([*series["own"], *series["back"], 1e-300])
    for t in range(steps):
        x = t * STEP
        plot.text(x, -1.15, words[t], ha="center", va="center", fontsize=13, fontweight="bold")
        numbers = [f"{v:+.2f}" for v in series["h"][t][:MOST_SHOWN]] + ["…"] * (len(series["h"][t]) > MOST_SHOWN)
        _node(plot, x, 0.0, f"$h_{t + 1}$\n" + "\n".join(numbers))
        _node(plot, x, 2.0, f"$L_{t + 1}$\n{series['nats'][t]:.2f}")
        plot.text(x, 2.5, f"→ {words[t + 1]}", ha="center", va="center", fontsize=12)
        _plain(plot, (x, -0.95), (x, -0.45))
        _flow(plot, (x, 1.72), (x, 0.4), series["own"][t], largest, (x + 0.12, 1.05))
        if t + 1 < steps:
            _between(plot, x, t, series, largest, say)
    plot.set(xlim=(-0.9, (steps - 1) * STEP + 0.9), ylim=(-1.4, 2.7))
    plot.axis("off")
    canvas.suptitle(f"{say('one step of truncated BPTT')}\n(◀ {say('flows back')}, |dL/dh|)", fontsize=13)


def _between(plot: Any, x: float, t: int, series: dict[str, Any], largest: float, say: Any) -> None:
    """Draw what goes forward between two states, and what comes back, or that it is cut."""
    _plain(plot, (x + 0.45, 0.2), (x + STEP - 0.45, 0.2))
    if (t + 1) % series["truncate"] == 0:
        plot.plot([x + STEP / 2] * 2, [-0.75, 0.6], color="black", linestyle=":", linewidth=2)
        plot.text(x + STEP / 2, -0.9, say("cut"), ha="center", va="center", fontsize=11)
        return
    _flow(plot, (x + STEP - 0.4, -0.2), (x + 0.4, -0.2), series["back"][t], largest, (x + STEP / 2 - 0.27, -0.55))


def _node(plot: Any, x: float, y: float, text: str) -> None:
    box = {"boxstyle": "round,pad=0.3", "facecolor": "#e8e8e8", "edgecolor": "black"}
    plot.text(x, y, text, ha="center", va="center", fontsize=10, bbox=box)


def _plain(plot: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    plot.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": "#999999", "linewidth": 1.2})


def _flow(
    plot: Any,
    start: tuple[float, float],
    end: tuple[float, float],
    value: float,
    largest: float,
    at: tuple[float, float],
) -> None:
    share = 1 + math.log10(max(value, 1e-300) / largest) / DECADES
    width = THINNEST + (THICKEST - THINNEST) * min(max(share, 0.0), 1.0)
    plot.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": "black", "linewidth": width})
    plot.text(*at, f"{value:.3f}" if value >= 0.001 else f"{value:.0e}", fontsize=10, va="center")
