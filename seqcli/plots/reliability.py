"""How reliable probabilities are, as a picture: what was said beside what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seqcli.plots.figure import figure

MARKS = "osD^vP"  # told apart without colours
HEIGHT = 5.2  # inches


def draw_reliability(path: str, curves: Mapping[str, Sequence[tuple[float, float, int]]]) -> None:
    """Write the picture: of each model its bins (probability said, share found, how many words)."""
    with figure(path, HEIGHT) as canvas:
        plot = canvas.subplots()
        plot.plot([0, 1], [0, 1], color="#888888", linewidth=1.2, linestyle="--", label="as said")
        for i, (name, bins) in enumerate(curves.items()):
            said, found, words = zip(*bins, strict=True)
            plot.plot(said, found, marker=MARKS[i % len(MARKS)], markersize=8, label=name)
            for x, y, count in zip(said, found, words, strict=True):
                plot.annotate(f"{count:,}", (x, y), xytext=(6, -14), textcoords="offset points", fontsize=9)
        plot.set_xlabel("probability that a word is wrong, as said")
        plot.set_ylabel("share of those words that are wrong")
        plot.set_xlim(0, 1)
        plot.set_ylim(0, 1)
        plot.legend(frameon=False, loc="upper left")
