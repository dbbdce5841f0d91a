"""A text with its marks as one HTML page that opens without a network: point at a mark to see what it says."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from seqcli.plots.page import head


class MarkedSpan(NamedTuple):
    """A stretch of a text that is marked: what is said of it, and how strongly, 0 to 1."""

    start: int
    end: int
    said: str
    strength: float


SHADES = ((0.8, "s3"), (0.5, "s2"), (0.0, "s1"))  # strength from which a mark is shown so
POINT = "\u200b"  # stands where nothing is marked but a place


def marked_page(title: str, texts: Sequence[tuple[str, str, Sequence[MarkedSpan]]]) -> Iterator[str]:
    """Yield the page: of each text its name, itself and its marks, which are in order and overlap nowhere."""
    yield head(title, _STYLE)
    total = sum(len(spans) for _, _, spans in texts)
    scale = "".join(
        f'<li class="{name}">{what}</li>'
        for (_, name), what in zip(SHADES, ("80 % and more", "50 to 80 %", "less"), strict=True)
    )
    yield _BEGIN.format(title=html.escape(title), total=f"{total:,}", scale=scale)
    for name, text, spans in texts:
        yield f'<section><h2>{html.escape(name)} <small>{len(spans):,}</small></h2>\n<div class="text" dir="auto">'
        at = 0
        for span in spans:
            yield html.escape(text[at : span.start]) + _mark(text, span)
            at = span.end
        yield html.escape(text[at:]) + "</div></section>\n"
    yield "</main>\n</html>\n"


def _mark(text: str, span: MarkedSpan) -> str:
    shade = next(name for least, name in SHADES if span.strength >= least)
    word, said = html.escape(text[span.start : span.end]) or POINT, html.escape(span.said, quote=True)
    return f'<mark class="{shade}" tabindex="0" aria-label="{said}" data-said="{said}">{word}</mark>'


_STYLE = """
  :root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fff; --soft: #5c5c5c; --line: #ccc; --tip: #222;
          --s1: #fdf3c8; --s2: #fcd98a; --s3: #f7b0a8; }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #e8e8e8; --paper: #161616; --soft: #a8a8a8; --line: #444; --tip: #f0f0f0;
            --s1: #3a341b; --s2: #594312; --s3: #6d2a22; } }
  body { margin: 0; font: 17px/1.7 Georgia, serif; color: var(--ink); background: var(--paper); }
  main { max-width: 46em; margin: 0 auto; padding: 1em 1.2em 6em; }
  h1 { font-size: 1.2em; margin: 0; }
  h2 { font: 600 15px/1.5 system-ui, sans-serif; border-top: 1px solid var(--line); padding-top: .6em; }
  header, small { font-family: system-ui, sans-serif; font-size: 14px; line-height: 1.5; color: var(--soft); }
  header h1 { color: var(--ink); }
  ul { list-style: none; display: flex; flex-wrap: wrap; gap: .4em 1em; padding: 0; margin: .6em 0; }
  li { padding: 0 .4em; border-radius: 3px; color: var(--ink); }
  .text { white-space: pre-wrap; overflow-wrap: anywhere; }
  mark { position: relative; border-radius: 3px; color: inherit; cursor: help; }
  .s1 { background: var(--s1); border-bottom: 2px dotted var(--ink); }
  .s2 { background: var(--s2); border-bottom: 2px solid var(--ink); }
  .s3 { background: var(--s3); border-bottom: 4px double var(--ink); }
  mark:hover, mark:focus { outline: 2px solid var(--soft); }
  mark:hover::after, mark:focus::after { content: attr(data-said); position: absolute; left: 0; top: 100%; z-index: 1;
    width: max-content; max-width: 22em; padding: 4px 8px; border-radius: 4px; white-space: normal;
    font: 13px/1.4 system-ui, sans-serif; color: var(--paper); background: var(--tip); }
"""

_BEGIN = """<body>
<main>
<header>
  <h1>{title}</h1>
  {total} marks. Point at one, or step through them with the Tab key, to see what was meant.
  <ul aria-label="How surely it is an error">{scale}</ul>
</header>
"""
