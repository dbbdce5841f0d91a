"""How models learned, as a picture: held-out nats at every evaluation, a line for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO

from seqcli.plots.figure import figure

HEIGHT = 3.6  # inches
COLOURS = ("#3366aa", "#b3541e")  # the page has others for a dark screen
MARKS = "os"  # told apart without colours


def draw_learning_curves(path: str | BytesIO, curves: Mapping[str, Sequence[tuple[float, float]]], unit: str) -> None:
    """Write the picture: of each model, by its name, points of what it had read (in units) and its held-out nats."""
    with figure(path, HEIGHT) as canvas:
        plot = canvas.subplots()
        for i, (name, points) in enumerate(curves.items()):
            xs, ys = zip(*points, strict=True)
            plot.plot(xs, ys, marker=MARKS[i % 2], color=COLOURS[i % 2], label=name, linestyle="-" if i == 0 else "--")
        plot.set_xlabel(f"{unit} read")
        plot.set_ylabel("held-out nats")
        if len(curves) > 1:
            plot.legend(frameon=False)
