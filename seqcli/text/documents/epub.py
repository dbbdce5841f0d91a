"""The paragraphs of an EPUB book, in the order in which it is read."""

from __future__ import annotations

import io
import posixpath
from collections.abc import Iterator
from urllib.parse import unquote
from xml.etree import ElementTree

from seqcli.errors import CorpusError
from seqcli.text.documents.web_page import declared_encoding
from seqcli.text.documents.web_page import paragraphs as page_paragraphs
from seqcli.text.documents.zip_members import Members

CONTAINER = "META-INF/container.xml"
LOCKS = "META-INF/encryption.xml"


def paragraphs(data: io.BytesIO, where: str) -> Iterator[str]:
    """Yield the paragraphs of a book. Raises CorpusError for one that is damaged or locked."""
    with Members(data, where) as members:
        locked = _locked(members, where)
        for name in _chapters(members, where):
            if name in locked:
                raise CorpusError(f"{where} is locked (DRM), so that only its shop's programs read it; give another.")
            page = members.read(name)
            yield from page_paragraphs(page.decode(declared_encoding(page) or "utf-8", "replace"))


def _chapters(members: Members, where: str) -> list[str]:
    """Return the names of the pages in their order, without the table of contents."""
    container = _parsed(members.read(CONTAINER), where)
    package = next((e.get("full-path", "") for e in container.iter() if _kind(e) == "rootfile"), "")
    book = _parsed(members.read(package), where)
    pages = {
        e.get("id", ""): e.get("href", "")
        for e in book.iter()
        if _kind(e) == "item" and "html" in e.get("media-type", "html") and "nav" not in e.get("properties", "").split()
    }
    order = (e.get("idref", "") for e in book.iter() if _kind(e) == "itemref" and e.get("linear") != "no")
    folder = posixpath.dirname(package)
    return [posixpath.normpath(posixpath.join(folder, unquote(pages[id]))) for id in order if id in pages]


def _locked(members: Members, where: str) -> set[str]:
    """Return the names of what is encrypted; fonts often are, and need not be read."""
    if LOCKS not in members.names:
        return set()
    root = _parsed(members.read(LOCKS), where)
    return {unquote(e.get("URI", "")) for e in root.iter() if _kind(e) == "CipherReference"}


def _parsed(xml: bytes, where: str) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(xml)
    except ElementTree.ParseError as error:
        raise CorpusError(f"{where} is damaged ({error}); fetch it again.") from error


def _kind(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
