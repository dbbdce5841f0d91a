"""How well translators do on short and on long sentences, as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seqcli.plots.figure import figure

MARKS = "osD^vP"  # told apart without colours
HEIGHT = 4.2  # inches
LABEL = 0.06  # of the axis: height of a name at a line's end


def draw_by_length(path: str, lengths: Sequence[str], bleu: Mapping[str, Sequence[float]]) -> None:
    """Write the picture: a line for each translator, its BLEU at each length; bleu: by the translator's name."""
    with figure(path, HEIGHT) as canvas:
        plot = canvas.subplots()
        lines = [
            plot.plot(range(len(lengths)), values, marker=MARKS[i % len(MARKS)], markersize=8)[0]
            for i, values in enumerate(bleu.values())
        ]
        plot.set_xticks(range(len(lengths)), lengths)
        plot.set_xlabel("characters of the source: a quarter of the sentences each")
        plot.set_ylabel("BLEU")
        plot.set_ylim(bottom=0.0)
        places = apart([values[-1] for values in bleu.values()], LABEL * plot.get_ylim()[1])
        for name, line, place in zip(bleu, lines, places, strict=True):
            end = len(lengths) - 1, place
            plot.annotate(
                f" {name}", end, xytext=(8, 0), textcoords="offset points", va="center", color=line.get_color()
            )


def apart(values: Sequence[float], gap: float) -> list[float]:
    """Return where labels of values stand: at them, or higher where one would come nearer than gap to another."""
    places, last = [0.0] * len(values), -gap
    for i in sorted(range(len(values)), key=values.__getitem__):
        places[i] = last = max(values[i], last + gap)
    return places
