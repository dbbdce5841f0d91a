"""Printed pages become text again: running heads and page numbers left out, lines joined to paragraphs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

EDGE = 2  # lines at the head and at the foot of a page that may be said on every one
REPEATED = 3  # pages that must say the same there
SHARE = 0.2  # of all pages
SHORT = 0.8  # of the usual width: a shorter line that ends a sentence ends its paragraph
_NUMBER = re.compile(r"[\W_]*(\d{1,4}|[ivxlc]{1,7})[\W_]*|((page|seite)\s*)?\d{1,4}\s*(of|von|/)\s*\d{1,4}", re.I)
_SENTENCE = re.compile(r"[.!?…:]['\"”’»)\]]*$|[。！？][」』）]?$")
_ITEM = re.compile(r"[•◦▪‣●■·]\s*\S")  # begins an item of a list
_HEADING = re.compile(r"\d{1,2}(\.\d{1,2})+\.?\s+\S")  # 2.1. A heading
_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u00ad\u2010]$")


def without_running_heads(pages: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of pages without what many of them say at their edge; a blank line stays one."""
    said: Counter[str] = Counter()
    for page in pages:
        full = [line for line in page if line.strip()]
        said.update({_same(line) for line in (*full[:EDGE], *full[-EDGE:])})
    often = {line for line, count in said.items() if count >= max(REPEATED, SHARE * len(pages))}
    for page in pages:
        places = [i for i, line in enumerate(page) if line.strip()]
        edges = {i for i in (*places[:EDGE], *places[-EDGE:]) if _same(page[i]) in often}
        edges |= {i for i in (*places[:1], *places[-1:]) if _NUMBER.fullmatch(page[i].strip())}
        yield from (line for i, line in enumerate(page) if i not in edges)


def _same(line: str) -> str:
    """Return a line as it is on every page: a number in it counts on."""
    return re.sub(r"\d+", "0", " ".join(line.split()))


def joined_paragraphs(lines: Iterable[str]) -> Iterator[str]:
    """Yield the paragraphs that lines were before they were set: hyphens taken back, the lines of each joined."""
    whole = [" ".join(line.split()) for line in lines]
    lengths = sorted(len(line) for line in whole if line)
    usual = lengths[9 * len(lengths) // 10] if lengths else 0  # the width of the type area; headings are shorter
    waiting = ""
    for line in [*whole, ""]:
        if not line:
            if waiting:
                yield waiting
            waiting = ""
            continue
        if waiting and (_ITEM.match(line) or _HEADING.match(line)):
            yield waiting
            waiting = ""
        waiting = _joined(waiting, line) if waiting else line
        if (_SENTENCE.search(line) or _HEADING.match(line)) and len(line) < SHORT * usual:
            yield waiting
            waiting = ""


def _joined(before: str, after: str) -> str:
    if _HYPHEN.search(before) and after[:1].islower():
        return before[:-1] + after
    if before[-1] > "\u2e7f" and after[0] > "\u2e7f":  # no space stands between Japanese or Chinese characters
        return before + after
    return f"{before} {after}"
