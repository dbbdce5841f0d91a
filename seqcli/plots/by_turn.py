"""How well dialogue models know what comes next, early and late in a dialogue, as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seqcli.plots.by_length import LABEL, MARKS, apart
from seqcli.plots.figure import figure

HEIGHT = 4.2  # inches


def draw_by_turn(path: str, perplexities: Mapping[str, Sequence[tuple[int, float]]], deepest: int, what: str) -> None:
    """Write the picture: a line for each model, its figure at each depth. deepest: stands for that and more.

    perplexities: by the model's name, (utterances before the reply, figure). what: the figure's name.
    """
    with figure(path, HEIGHT) as canvas:
        plot = canvas.subplots()
        lines = []
        for i, points in enumerate(perplexities.values()):
            turns, values = zip(*points, strict=True)
            lines.append(plot.plot(turns, values, marker=MARKS[i % len(MARKS)], markersize=7)[0])
        ticks = sorted({turn for points in perplexities.values() for turn, _ in points})
        plot.set_xticks(ticks, [f"{turn}+" if turn == deepest else str(turn) for turn in ticks])
        plot.set_xlabel("utterances before the reply")
        plot.set_ylabel(what)
        low, high = plot.get_ylim()
        places = apart([points[-1][1] for points in perplexities.values()], LABEL * (high - low))
        for (name, points), line, place in zip(perplexities.items(), lines, places, strict=True):
            plot.annotate(
                f" {name}",
                (points[-1][0], place),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
                color=line.get_color(),
            )
