"""What a reader sees of an article written in wikitext: its paragraphs, without templates, tables and links' marks."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

_UNSEEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<(ref|math|gallery|timeline|source|syntaxhighlight|score|imagemap|chem|hiero|graph)\b[^<>]*?"
    r"(?:/>|>.*?(?:</\1\s*>|\Z))",
    re.DOTALL | re.IGNORECASE,
)
_LANGUAGE = re.compile(r"\{\{\s*lang\s*\|[^|{}]*\|([^|{}]*)[^{}]*\}\}", re.IGNORECASE)  # {{lang|fr|mot}}
_BRACES = re.compile(r"(\{\{|\}\})")
_TABLES = re.compile(r"^\s*:*(\{\||\|\})", re.MULTILINE)
_LINK = re.compile(r"\[\[([^\[\]]*)\]\]")
_ADDRESS = re.compile(r"\[(?:https?:|ftp:|mailto:|//)[^\s\]]*\s*([^\]]*)\]|https?://[^\s<>|\]]+")
_BREAK = re.compile(r"<br\b[^<>]{0,40}>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,500}>")
_QUOTES = re.compile(r"'{2,5}")
_MAGIC = re.compile(r"__[^\W\d_]+__|-\{(?:[^{}|]*\|)?|\}-")
NESTED = 4  # links within links: a caption's, in a picture's
EMPTY_BRACKETS = re.compile(r"[(（\[][\s,;、，:]*[)）\]]")  # what is left of a pronunciation in a template


def paragraphs_of_article(source: str, unread: frozenset[str]) -> Iterator[str]:
    """Yield the paragraphs and the items of lists. unread: namespaces, in lower case, whose links are no text."""
    text = _outside(_BRACES, "{{", _LANGUAGE.sub(r"\1", _UNSEEN.sub("", source)))
    text = _outside(_TABLES, "{|", text)

    def shown(link: re.Match[str]) -> str:
        target, _, rest = link[1].partition("|")
        if ":" in target and target.split(":")[0].strip().lower() in unread:
            return ""
        return rest.rpartition("|")[2] if rest else target.removeprefix(":")

    for _ in range(NESTED):
        text, count = _LINK.subn(shown, text)
        if not count:
            break
    text = _QUOTES.sub("", _ADDRESS.sub(r"\1", text))
    for line in _TAG.sub("", _BREAK.sub(" ", _MAGIC.sub("", text))).split("\n"):
        line = line.strip()
        if (line[:1] == line[-1:] == "=") or line.startswith(("|", "!", "----")):
            continue
        line = " ".join(EMPTY_BRACKETS.sub("", html.unescape(html.unescape(line.lstrip("*#:; \t")))).split())
        if any(map(str.isalnum, line)):
            yield line


def _outside(marks: re.Pattern[str], begin: str, text: str) -> str:
    """Return what stands outside of all pairs of marks; one that is never closed is only a mark."""
    parts = marks.split(text)
    kept, places = [parts[0]], list[int]()  # places: how much had been kept where each open mark stands
    for mark, between in zip(parts[1::2], parts[2::2], strict=True):
        if mark == begin:
            places.append(len(kept))
        elif places:
            del kept[places.pop() :]
        kept.append(between)
    return "".join(kept)
