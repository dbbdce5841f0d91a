"""Documents as other programs write them, for the tests of what is read of them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence


def word_document(paragraphs: Sequence[str], cells: Sequence[str] = ()) -> bytes:
    """Return a .docx of python-docx: paragraphs, then a table of one row."""
    import docx

    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if cells:
        for cell, text in zip(document.add_table(1, len(cells)).rows[0].cells, cells, strict=True):
            cell.text = text
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def book(pages: Sequence[str]) -> bytes:
    """Return an EPUB of ebooklib: a page for each part, with a table of contents of its own."""
    from ebooklib import epub

    made = epub.EpubBook()
    made.set_title("A title that nobody reads")
    chapters = []
    for number, page in enumerate(pages):
        chapter = epub.EpubHtml(title=f"Title {number}", file_name=f"text {number}.xhtml")
        chapter.content = page
        made.add_item(chapter)
        chapters.append(chapter)
    made.toc = tuple(chapters)
    made.add_item(epub.EpubNcx())
    made.add_item(epub.EpubNav())
    made.spine = ["nav", *chapters]
    out = io.BytesIO()
    epub.write_epub(out, made)
    return out.getvalue()


def pdf(pages: Sequence[Sequence[str]]) -> bytes:
    """Return a PDF whose pages have these lines, by the letter of the standard (ISO 32000)."""
    count = len(pages)
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(count))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for i, lines in enumerate(pages):
        shown = "".join(f"({line}) Tj T* " for line in lines)
        drawn = f"BT /F1 10 Tf 12 TL 50 700 Td {shown}ET"
        fonts = "/Resources << /Font << /F1 3 0 R >> >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] {fonts} /Contents {5 + 2 * i} 0 R >>")
        objects.append(f"<< /Length {len(drawn.encode('cp1252'))} >>\nstream\n{drawn}\nendstream")
    out, places = b"%PDF-1.4\n", []
    for number, made in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{made}\nendobj\n".encode("cp1252")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    return out + f"{end}trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n".encode()


def zipped(members: Mapping[str, str]) -> bytes:
    """Return a zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    return out.getvalue()
