"""What each word of a translation looked at, as a heat map."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from seqcli.plots.figure import figure

INCHES = 0.32  # of height for a target word: its letters stand clear of their neighbours'
NAMES = 2.9  # inches that the title and the source words take above the map
ROOM = 36  # words in a row at most that are read at the usual size


def draw_attention(path: str | BytesIO, source: Sequence[str], target: Sequence[str], weights: Any) -> None:
    """Write the picture: a row for each target word, a column for each source word; weights [T, S], darker is more."""
    with figure(path, NAMES + INCHES * max(len(target), 3)) as canvas:
        plot = canvas.subplots()
        size = 13.0 * min(1.0, ROOM / 2 / max(len(source), 1) + 0.25)
        image = plot.imshow(weights, cmap="Greys", vmin=0.0, vmax=1.0, aspect="auto")
        plot.set_xticks(range(len(source)), source, rotation=60, ha="left", fontsize=size)
        plot.set_yticks(range(len(target)), target, fontsize=size)
        plot.xaxis.tick_top()
        plot.xaxis.set_label_position("top")
        plot.set_xlabel("source")
        plot.set_ylabel("translation")
        plot.set_title("What each word of the translation looked at")
        bar = canvas.colorbar(image, ax=plot, fraction=0.04, aspect=12, ticks=(0.0, 0.5, 1.0))
        bar.set_label("share of its attention")
        plot.tick_params(length=0)
        plot.set_xticks([i + 0.5 for i in range(len(source) - 1)], minor=True)
        plot.set_yticks([i + 0.5 for i in range(len(target) - 1)], minor=True)
        plot.grid(which="minor", color="#cccccc", linewidth=0.5)
        plot.tick_params(which="minor", length=0)
