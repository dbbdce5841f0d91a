"""Draw what README's examples print as a terminal that fills line by line: .venv/bin/python docs/recording.py [--check]

A picture in SVG with no script, no font and no address in it. Who asked for less motion sees all lines at once.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html import escape

from examples import HERE, ROOT, RUN, STEP

from seqcli.cli.layout import display_width, wrapped

COLUMNS = 80
CELL, LINE, MARGIN = 8.43, 20, 16  # pixels: of a character of 14 pixels, of a line, around
TYPED, PRINTED = 1.2, 0.08  # seconds before what is typed, and before each line that is printed
PICTURES = {"README.md": "recording.svg", "README.ja.md": "recording.ja.svg"}
STYLE = (
    "text{font:14px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono','Noto Sans Mono CJK JP',monospace;fill:#e6edf3;"
    "white-space:pre;animation:appear .01s both}.typed{fill:#7ee787;font-weight:bold}"
    "@keyframes appear{from{opacity:0}to{opacity:1}}@media(prefers-reduced-motion:reduce){text{animation:none}}"
)


def lines(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the lines of a page's examples as a terminal breaks them, each with whether it was typed."""
    for block in RUN.findall(text):
        for command, output in STEP.findall(block):
            for i, part in enumerate(wrapped(f"$ {command}", COLUMNS - 2)):
                yield ("  " if i else "") + part, True
            yield from ((line, False) for line in output.splitlines())


def drawing(text: str, title: str) -> str:
    """Return the picture of a page's examples."""
    shown = list(lines(text))
    width, height = COLUMNS * CELL + 2 * MARGIN, len(shown) * LINE + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<rect width="{width:.0f}" height="{height}" rx="8" fill="#161b22"/>',
    ]
    now = 0.0
    for i, (line, typed) in enumerate(shown):
        now += TYPED if line.startswith("$ ") and typed else PRINTED
        kind = ' class="typed"' if typed else ""
        place = f'x="{MARGIN}" y="{MARGIN + (i + 0.75) * LINE:.0f}" textLength="{display_width(line) * CELL:.0f}"'
        if line:
            parts.append(f'<text{kind} {place} style="animation-delay:{now:.2f}s">{escape(line)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def main(check: bool) -> None:
    """Draw the pictures, or say which is not what README shows."""
    for page, name in PICTURES.items():
        picture, drawn = HERE / "pictures" / name, drawing((ROOT / page).read_text("utf-8"), "seqcli")
        if not check:
            picture.write_text(drawn, "utf-8")
        elif not picture.exists() or picture.read_text("utf-8") != drawn:
            raise SystemExit(f"{picture} is not what {page} shows; run: .venv/bin/python docs/recording.py")


if __name__ == "__main__":
    main("--check" in sys.argv)
