"""Sentences shaded by surprisal as one HTML page that opens without a network: nothing in it runs."""

from __future__ import annotations

import html
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from seqcli.plots.page import head

BITS = (2, 5, 8, 12)  # surprisal at which the next shade begins: a chance of 1 in 4, 32, 256, 4,096
END = "⏎"  # stands for the end of a sentence


class Part(NamedTuple):
    """A stretch of a sentence, and the bits of its surprisal; None for what is not predicted, such as a space."""

    text: str
    bits: float | None


def shade(bits: float | None) -> int:
    """Return the shade of a surprisal, 0 to 4."""
    return 0 if bits is None else bisect_right(BITS, bits)


def legend() -> Iterator[tuple[str, int]]:
    """Yield what each shade means, and the shade."""
    yield f"below {BITS[0]}", 0
    for at, (low, high) in enumerate(pairwise(BITS), 1):
        yield f"{low} to {high}", at
    yield f"{BITS[-1]} and more", len(BITS)


def begin(title: str, what: str) -> str:
    """Return the page down to its first sentence."""
    scale = " ".join(f'<li class="s{at}">{text} bits</li>' for text, at in legend())
    return head(title, _STYLE) + _BEGIN.format(title=html.escape(title), what=html.escape(what), scale=scale)


def sentence(parts: Sequence[Part], figures: str) -> str:
    """Return one sentence of the page, with its figures below it."""
    words = "".join(_word(part) for part in parts)
    return f'<li><p dir="auto">{words}</p><small>{html.escape(figures)}</small></li>\n'


def end() -> str:
    """Return the page from its last sentence on."""
    return "</ol>\n</main>\n</html>\n"


def _word(part: Part) -> str:
    text = html.escape(part.text)
    if part.bits is None:
        return text
    value = f"{part.bits:.1f}"
    return f'<span class="w s{shade(part.bits)}" tabindex="0" data-bits="{value}">{text}</span>'


_STYLE = """
  :root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fff; --soft: #5c5c5c; --line: #ccc; --tip: #222;
          --s1: #fdf3c8; --s2: #fcd98a; --s3: #f5a35c; --s4: #b3261e; --s4ink: #fff; }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #e8e8e8; --paper: #161616; --soft: #a8a8a8; --line: #444; --tip: #f0f0f0;
            --s1: #3a341b; --s2: #594312; --s3: #7d4512; --s4: #f2857c; --s4ink: #1b1b1b; } }
  body { margin: 0; font: 17px/1.9 Georgia, serif; color: var(--ink); background: var(--paper); }
  main { max-width: 46em; margin: 0 auto; padding: 1em 1.2em 5em; }
  h1 { font-size: 1.2em; margin: 0; }
  header, small { font-family: system-ui, sans-serif; font-size: 14px; line-height: 1.5; color: var(--soft); }
  header h1 { color: var(--ink); }
  .scale { list-style: none; display: flex; flex-wrap: wrap; gap: .4em 1em; padding: 0; margin: .6em 0; }
  .scale li { padding: 0 .4em; border-radius: 3px; color: var(--ink); }
  ol.text { padding: 0; list-style: none; }
  ol.text > li { border-top: 1px solid var(--line); padding: .5em 0; }
  p { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
  .w { position: relative; border-radius: 3px; }
  .s1 { background: var(--s1); }
  .s2 { background: var(--s2); border-bottom: 2px dotted var(--ink); }
  .s3 { background: var(--s3); border-bottom: 2px solid var(--ink); }
  .s4, .scale .s4 { background: var(--s4); color: var(--s4ink); border-bottom: 4px double var(--ink); }
  .w:hover, .w:focus { outline: 2px solid var(--soft); }
  .w:hover::after, .w:focus::after, body:has(#all:checked) .w::after {
    content: attr(data-bits); font: 11px/1 system-ui, sans-serif; }
  .w:hover::after, .w:focus::after { position: absolute; left: 0; top: 100%; z-index: 1; padding: 3px 5px;
    white-space: nowrap; border-radius: 3px; color: var(--paper); background: var(--tip); }
  .w:hover::after, .w:focus::after { content: attr(data-bits) " bits"; }
  body:has(#all:checked) .w:not(:hover):not(:focus)::after { vertical-align: sub; margin-left: 1px; }
"""

_BEGIN = """<body>
<main>
<header>
  <h1>{title}</h1>
  {what}
  <ul class="scale" aria-label="What the shades mean: surprisal">{scale}</ul>
  Surprisal in bits: each bit halves the chance that the model gave a word; at 10 bits it was 1 in 1,024.
  Point at a word, or step through with the Tab key, for its value; {end_mark} is the end.
  <label><input type="checkbox" id="all"> show every value</label>
</header>
<ol class="text">
""".replace("{end_mark}", END)
