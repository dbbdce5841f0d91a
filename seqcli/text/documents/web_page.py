"""The text of web pages: what is read, without tags, scripts, menus and footers."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser

_words = re.compile(r"\w+").findall
EMPTY = frozenset(_words("area base br col embed hr img input link meta param source track wbr"))
LEFT_OUT = frozenset(
    _words(
        "script style noscript template svg math nav button select textarea iframe object canvas audio "
        "video title rt rp aside footer dialog menu datalist"
    )
)  # rt: how a Japanese word is read, which stands above it
INLINE = frozenset(
    _words(
        "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark q rb ruby s samp "
        "small span strike strong sub sup time tt u var wbr"
    )
)  # all others end a paragraph
UNCLOSED = frozenset(_words("p li td th tr dt dd option thead tbody tfoot"))  # many pages do not say where they end
HALF = 0.5  # of a page's letters, which its articles have where they are what is to be read
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_XML = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)""")
_QUOTED = re.compile(r"\b(gmail_quote|gmail_attr|moz-cite-prefix|yahoo_quoted)\b")  # of mail programs
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)


def paragraphs(page: str, where: str = "", quotations: bool = True) -> Iterator[str]:
    """Yield the paragraphs of a page: of its <main>, or of its articles where those have most of it, else of all.

    quotations: whether what stands in <blockquote> is read.
    """
    reader = _Page(quotations)
    reader.feed(page)
    reader.close()
    reader.end_paragraph()
    everything = sum(len(text) for text, _, _ in reader.found)
    inside = [text for text, main, _ in reader.found if main]
    articles = [text for text, _, article in reader.found if article]
    if not inside and sum(map(len, articles)) > HALF * everything:
        inside = articles
    yield from inside or [text for text, _, _ in reader.found]


def declared_encoding(data: bytes) -> str | None:
    """Return the encoding that a page says it is in, None where it says none that is known."""
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    found = _XML.search(data[:1024]) or _META.search(data[:4096])
    if found is None:
        return None
    name = found[1].decode("ascii", "replace").lower()
    name = {"iso-8859-1": "cp1252", "latin-1": "cp1252", "shift_jis": "cp932", "x-sjis": "cp932"}.get(name, name)
    try:
        return codecs.lookup(name).name if not name.startswith("utf-16") else None  # it could not be read so far
    except LookupError:
        return None


class _Page(HTMLParser):
    """Gathers (paragraph, whether it is in <main>, whether it is in an article)."""

    def __init__(self, quotations: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._left_out = LEFT_OUT if quotations else LEFT_OUT | {"blockquote"}
        self._quoted = None if quotations else _QUOTED
        self.found: list[tuple[str, bool, bool]] = []
        self._open: list[tuple[str, bool]] = []  # elements that stand open, and whether what is in them is left out
        self._names: Counter[str] = Counter()  # of those
        self._text: list[str] = []
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self._text.append("\n")
        elif tag not in INLINE:
            self.end_paragraph()
        if tag in UNCLOSED and self._open and self._open[-1][0] == tag:
            self._close(tag)
        if tag not in EMPTY:
            given = {name: value or "" for name, value in attrs}
            out = tag in self._left_out or "hidden" in given or given.get("aria-hidden") == "true"
            out = out or bool(_HIDDEN.search(given.get("style", "")))
            out = out or bool(self._quoted and self._quoted.search(given.get("class", "")))
            if out or not (tag in UNCLOSED or tag in INLINE):
                self._open.append((tag, out))
                self._names[tag] += 1
                self._skipped += out

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in INLINE:
            self.end_paragraph()
        if self._names[tag]:
            self._close(tag)

    def _close(self, tag: str) -> None:
        """End an element; what was left open inside it ends with it."""
        name = ""
        while name != tag:
            name, out = self._open.pop()
            self._names[name] -= 1
            self._skipped -= out

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self._text.append(data if self._names["pre"] else re.sub(r"\s+", " ", data))

    def end_paragraph(self) -> None:
        """Keep what was read since the last one, a line of it at a time."""
        lines = [" ".join(line.split()) for line in "".join(self._text).split("\n")]
        main, article = self._names["main"] > 0, self._names["article"] > 0
        self.found += [(line, main, article) for line in lines if line]
        self._text = []
