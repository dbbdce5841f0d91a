"""A curve drawn in characters."""

from __future__ import annotations

from collections.abc import Iterable

ROWS, COLUMNS = 10, 60  # fits an 80-column terminal with its labels


def curve(points: Iterable[tuple[float, float]], left: str, below: str) -> str:
    """Return a curve (x, y) drawn in dots, with the range of both axes and what they are."""
    xy = list(points)
    xs, ys = [x for x, _ in xy], [y for _, y in xy]
    low, high, last = min(ys), max(ys), max(xs) or 1.0
    grid = [[" "] * COLUMNS for _ in range(ROWS)]
    for x, y in xy:
        row = round((high - y) / (high - low or 1.0) * (ROWS - 1))
        grid[row][round(x / last * (COLUMNS - 1))] = "●"
    labels = [f"{high:.5g}", *[""] * (ROWS - 2), f"{low:.5g}"]
    width = max(map(len, labels))
    lines = [f"{label:>{width}} ┤{''.join(row).rstrip()}" for label, row in zip(labels, grid, strict=True)]
    axis = f"{'':>{width}} └{'─' * COLUMNS}"
    return "\n".join([left, *lines, axis, f"{'':>{width}}  0{f'{last:,.0f} {below}':>{COLUMNS - 1}}"])
