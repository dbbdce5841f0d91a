"""What is said in a film, from its subtitles (.srt, .vtt): an utterance, or a speaker's part of one, a line."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

_TIME = re.compile(r"\s*(?:\d{1,3}:)?\d{1,3}:\d\d[,.]\d{1,3}\s*-->")
_MARKS = re.compile(r"<[^<>\n]{0,80}>|\{\\[^{}\n]{0,80}\}")  # <i>, <c.yellow>, {\an8}
_SOUNDS = re.compile(
    r"\[[^\[\]]*\]|\([^()]*\)|（[^（）]*）|［[^［］]*］|[♪♫#*]+(?=\s|$)|(?<!\S)[♪♫#]+"
)  # [door slams], ♪
_SPEAKER = re.compile(r"^[^\W\d_][^:\n\u3000-\u9fff]{0,25}:\s+(?=\S)")  # JOHN: Hello.
_DASH = re.compile(r"^\s*[-–—‐]+\s*")
_ENDS = re.compile(r"[.!?…:;\"'”’»)\]。！？]$")


def lines(text: str, where: str = "") -> Iterator[str]:
    """Yield what is said. A sentence that goes on in the next title is joined to it."""
    waiting = ""
    for title in _titles(text):
        for part in _parts(title):
            goes_on = waiting and not _ENDS.search(waiting) and part[:1].islower()
            if waiting and not goes_on:
                yield waiting
            waiting = f"{waiting} {part}" if goes_on else part
    if waiting:
        yield waiting


def _titles(text: str) -> Iterator[list[str]]:
    """Yield the lines of each title; numbers, times, notes and styles are none."""
    found: list[str] | None = None
    for line in [*text.splitlines(), ""]:
        if _TIME.match(line):
            if found:
                yield found[:-1] if found[-1].strip().isdigit() else found  # the number above a time without a gap
            found = []
        elif not line.strip():
            if found:
                yield found
            found = None
        elif found is not None:
            found.append(line)


def _parts(title: list[str]) -> Iterator[str]:
    """Yield what each speaker says in a title: a dash begins another one's part."""
    whole = _SOUNDS.sub(" ", html.unescape(_MARKS.sub("", "\n".join(title))))
    parts: list[str] = []
    for line in whole.split("\n"):
        if not line.strip():
            continue
        if not parts or _DASH.match(line):
            parts.append(_DASH.sub("", line))
        else:
            parts[-1] += ("" if _is_wide(parts[-1], line) else " ") + line.strip()
    for part in parts:
        said = " ".join(_SPEAKER.sub("", part.strip()).split())
        if any(map(str.isalnum, said)):
            yield said


def _is_wide(before: str, after: str) -> bool:
    """Return whether no space stands where two lines meet: Japanese and Chinese."""
    return before[-1:] > "\u2e7f" and after.strip()[:1] > "\u2e7f"
