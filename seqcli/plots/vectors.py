"""A map of words as a picture: a point for each, its label where it covers no other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import escape
from seqcli.plots.figure import figure

WIDTH, HEIGHT = 14.0, 10.0  # inches: 200 labels of this size find room beside their points
FONT_SIZE = 8.0  # points
GAP = 3.0  # pixels between a point and its label, and between labels
RINGS, STEPS = 24, 16  # where a label may stand: this many circles about its point, this many places on each
FAR = 16.0  # pixels beyond which a thin line ties a label to its point


class Box(NamedTuple):
    """A rectangle in pixels."""

    left: float
    bottom: float
    right: float
    top: float


def draw_map(path: str, words: Sequence[str], places: NDArray[np.float64], title: str, axes: Sequence[str]) -> int:
    """Write a picture of words at places [N, 2], the commonest first; .svg or .png by the path's ending.

    Returns how many labels found room. Raises ModelError where matplotlib is missing or the file cannot be written.
    """
    with figure(path, HEIGHT, WIDTH, FONT_SIZE) as drawn:
        plot = drawn.add_subplot()
        _prepare(plot, places, title, axes)
        drawn.canvas.draw()
        drawn.set_layout_engine("none")  # labels stand by the pixel: from here on nothing may move
        return _label(drawn, plot, [escape(word) for word in words], places)


def _prepare(plot: Any, places: NDArray[np.float64], title: str, axes: Sequence[str]) -> None:
    plot.scatter(places[:, 0], places[:, 1], s=9, color="#3366aa", linewidths=0, zorder=2)
    plot.set_title(title, fontsize=12, parse_math=False)
    plot.margins(0.06)
    if axes:
        plot.set_xlabel(axes[0])
        plot.set_ylabel(axes[1])
    else:
        plot.set_xticks([])
        plot.set_yticks([])


def _label(drawn: Any, plot: Any, words: Sequence[str], places: NDArray[np.float64]) -> int:
    """Put a label beside every point where it covers neither a label nor a point; return how many found room."""
    renderer = drawn.canvas.get_renderer()
    points = plot.transData.transform(places)
    frame = Box(*plot.get_window_extent(renderer).extents)
    taken = np.array([(x - 3, y - 3, x + 3, y + 3) for x, y in points])
    shown = 0
    for word, (x, y) in zip(words, points, strict=True):
        label = plot.text(0, 0, word, parse_math=False, va="bottom", ha="left", zorder=3)
        extent = label.get_window_extent(renderer)
        box = next((b for b in _places(x, y, extent.width, extent.height) if _free(b, taken, frame)), None)
        if box is None:
            label.remove()
            continue
        shown += 1
        taken = np.vstack([taken, box])
        label.set_position(plot.transData.inverted().transform((box.left, box.bottom)))
        _tie(plot, x, y, box)
    return shown


def _places(x: float, y: float, width: float, height: float) -> Iterator[Box]:
    """Yield where a label may stand, the nearest first; right of the point before all others."""
    for ring in range(RINGS):
        distance = GAP + 3 + ring * height * 0.6
        for step in range(STEPS):
            angle = (step + 1) // 2 * (1 if step % 2 else -1) * 2 * np.pi / STEPS
            middle_x = x + np.cos(angle) * (distance + width / 2)
            middle_y = y + np.sin(angle) * (distance + height / 2)
            yield Box(middle_x - width / 2, middle_y - height / 2, middle_x + width / 2, middle_y + height / 2)


def _free(box: Box, taken: NDArray[np.float64], frame: Box) -> bool:
    inside = box.left > frame.left and box.right < frame.right and box.bottom > frame.bottom and box.top < frame.top
    clear = (
        (taken[:, 0] >= box.right + 1)
        | (taken[:, 2] <= box.left - 1)
        | (taken[:, 1] >= box.top + 1)
        | (taken[:, 3] <= box.bottom - 1)
    )
    return inside and bool(clear.all())


def _tie(plot: Any, x: float, y: float, box: Box) -> None:
    near = (min(max(x, box.left), box.right), min(max(y, box.bottom), box.top))
    if np.hypot(near[0] - x, near[1] - y) > FAR:
        ends = plot.transData.inverted().transform([(x, y), near])
        plot.plot(ends[:, 0], ends[:, 1], color="#999999", linewidth=0.5, zorder=1)
