"""What people wrote in mails and mailboxes: no headers, no quoted lines, no signatures, no attachments."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from typing import Any

from seqcli.text.documents.web_page import paragraphs as page_paragraphs
from seqcli.text.encodings import likely_encoding

_BEGIN = re.compile(rb"From (\S+ +\S|[^\r\n]*\d\d:?\d\d)")  # of a message in a mailbox
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)
_FORWARDED = re.compile(
    r"\s*-{2,}\s*(original message|forwarded message|ursprüngliche nachricht|message d'origine|mensaje original|"
    r"元のメッセージ|original-nachricht|weitergeleitete nachricht)\b.*|_{16,}\s*|-{5,}\s*original.*",
    re.IGNORECASE,
)
_WROTE = re.compile(r".*[:：]\s*$")  # On Monday, Ann wrote:
LONGEST_ATTRIBUTION = 3  # lines above a quotation that say whose it is


def lines_of_mailbox(reads: Iterator[bytes], where: str) -> Iterator[str]:
    """Yield the lines of every message of an mbox, as they come, a blank line between messages."""
    message: list[bytes] = []
    blank = True
    for line in _raw_lines(reads):
        if blank and line.startswith(b"From ") and _BEGIN.match(line):
            yield from _lines_of(b"".join(message))
            message = []
        else:
            message.append(line)
        blank = not line.strip()
    yield from _lines_of(b"".join(message))


def lines(data: io.BytesIO, where: str) -> Iterator[str]:
    """Yield the lines of one message (.eml)."""
    yield from _lines_of(data.getvalue())


def _raw_lines(reads: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for raw in reads:
        *whole, rest = (rest + raw).split(b"\n")
        for line in whole:
            yield line + b"\n"
    if rest:
        yield rest


def _lines_of(raw: bytes) -> Iterator[str]:
    """Yield the lines of a message and a blank one; nothing where its author wrote nothing."""
    if not raw.strip():
        return
    message = message_from_bytes(_ESCAPED.sub(rb"\1", raw), policy=policy.default)
    body = message.get_body(("plain", "html")) if isinstance(message, EmailMessage) else None
    if body is None:
        return
    text = _text(body)
    if body.get_content_subtype() == "html":
        written = _own([line for one in page_paragraphs(text, quotations=False) for line in (one, "")])
    else:
        if body.get_param("format", "") == "flowed":
            text = re.sub(r"(?<=\S) \n(?!>|-- \n)", " ", text)
        written = _own(text.splitlines())
    if any(line.strip() for line in written):
        yield from written
        yield ""


def _text(body: MIMEPart[Any, Any]) -> str:
    """Return the text of a part, in the encoding that it says, else in the one that it reads best in."""
    try:
        return str(body.get_content())
    except (LookupError, ValueError, KeyError):
        data = body.get_payload(decode=True)
        data = data if isinstance(data, bytes) else b""
        return data.decode(likely_encoding(data) or "utf-8", "replace")


def _own(text: list[str]) -> list[str]:
    """Return the lines of a message that its author wrote."""
    kept: list[str] = []
    for line in text:
        if line.rstrip("\r\n") == "-- " or line.strip() == "--" or _FORWARDED.fullmatch(line):
            break
        if line.startswith(">"):
            _drop_attribution(kept)
        else:
            kept.append(line.rstrip())
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _drop_attribution(kept: list[str]) -> None:
    """Take off the lines that say whose quotation follows: the last ones, up to a blank line, that end in a colon."""
    end = len(kept)
    while end and not kept[end - 1]:
        end -= 1
    if not end or not _WROTE.fullmatch(kept[end - 1]):
        return
    begin = end
    while begin and kept[begin - 1] and end - begin < LONGEST_ATTRIBUTION:
        begin -= 1
    if not begin or not kept[begin - 1]:
        del kept[begin:]
    else:
        del kept[end - 1 :]
