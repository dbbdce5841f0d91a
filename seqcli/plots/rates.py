"""Rate against distortion: how many nats codes say, and what reconstruction costs besides; a point a model."""

from __future__ import annotations

from collections.abc import Sequence

from seqcli.errors import escape
from seqcli.plots.figure import figure

HEIGHT = 4.8  # inches


def draw_rates(path: str, models: Sequence[tuple[str, float, float]]) -> None:
    """Draw models, each of a name, its KL, and its reconstruction, in nats a sentence; .svg or .png by the path's end.

    Lines of equal bound go down to the right. Raises ModelError where matplotlib is missing or the file cannot be
    written.
    """
    order = sorted(models, key=lambda one: one[1])
    with figure(path, HEIGHT) as drawn:
        plot = drawn.add_subplot()
        rates, costs = [rate for _, rate, _ in order], [cost for _, _, cost in order]
        low, high = 0.0, max(rates) * 1.25 + 1.0
        for bound in sorted({round(rate + cost) for _, rate, cost in order}):
            plot.plot([low, high], [bound - low, bound - high], color="#dddddd", linewidth=1.0, zorder=1)
        plot.plot(rates, costs, marker="o", color="#3366aa", zorder=2)
        for place, (name, rate, cost) in enumerate(order):
            below = place % 2  # so that neighbours' labels do not meet
            plot.annotate(
                f"{escape(name)}\nbound {rate + cost:.1f}",
                (rate, cost),
                xytext=(0, -10) if below else (6, 6),
                textcoords="offset points",
                ha="center" if below else "left",
                va="top" if below else "bottom",
                fontsize=10,
                parse_math=False,
            )
        plot.set_xlim(low, high)
        plot.margins(y=0.2)
        plot.set_xlabel("rate: KL, nats a sentence")
        plot.set_ylabel("distortion: reconstruction,\nnats a sentence")
        plot.set_title("grey lines: the same bound", fontsize=11, loc="left")
