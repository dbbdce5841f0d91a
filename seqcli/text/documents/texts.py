"""The text of a document, line by line: a paragraph a line; of mail, lines as they were written."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from importlib import import_module

from seqcli.errors import CorpusError
from seqcli.text.documents.kinds import NAMES, missing_reader
from seqcli.text.encodings import encoding_of, known_encoding
from seqcli.text.files import named
from seqcli.text.form import AUTO, Form

LARGEST = 1 << 29  # bytes of a document that is read as a whole, pictures and all
STREAMED = ("mailbox", "wikipedia")  # kinds that may be larger than memory
_READERS = {
    "docx": "office:word_paragraphs",
    "odt": "office:open_paragraphs",
    "epub": "epub:paragraphs",
    "pdf": "pdf:paragraphs",
    "html": "web_page:paragraphs",
    "subtitles": "subtitles:lines",
    "mail": "mail:lines",
    "mailbox": "mail:lines_of_mailbox",
    "wikipedia": "wikipedia:paragraphs",
}
OF_TEXT = ("html", "subtitles")  # kinds that are text with marks in it, in some encoding


def lines_of_document(kind: str, reads: Iterator[bytes], path: str, form: Form) -> Iterator[str]:
    """Yield the text of a document without its markup. reads: its bytes.

    Raises CorpusError for one that is damaged, locked or without text, or whose reader is not installed.
    """
    if missing := missing_reader(kind):
        raise CorpusError(f"{named(path)} is {missing}.")
    module, function = _READERS[kind].split(":")
    reader: Callable[..., Iterator[str]] = getattr(import_module(f"seqcli.text.documents.{module}"), function)
    found = False
    for line in reader(_source(kind, reads, path, form), named(path)):
        found = found or bool(line.strip())
        yield line
    if not found:
        hint = "; it may be pictures of pages: ocrmypdf adds their text" if kind == "pdf" else ""
        raise CorpusError(f"{named(path)} ({NAMES[kind]}) has no text in it{hint or '; give another file'}.")


def _source(kind: str, reads: Iterator[bytes], path: str, form: Form) -> Iterator[bytes] | io.BytesIO | str:
    """Return what the reader of a kind takes: bytes as they come, all of them as a file, or text."""
    if kind in STREAMED:
        return reads
    whole, size = [], 0
    for raw in reads:
        whole.append(raw)
        size += len(raw)
        if size > LARGEST:
            raise CorpusError(f"{named(path)} has over {LARGEST >> 20} MB; take its text out first, or break it up.")
    data = b"".join(whole)
    return _decoded(data, path, form) if kind in OF_TEXT else io.BytesIO(data)


def _decoded(data: bytes, path: str, form: Form) -> str:
    """Return the text of a page or of subtitles: in the encoding given, declared, or recognised, in that order."""
    from seqcli.text.documents.web_page import declared_encoding

    encoding = known_encoding(form.encoding) if form.encoding != AUTO else declared_encoding(data)
    encoding = encoding or encoding_of(data) or "utf-8"
    try:
        return data.decode(encoding, "replace" if form.encoding == AUTO else "strict").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CorpusError(f"{named(path)}, line {line}: not {form.encoding} text; leave --encoding out.") from error
