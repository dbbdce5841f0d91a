"""A figure from its first line to the file: matplotlib asked for, fonts found, the same bytes for the same numbers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import Any

from seqcli.errors import check_installed
from seqcli.store.files import write_whole

DPI = 150
FONT_SIZE = 13.0  # points, on a figure 7 inches wide: still read when a phone shows it three inches wide
WIDTH = 7.0  # inches
JAPANESE_FONTS = (  # what systems bring: Linux, macOS, Windows
    "Noto Sans CJK JP", "Noto Sans JP", "Source Han Sans JP", "IPAexGothic", "IPAGothic", "TakaoGothic", "VL Gothic",
    "Hiragino Sans", "Hiragino Kaku Gothic ProN", "BIZ UDGothic", "Yu Gothic", "Meiryo", "MS Gothic",
)  # fmt: skip


def check_matplotlib() -> None:
    """Raise ModelError where matplotlib is not installed; it is not loaded, which takes longer than many an answer."""
    check_installed("matplotlib", "Pictures need matplotlib")


def load_matplotlib() -> Any:
    """Return matplotlib, set to draw into files. Raises ModelError where it is not installed."""
    check_matplotlib()
    import matplotlib

    matplotlib.use("Agg")
    return matplotlib


def japanese_font() -> str | None:
    """Return the name of a Japanese font that this system has, or None."""
    load_matplotlib()
    from matplotlib import font_manager

    manager = font_manager.fontManager
    if found := _first({font.name for font in manager.ttflist}):
        return found
    for path in set(font_manager.findSystemFonts()) - {font.fname for font in manager.ttflist}:
        with suppress(Exception):  # matplotlib's list is older than the font; a file that it cannot read is none
            manager.addfont(path)
    return _first({font.name for font in manager.ttflist})


def _first(installed: set[str]) -> str | None:
    return next((name for name in JAPANESE_FONTS if name in installed), None)


@contextmanager
def figure(path: str | BytesIO, height: float, width: float = WIDTH, font_size: float = FONT_SIZE) -> Iterator[Any]:
    """Give a figure to draw into, then write it: .png or .svg by the path's ending, SVG into bytes. ModelError."""
    matplotlib = load_matplotlib()
    from matplotlib import pyplot as plt

    font = japanese_font()
    settings: dict[str, Any] = {
        "font.family": ["DejaVu Sans", *([font] if font else [])],  # the first that has a letter draws it
        "font.size": font_size,
        "lines.linewidth": 2.2,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "seqcli",
        "hatch.linewidth": 0.8,
    }
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a letter that no font has
        drawn = plt.figure(figsize=(width, height), dpi=DPI, layout="constrained")
        try:
            yield drawn
            kind, made = "svg" if isinstance(path, BytesIO) else path.lower()[-3:], BytesIO()
            drawn.savefig(made, format=kind, metadata={"Date": None} if kind == "svg" else {"Software": None})
            if isinstance(path, BytesIO):
                path.write(made.getvalue())
            else:
                write_whole(path, [made.getvalue()])
        finally:
            plt.close(drawn)
