"""The articles of a Wikipedia dump (pages-articles.xml, packed or not) as they come: a paragraph a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from seqcli.errors import CorpusError
from seqcli.text.documents.wikitext import paragraphs_of_article

FILE, CATEGORY = "6", "14"  # the numbers of namespaces whose links are no text


def paragraphs(reads: Iterator[bytes], where: str) -> Iterator[str]:
    """Yield the paragraphs of all articles; talk, redirects, templates and categories are no articles."""
    parser: Any = ElementTree.XMLPullParser(("start", "end"))
    unread, root = {"file", "image", "category"}, None
    try:
        for raw in reads:
            parser.feed(raw)
            for event, element in parser.read_events():
                root = element if root is None else root
                kind = element.tag.rpartition("}")[2]
                if event == "end" and kind == "namespace" and element.get("key") in (FILE, CATEGORY):
                    unread.add((element.text or "").lower())
                elif event == "end" and kind == "page":
                    yield from paragraphs_of_article(_article(element), frozenset(unread))
                    root.clear()  # what was read is let go of: a dump is larger than memory
        parser.close()
    except ElementTree.ParseError as error:
        raise CorpusError(f"{where} is a damaged dump ({error}); fetch it again.") from error


def _article(page: ElementTree.Element) -> str:
    """Return the source of a page that is an article, nothing of another."""
    found = {element.tag.rpartition("}")[2]: element for element in page.iter()}
    if "redirect" in found or (found["ns"].text if "ns" in found else "0") != "0":
        return ""
    return found["text"].text or "" if "text" in found else ""
