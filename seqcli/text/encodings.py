"""Which encoding bytes are likely in that are no UTF-8: candidates are tried, and what comes out is looked at."""

from __future__ import annotations

import re

SAMPLE = 1 << 16  # bytes looked at: some hundred sentences
PLAUSIBLE = 0.5  # of what is usual in a text of that script; a wrong encoding's letters seldom reach a third
_CHINESE = "的一是不了在人有我他们們这這个個中来來上大为為和国國地到以说說时時要就出会會可也你对對生能而子"
_WEST = "éèêëàâäáãåæçñöøôóòõüûùúßíìîïœÉÀÄÖÜ"
_CENTRAL = "ąćęłńóśźżáčďéěíňřšťúůýžőűöüäșțăâîđ"
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
    ("cp949", "[가-힣]", 0.9),
    ("cp1251", _CYRILLIC, 0.6),
    ("koi8_r", _CYRILLIC, 0.6),
    ("cp1253", "(?<![A-Za-z])[αοιετνσηυρ](?![A-Za-z])", 0.6),
    ("latin-1", f"(?<=[A-Za-z])[{_WEST}]|[{_WEST}](?=[a-z])|[{_MARKS}]", 0.9),
    ("cp1252", f"(?<=[A-Za-z])[{_WEST}]|[{_WEST}](?=[a-z])|[{_MARKS}]", 0.9),
    ("cp1250", f"(?<=[A-Za-z])[{_CENTRAL}]|[{_CENTRAL}](?=[a-z])|[{_MARKS}]", 0.9),
)
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
    return found


def _score(sample: bytes, encoding: str, usual: str) -> float:
    """Return the share of usual characters among the foreign ones of a sample; 0 for one that cannot be decoded."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    return len(re.findall(usual, text)) / max(len(_FOREIGN.findall(text)), 1)
