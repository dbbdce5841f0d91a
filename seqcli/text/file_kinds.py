"""What a file is that is no plain text, by how it begins, and how to get the text out of it."""

from __future__ import annotations

import csv
import json
import re
import shlex
from collections.abc import Iterable

from seqcli.text.form import Form

HEAD = 1 << 16  # bytes or characters looked at
_PANDOC = "take its text out first: pandoc {file} -t plain --wrap=none -o {stem}.txt"
ENCODED = b"\x93seqcli text 1\n"  # how a text begins that was read once and is kept
MAGIC: dict[bytes, str] = {  # how the first bytes of files that are not text begin
    ENCODED: "a text kept by corpus --encode; name it alone, for train-lm, train-w2v, train-fill, evaluate or corpus",
    b"\x7fELF": "an ELF program",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"RIFF": "a sound, film or WebP picture",
    b"OggS": "a sound",
    b"ID3": "a sound",
    b"fLaC": "a sound",
    b"\x1f\x8b": "gzip; name it .gz",
    b"BZh": "bzip2; name it .bz2",
    b"\xfd7zXZ": "xz; name it .xz",
    b"\x28\xb5\x2f\xfd": "zstd; name it .zst",
    b"7z\xbc\xaf": "a 7z archive; unpack it first: 7z x {file}",
    b"Rar!": "a RAR archive; unpack it first: unrar x {file}",
    b"SQLite format 3": "an SQLite database; write its text into a file first",
    b"%PDF": "a PDF; take its text out first: pdftotext {file} {stem}.txt (of poppler-utils)",
    b"{\\rtf": f"an RTF document; {_PANDOC}",
    b"\xd0\xcf\x11\xe0": "an old Office document; take its text out first: soffice --convert-to txt:Text {file}",
    b"\x80\x02": "a pickle",
    b"\x80\x04": "a pickle",
}
ZIPPED = (  # what stands early in the zip archives that documents are
    (b"application/epub+zip", f"an EPUB book; {_PANDOC}"),
    (b"opendocument.text", f"an OpenDocument text; {_PANDOC}"),
    (b"word/", f"a Word document, .docx; {_PANDOC}"),
    (b"xl/", "an Excel table; save it as CSV and name the column to read with --column"),
    (b"ppt/", "a PowerPoint file; save its text first"),
    (b"[Content_Types].xml", f"a Word document, .docx, or its like; {_PANDOC}"),
    (b"PK", "a zip archive; unpack it first: unzip {file}"),
)
_HTML = re.compile(r"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html[\s>])", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(
    r"</?(?:p|br|div|span|a|td|tr|th|li|ul|ol|table|b|i|em|strong|img|h[1-6]|script|style)\b[^<>]*>", re.I
)
_MAIL = re.compile(
    r"(?:From|To|Cc|Date|Subject|Received|Return-Path|Delivered-To|Reply-To|Message-ID|MIME-Version|Content-Type"
    r"|X-[\w-]+): ",
    re.IGNORECASE,
)
_SHIFTS = re.compile(rb"\x1b\$[@B]")  # how ISO-2022-JP, which is ASCII byte for byte, changes its letters
_JSON_OBJECT = re.compile(r'\s*\{\s*"')
_JSON_WHOLE = re.compile(r'\s*(\[\s*[{\["]|\{\s*("|$))')
MANY_TAGS = 20  # in a head, and at least one for each hundred words: else a text that speaks of HTML
SURE_ROWS = 5  # rows of the same number of cells that make a table of a file whose name does not say so
MAIL_LINES = 3  # headers that a mail begins with


def binary_kind(head: bytes) -> str | None:
    """Return what a binary file is and, behind a semicolon, what to do; None for what may be text."""
    if head.startswith(b"PK\x03\x04"):
        return next(what for sign, what in ZIPPED if sign in head[:HEAD])
    if head[257:262] == b"ustar":
        return "a tar archive; unpack it first: tar xf {file}"
    if head[4:8] == b"ftyp":
        return "a film or picture"
    return next((what for magic, what in MAGIC.items() if head.startswith(magic)), None)


def is_wide(head: bytes) -> bool:
    """Return whether bytes look like UTF-16."""
    nuls = head[:4096].count(0)
    return head[:2] in (b"\xff\xfe", b"\xfe\xff") or (len(head) > 3 and 0.3 < nuls / len(head[:4096]) < 0.7)


def encoded_kind(head: bytes) -> str | None:
    """Return the encoding of bytes that look like UTF-8 but hold another one, None else."""
    return "iso-2022-jp" if _SHIFTS.search(head[:HEAD]) else None


def advised(what: str, path: str) -> str:
    """Return a kind with the commands in it about this file."""
    file = path if 0 < len(path) <= 60 and path != "-" else "FILE"
    stem = re.sub(r"\.\w{1,5}$", "", file)
    return what.replace("{file}", shlex.quote(file)).replace("{stem}.txt", shlex.quote(f"{stem}.txt"))


def structured_kind(head: str, path: str, form: Form) -> str | None:
    """Return what a file of markup or columns is and what to do; None for plain text. head: how it begins."""
    if head.lstrip().startswith("<?xml"):
        return "an XML document, whose tags would be learned as words; take its text out first"
    rows = [line for line in _whole_lines(head) if line.strip()]
    return _table_kind(rows, path.lower(), form)


def tags_in(head: str) -> int:
    """Return how many HTML tags stand in a text that is full of them, else 0."""
    found = len(_TAG.findall(head))
    return found if found >= MANY_TAGS and 100 * found >= len(head.split()) else 0


def delimiter_of(line: str) -> str:
    """Return what parts the cells of a table, by its first line."""
    return "\t" if "\t" in line else max(",;|", key=line.count)


def is_html(head: str) -> bool:
    """Return whether a text is a web page."""
    return _HTML.match(head) is not None


def is_mail(head: str) -> bool:
    """Return whether a text is a mail or a mailbox: it begins with headers."""
    lines = _whole_lines(head)
    first = lines[0] if lines else ""
    headers = sum(bool(_MAIL.match(line)) for line in lines[:30])
    begins = first.startswith("From ") or _MAIL.match(first) is not None
    return begins and headers >= MAIL_LINES and bool(_MAIL.match(lines[1]) or lines[1].startswith((" ", "\t")))


def _whole_lines(head: str) -> list[str]:
    """Return the lines that a text begins with, but the last, which may be cut."""
    lines = head.split("\n")
    return lines[:-1] if len(lines) > 1 else lines


def _table_kind(rows: list[str], name: str, form: Form) -> str | None:
    """Return what a table is, with its columns and the option that reads one; None for lines of text."""
    if not rows:
        return None
    if _JSON_OBJECT.match(rows[0]):
        try:
            found = json.loads(rows[0])
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            return f"JSON lines; {_name_columns(found, form)}"
    if _JSON_WHOLE.match("\n".join(rows[:3])) and (name.endswith(".json") or '":' in "".join(rows[:9])):
        return "a JSON document; write it as JSON lines, an object a line (jq -c '.[]'), and name a --column"
    cells = _cells(rows, name)
    if cells is None or ("\t" in rows[0] and cells == form.wanted == 2):
        return None
    separated = "TAB" if "\t" in rows[0] else "comma" if delimiter_of(rows[0]) == "," else delimiter_of(rows[0])
    header = next(csv.reader(rows[:1], delimiter=delimiter_of(rows[0])))
    columns = f"{_name_columns(header, form)}; numbers count from 1, without a header"
    return f"a table of {cells} {separated}-separated columns; {columns}"


def _cells(rows: list[str], name: str) -> int | None:
    """Return how many columns the rows have where they are a table: all the same, and nothing like sentences."""
    part = delimiter_of(rows[0])
    named = name.removesuffix(".gz").endswith((".csv", ".tsv"))
    if not named and (len(rows) < SURE_ROWS or part not in "\t,;"):
        return None
    if part == "\t":
        counts = {row.count("\t") for row in rows}
        return rows[0].count("\t") + 1 if len(counts) == 1 or named else None
    try:
        table = [row for row in csv.reader(rows, delimiter=part, strict=True) if row]
    except csv.Error:
        return None
    width = len(table[0])
    if width < 2 or (not named and any(len(row) != width for row in table)):
        return None
    spaced = sum(cell.startswith(" ") for row in table for cell in row[1:])
    prose = any(len(cell) > 40 or cell.endswith((".", "!", "?")) for cell in table[0])
    return width if named or (not prose and 10 * spaced < len(table)) else None


def _name_columns(names: Iterable[str], form: Form) -> str:
    shown = ", ".join(name if len(name) <= 20 else f"{name[:19]}…" for name in list(names)[:6])
    more = ", …" if len(list(names)) > 6 else ""
    option = "--column NAME" if form.wanted == 1 else "--column SOURCE --column TARGET"
    return f"name what to read with {option} (its first line has {shown}{more})"
