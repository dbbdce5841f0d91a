"""The page: what is known of one model or two, and what they say, in one file that loads nothing."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from seqcli.errors import check_installed, escape
from seqcli.reports.again import again, remark
from seqcli.reports.contents import Answers, Asked
from seqcli.reports.meanings import Figure, figures_of, signature
from seqcli.tasks import TASKS, resolved

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store import Record
    from seqcli.text.form import Form

ROOMS = {"lm": "language"}  # task -> module of this package, where it is called otherwise
PARTS = (
    ("learned", "its text"),
    ("curve", "its curve"),
    ("figures", "its figures"),
    ("said", "what it says"),
    ("weak", "where it is weak"),
    ("again", "make it again"),
)
HERE = Path(__file__).parent
INK = {"#000000": "currentColor", "#3366aa": "var(--one)", "#b3541e": "var(--two)", "fill: #ffffff": "fill: none"}


@dataclass(frozen=True)
class Told:
    """What a page tells of one model."""

    name: str
    facts: list[tuple[str, str]]
    figures: list[Figure]
    signature: str
    said: list[Answers]
    weak: list[Answers]
    again: str
    remark: str


def check_jinja() -> None:
    """Raise ModelError where jinja2 is not installed; it is not loaded."""
    check_installed("jinja2", "A report needs jinja2")


def told(session: Session, record: Record, facts: list[tuple[str, str]], asked: Asked, form: Form) -> Told:
    """Return what a page tells of a model; facts: what is known of it, as a person reads it."""
    room = importlib.import_module(f"seqcli.reports.{ROOMS.get(record.task, record.task)}")
    model = resolved(TASKS[record.task].load)(session, record)
    said = list(room.said(model, asked, form))
    weak = list(room.weak(model, asked, form)) if asked.test or record.task == "vectors" else []
    texts = figures_of(record), signature(record)
    return Told(record.name, facts, *texts, said, weak, again(record), remark(record))


def page(title: str, version: str, models: Sequence[Told], records: Sequence[Record]) -> str:
    """Return the page of one model, or of two side by side."""
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    from seqcli.plots.page import head

    made = Environment(loader=FileSystemLoader(HERE), autoescape=True)
    made.filters["plain"] = lambda value: escape(str(value))
    shown = [replace(one, said=_inlined(one.said), weak=_inlined(one.weak)) for one in models]
    style = (HERE / "page.css").read_text("utf-8")
    curves = [Markup(_inline(svg, themed=True)) for svg in _curves(records)]
    return made.get_template("page.html").render(
        head=Markup(head(title, style, pictures=True)),
        **{"title": title, "version": version, "parts": PARTS, "models": shown},
        **{"curves": curves, "figures": list(_rows(models))},
    )


def _rows(models: Sequence[Told]) -> Iterator[tuple[Figure, list[str]]]:
    """Yield every figure that a model has, with the value of each."""
    meanings = {figure.key: figure for model in reversed(models) for figure in model.figures}
    for key, figure in meanings.items():
        values = [{one.key: one.value for one in model.figures}.get(key) for model in models]
        yield (
            figure,
            ["" if value is None else f"{value:,}" if type(value) is int else f"{value:.4g}" for value in values],
        )


def _curves(records: Sequence[Record]) -> Iterator[str]:
    """Yield the pictures of curves: one of models whose figures are of one kind, else one of each."""
    from seqcli.plots.learning_curve import draw_learning_curves

    found: dict[tuple[str, str], dict[str, list[tuple[float, float]]]] = {}
    for record in records:
        history = record.history()
        unit = next((key for key in ("tokens", "words") if history and key in history[0]), "update")
        points = [(row[unit], row["held_out"]) for row in history[1:]]  # the first is the untrained model
        if len(points) > 1:
            found.setdefault((record.task, unit), {})[record.name] = points
    for (_, unit), curves in found.items():
        drawn = BytesIO()
        draw_learning_curves(drawn, curves, "updates" if unit == "update" else unit)
        yield drawn.getvalue().decode()


def _inlined(answers: Sequence[Answers]) -> list[Answers]:
    from markupsafe import Markup

    return [
        replace(one, pictures=[(Markup(_inline(svg)), escape(words)) for svg, words in one.pictures]) for one in answers
    ]


def _inline(svg: str, themed: bool = False) -> str:
    """Return a picture as it stands in a page: without what only a file has; themed: in the page's own colours."""
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(
        r'\sid="(?:figure|axes|patch|line2d|text|xtick|ytick|matplotlib|legend|image|QuadMesh)[\w.]*"', "", svg
    )
    for colour, ours in INK.items() if themed else ():
        svg = svg.replace(colour, ours)
    return svg
