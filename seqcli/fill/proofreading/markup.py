"""What stands in a text and is no prose: code, LaTeX commands, HTML tags, addresses, and the marks of Markdown."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

OPAQUE = "\ufffc"  # stands for what is left alone inside a sentence: one object, never judged
BREAK = "\n\n"  # stands for a block that is left alone: a paragraph ends there
LATEX_FILES = (".tex", ".ltx", ".latex", ".sty", ".cls")
_LATEX_SIGN = re.compile(r"\\(?:documentclass|begin\{|section\*?\{|chapter\*?\{|usepackage)")
_NAMING = "cite|citep|citet|ref|eqref|pageref|autoref|cref|Cref|label|url|input|include|includegraphics|usepackage"
_COMMON = (
    ("break", r"(?ms)^(?P<fence>```+|~~~+)[^\n]*\n.*?(?:^(?P=fence)[`~]*[ \t]*$|\Z)"),
    ("object", r"(?<!`)(?P<ticks>`{1,3})(?!`)[^`\n]+(?:\n[^`\n]+)?(?P=ticks)(?!`)"),
    ("gone", r"(?s)<!--.*?-->"),
    ("gone", r"</?[A-Za-z][\w-]*(?:\s[^<>\n]*)?/?>"),
)
_MARKDOWN = (
    ("break", r"(?s)\A---\n.*?\n---[ \t]*(?:\n|\Z)"),  # front matter
    ("break", r"(?m)^[ \t]*\[[^\]\n]+\]:[ \t]*\S+.*$"),  # where a reference leads
    ("break", r"(?m)^[ \t]*\|?(?:[ \t]*:?-{3,}:?[ \t]*\|?)+[ \t]*$"),  # a rule, or that of a table
    ("gone", r"!?\[(?=[^\]\n]*\]\()"),
    ("gone", r"\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)"),  # a link's address
    ("gone", r"(?m)^[ \t]*(?:#{1,6}[ \t]+|(?:>[ \t]?)+|[-*+][ \t]+(?=\S)|\d{1,3}[.)][ \t]+(?=\S))"),
    ("gone", r"(?<!\w)(?:\*{1,3}|_{1,3}|~~)(?=\w|[\"'“‘(])|(?<=[\w.,;:!?\"'”’)])(?:\*{1,3}|_{1,3}|~~)(?!\w)"),
    ("break", r"\|"),
    ("object", r"\$\$[^$]+\$\$|(?<![\\$\w])\$(?=\S)[^$\n]+(?<=\S)\$(?!\d)"),
    ("object", r"\\[A-Za-z]+\*?(?:\{[^{}\n]*\})*"),
)
_LATEX = (
    ("gone", r"(?m)(?<!\\)%.*$"),
    (
        "break",
        r"(?s)\\begin\{(?P<what>equation|align|gather|multline|verbatim|lstlisting|minted|tabular|tikzpicture|math"
        r"|displaymath|eqnarray)(?P<star>\*?)\}.*?\\end\{(?P=what)(?P=star)\}",
    ),
    ("break", r"(?s)\\\[.*?\\\]|\$\$.*?\$\$"),
    ("object", r"(?s)\\\(.*?\\\)|(?<!\\)\$[^$]+?(?<!\\)\$"),
    ("object", r"\\verb\*?(?P<bar>[^\w\s*]).*?(?P=bar)"),
    ("break", r"\\(?:begin|end)\{[^{}]*\}(?:\[[^\]\n]*\]|\{[^{}\n]*\})*"),
    ("object", rf"\\(?:{_NAMING})\*?(?:\[[^\]\n]*\])*\{{[^{{}}]*\}}"),
    ("break", r"\\(?:documentclass|bibliography|bibliographystyle|newcommand|renewcommand|def|set\w+)\b[^\n]*"),
    ("break", r"\\(?:part|chapter|section|subsection|subsubsection|paragraph|item|caption|title|author)\*?(?=[{\s\[])"),
    ("gone", r"\\[A-Za-z@]+\*?(?:\[[^\]\n]*\])?|\\[,;:!>/ ]|[{}]|~"),
    ("gone", r"\\(?=[%&$#_])"),
)


def _joined(rules: tuple[tuple[str, str], ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for _, pattern in rules)


_KINDS = {"markdown": (*_COMMON, *_MARKDOWN), "latex": _LATEX}
_PATTERNS = {name: _joined(rules) for name, rules in _KINDS.items()}
_SIGNS = re.compile(r"[`<\[#>*_~|$\\]|^[ \t]*[-+]|---|\A---", re.MULTILINE)  # without one of them nothing is markup


def kind_of(path: str, text: str) -> str:
    """Return "latex" or "markdown", whose marks plain text lacks, by a file's name or else by what stands in it."""
    if path.lower().endswith(LATEX_FILES) or _LATEX_SIGN.search(text):
        return "latex"
    return "markdown"


class Span(NamedTuple):
    """A stretch that is no prose. what: "object" inside a sentence, "break" between two, or "gone" as if not there."""

    start: int
    end: int
    what: str


def left_alone(text: str, kind: str) -> list[Span]:
    """Return the stretches of a text that are no prose, in order, none overlapping; an earlier rule counts more."""
    if kind == "markdown" and not _SIGNS.search(text):
        return []
    taken: list[Span] = []
    for (what, _), pattern in zip(_KINDS[kind], _PATTERNS[kind], strict=True):
        found = [Span(m.start(), m.end(), what) for m in pattern.finditer(text) if m.end() > m.start()]
        if found:
            taken = sorted(_free(found, taken) + taken) if taken else found
    return taken


def _free(found: list[Span], taken: list[Span]) -> list[Span]:
    """Return those of some spans that touch none of those taken."""
    starts = [span.start for span in taken]
    free = []
    for span in found:
        i = bisect_right(starts, span.start)
        before = i == 0 or taken[i - 1].end <= span.start
        if before and (i == len(taken) or taken[i].start >= span.end):
            free.append(span)
    return free


class Prose:
    """A text without its markup, every place of it known in the text as written."""

    def __init__(self, text: str, kind: str) -> None:
        parts, starts, places = [], [0], [0]
        at = size = 0
        for span in left_alone(text, kind):
            instead = {"object": OPAQUE, "break": BREAK, "gone": ""}[span.what]
            parts += [text[at : span.start], instead]
            size += span.start - at
            starts += [size, size + len(instead)]
            places += [span.start, span.end]
            size += len(instead)
            at = span.end
        self.text = "".join([*parts, text[at:]]) if parts else text
        self._starts, self._places = starts, places

    def place(self, at: int, end: bool = False) -> int:
        """Return where a place of the prose is in the text; end: it is the place behind something."""
        if len(self._starts) == 1:
            return at
        i = bisect_right(self._starts, at - end) - 1
        return self._places[i] + at - self._starts[i]


def lines_of(text: str) -> Iterator[int]:
    """Yield where each line of a text begins; lines end at a newline only."""
    yield 0
    at = text.find("\n")
    while at >= 0:
        yield at + 1
        at = text.find("\n", at + 1)
