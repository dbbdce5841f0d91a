"""Which documents files are, told by how they begin. Imports no reader of any."""

from __future__ import annotations

import codecs
import re
from importlib.util import find_spec

from seqcli.text.file_kinds import HEAD, is_html, is_mail, is_wide
from seqcli.text.form import Form

NAMES = {  # kind -> what a person calls it
    "docx": "Word document",
    "odt": "OpenDocument text",
    "epub": "EPUB book",
    "pdf": "PDF",
    "html": "web page",
    "subtitles": "film's subtitles",
    "mail": "mail",
    "mailbox": "mailbox",
    "wikipedia": "Wikipedia dump",
}
READERS = {"pdf": "pypdf"}  # kind -> the module that reads it, of those that not everybody has
_ZIPPED = (  # what stands early in a zip archive; None: no document
    (b"application/epub+zip", "epub"),
    (b"opendocument.text", "odt"),
    (b"word/", "docx"),
    (b"xl/", None),
    (b"ppt/", None),
    (b"[Content_Types].xml", "docx"),
)
PAGES = (".html", ".htm", ".xhtml")  # endings of web pages, which may be parts of one
_SUBTITLES = re.compile(r"\ufeff?(WEBVTT\b|\s*\d+[ \t]*\r?\n\d{1,3}:\d\d:\d\d[,.]\d{1,3}[ \t]*-->)")


def document_kind(head: bytes, path: str, form: Form) -> str | None:
    """Return which document a file is that begins so, None for one that is read as it is."""
    if form.plain or form.columns:
        return None
    if head.startswith(b"PK\x03\x04"):
        return next((kind for sign, kind in _ZIPPED if sign in head[:HEAD]), None)
    if head.startswith(b"%PDF"):
        return "pdf"
    text = _beginning(head)
    if _SUBTITLES.match(text):
        return "subtitles"
    if "<mediawiki" in text[:200]:
        return "wikipedia"
    if is_html(text) or (path.lower().endswith(PAGES) and text.lstrip().startswith("<")):
        return "html"
    if is_mail(text):
        return "mailbox" if text.startswith("From ") else "mail"
    return None


def missing_reader(kind: str) -> str | None:
    """Return what a document is and what to install where its reader is not there, None where it is."""
    module = READERS.get(kind)
    try:
        if module is None or find_spec(module) is not None:
            return None
    except ValueError:  # a module that is hidden
        pass
    return f"a {NAMES[kind]} (its reader {module} is not installed: pip install 'seqcli[documents]')"


def _beginning(head: bytes) -> str:
    """Return the ASCII of how a file begins, whatever its encoding."""
    head = head[:HEAD]
    if is_wide(head):
        big = head.startswith(codecs.BOM_UTF16_BE) or (head[:1] == b"\0")
        return head.decode("utf-16-be" if big else "utf-16-le", "ignore").lstrip("\ufeff")
    return head.removeprefix(codecs.BOM_UTF8).decode("latin-1")
