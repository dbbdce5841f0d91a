"""Which encoding bytes are in that are no UTF-8: candidates are tried, and what comes out is looked at."""

from __future__ import annotations

import codecs
import re

from seqcli.errors import MisuseError, quoted
from seqcli.text.file_kinds import encoded_kind, is_wide

SAMPLE = 1 << 16  # bytes looked at: some hundred sentences
PLAUSIBLE = 0.5  # of what is usual in a text of that script; a wrong encoding's letters seldom reach a third
_CHINESE = "的一是不了在人有我他们們这這个個中来來上大为為和国國地到以说說时時要就出会會可也你对對生能而子"
_WEST = "éèêëàâäáãåæçñöøôóòõüûùúßíìîïœÉÀÄÖÜ"
_CENTRAL = "ąćęłńóśźżáčďéěíňřšťúůýžőűöüäșțăâîđ"
_TURKISH = "çğışöüâîûÇĞİŞÖÜ"
_MARKS = "’‘“”„–—…«»£€§°¡¿"
_CYRILLIC = (
    "(?<![А-ЯA-Za-z])[оеаинтсрвл](?![A-Za-z])"  # of a text in the wrong one of two encodings the cases are swapped
)
CANDIDATES: tuple[
    tuple[str, str, float], ...
] = (  # encoding, its text's usual characters, their share of all foreign ones
    ("shift_jis", "[ぁ-ヶー、。]", 0.5),
    ("cp932", "[ぁ-ヶー、。]", 0.5),
    ("euc_jp", "[ぁ-ヶー、。]", 0.5),
    ("gb18030", f"[{_CHINESE}，。、]", 0.25),
    ("big5", f"[{_CHINESE}，。、]", 0.25),
    ("cp949", "(?<=[가-힣])[가-힣]|[가-힣](?=[가-힣])", 0.9),  # one alone may be a quotation mark and an ASCII letter
    ("cp1251", _CYRILLIC, 0.6),
    ("koi8_r", _CYRILLIC, 0.6),
    ("cp1253", "(?<![A-Za-z])[αοιετνσηυρ](?![A-Za-z])", 0.6),
    ("latin-1", f"(?<=[A-Za-z])[{_WEST}]|[{_WEST}](?=[a-z])|[{_MARKS}]", 0.9),
    ("cp1252", f"(?<=[A-Za-z])[{_WEST}]|[{_WEST}](?=[a-z])|[{_MARKS}]", 0.9),
    ("mac_roman", f"(?<=[A-Za-z])[{_WEST}]|[{_WEST}](?=[a-z])", 0.9),
    ("cp1250", f"(?<=[A-Za-z])[{_CENTRAL}]|[{_CENTRAL}](?=[a-z])|[{_MARKS}]", 0.9),
    ("iso8859_2", f"(?<=[A-Za-z])[{_CENTRAL}]|[{_CENTRAL}](?=[a-z])", 0.9),
    ("cp1254", f"(?<=[A-Za-z])[{_TURKISH}]|[{_TURKISH}](?=[a-z])|[{_MARKS}]", 0.9),
    ("cp1255", "(?<![A-Za-z])[א-ת](?![A-Za-z])", 0.9),
    ("cp850", f"(?<=[A-Za-z])[{_WEST}]|[{_WEST}](?=[a-z])", 0.9),
)
WIDER = {"latin-1": "cp1252", "shift_jis": "cp932"}  # what has all of an encoding, and what Windows adds to it
CHAOS = 0.1  # of charset-normalizer's measure of what looks wrong in a text, above which nothing is believed
_FOREIGN = re.compile(r"[^\x00-\x7f]")


def likely_encoding(data: bytes, near: int = 0) -> str | None:
    """Return the encoding that bytes around a place read best in, None where none gives plausible text.

    None too for UTF-8 with a few damaged bytes: no other encoding would be right for the rest.
    """
    begin = data.rfind(b"\n", 0, max(near - SAMPLE // 8, 0)) + 1
    sample = data[begin : begin + SAMPLE]
    sample = sample[: sample.rfind(b"\n") + 1] or sample
    unicode = sample.decode("utf-8", "replace")
    if len(_FOREIGN.findall(unicode)) > 2 * unicode.count("\ufffd"):
        return None
    best, found = PLAUSIBLE, None
    for encoding, usual, share in CANDIDATES:
        score = _score(sample, encoding, usual) / share
        if score > best:
            best, found = score, encoding
    return found or _of_another_script(sample)


def _of_another_script(sample: bytes) -> str | None:
    """Return the encoding that charset-normalizer finds, for scripts and systems that stand in no row above."""
    import logging

    from charset_normalizer import from_bytes

    logging.getLogger("charset_normalizer").setLevel(logging.ERROR)
    best = from_bytes(sample).best()
    sure = best is not None and best.chaos <= CHAOS and best.coherence > 0
    return best.encoding if best is not None and sure and not best.encoding.startswith(("utf_", "ascii")) else None


def known_encoding(encoding: str) -> str:
    """Return an encoding as Python calls it. Raises MisuseError where there is none of this name."""
    try:
        "a".encode(encoding)  # refuses codecs that are not of text, as "hex"
        return codecs.lookup(encoding).name
    except (LookupError, UnicodeError, ValueError) as error:
        raise MisuseError(f"--encoding {quoted(encoding)} is not known; try utf-8, latin-1 or cp1252.") from error


def encoding_of(head: bytes) -> str | None:
    """Return the encoding of a text that begins so; utf-8 too where nothing else is likely, None for bytes of no text.

    A character that is cut at the end of what is given is none that is wrong.
    """
    if is_wide(head):
        return "utf-16" if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else _wide_order(head)
    if 0 in head[:4096]:
        return None
    if found := encoded_kind(head):
        return found
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
        return "utf-8"
    except UnicodeDecodeError as error:
        found = likely_encoding(head, error.start) or "utf-8"
        return WIDER.get(found, found)  # what is added may stand further on


def _wide_order(head: bytes) -> str:
    """Return the UTF-16 of bytes without a mark of it: the zeros of ASCII stand first, or second."""
    return "utf-16-be" if head[0:4096:2].count(0) > head[1:4096:2].count(0) else "utf-16-le"


def _score(sample: bytes, encoding: str, usual: str) -> float:
    """Return the share of usual characters among the foreign ones of a sample; 0 for one that cannot be decoded."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    return len(re.findall(usual, text)) / max(len(_FOREIGN.findall(text)), 1)
