"""The paragraphs of a PDF: lines joined as they were before they were set, without page numbers and running heads."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

from seqcli.errors import CorpusError
from seqcli.text.documents.printed_lines import joined_paragraphs, without_running_heads


def paragraphs(data: io.BytesIO, where: str) -> Iterator[str]:
    """Yield the paragraphs of a PDF. Raises CorpusError for one that is damaged or locked."""
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it mends it tells on stderr, line after line
    try:
        reader = PdfReader(data)
        locked = reader.is_encrypted and not reader.decrypt("")
        pages = [] if locked else [page.extract_text().split("\n") for page in reader.pages]
    except Exception as error:  # the library raises whatever comes up in a damaged file
        line = (str(error) or type(error).__name__).splitlines()[0][:80]
        raise CorpusError(f"{where} is a PDF that cannot be read ({line}); save it again, or try pdftotext.") from error
    if locked:
        raise CorpusError(f"{where} is locked with a password; save a copy without: qpdf --decrypt --password=...")
    yield from joined_paragraphs(without_running_heads(pages))
