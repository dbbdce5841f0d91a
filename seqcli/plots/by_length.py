"""How well translators do on short and on long sentences, as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seqcli.plots.figure import figure

MARKS = "osD^vP"  # told apart without colours
HEIGHT = 4.2  # inches


def draw_by_length(path: str, lengths: Sequence[str], bleu: Mapping[str, Sequence[float]]) -> None:
    """Write the picture: a line for each translator, its BLEU at each length; bleu: by the translator's name."""
    with figure(path, HEIGHT) as canvas:
        plot = canvas.subplots()
        for i, (name, values) in enumerate(bleu.items()):
            (line,) = plot.plot(range(len(lengths)), values, marker=MARKS[i % len(MARKS)], markersize=8)
            plot.annotate(
                f" {name}",
                (len(lengths) - 1, values[-1]),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
                color=line.get_color(),
            )
        plot.set_xticks(range(len(lengths)), lengths)
        plot.set_xlabel("characters of the source: a quarter of the sentences each")
        plot.set_ylabel("BLEU")
        plot.set_ylim(bottom=0.0)
