"""What tokenizers made of rules share: the form in which they see a piece, and the kind of every character."""

from __future__ import annotations

import re
import unicodedata

SPACES = b" \t\v\f\r\n"  # the word boundaries; any other white space is part of the text
_SURROGATE = re.compile("[\ud800-\udfff]")  # a byte of an argument that is not UTF-8: no character, to nobody


def folded(piece: str, lowercase: bool) -> str:
    """Return a piece as every tokenizer sees it: composed (NFC), in lower case where asked, of characters only."""
    piece = piece.lower() if lowercase else piece
    return piece if piece.isascii() else unicodedata.normalize("NFC", _SURROGATE.sub("\ufffd", piece))


class Rules:
    """A tokenizer made of rules stores nothing."""

    def __init__(self, lowercase: bool) -> None:
        self._lowercase = lowercase

    @property
    def keeps_case(self) -> bool:
        """Whether pieces are left in the case they have."""
        return not self._lowercase

    @property
    def model(self) -> bytes | None:
        return None

    def _fold(self, piece: str) -> str:
        return folded(piece, self._lowercase)


ADDRESS = "\uffff"  # no character: stands for every one of an address


class _Kinds(dict[int, str]):
    """The kind of every character, found when first met.

    The patterns that cut text (in `tokens` and `japanese`) are written in these letters.
    """

    _FIXED: dict[str, str] = (
        dict.fromkeys("'’", "'")
        | dict.fromkeys("-‐‑", "-")
        | dict.fromkeys("ーｰ", "K")
        | dict.fromkeys("々〆〇", "h")
        | dict.fromkeys("\u200c\u200d\u00ad\u2060", "z")  # joiners and soft hyphens, inside of words
        | {ADDRESS: "u"}
        | {c: c for c in "_.,"}
    )

    def __missing__(self, code: int) -> str:
        self[code] = kind = self._kind(chr(code))
        return kind

    def _kind(self, c: str) -> str:
        if c in self._FIXED:
            return self._FIXED[c]
        category = unicodedata.category(c)
        if category[0] == "M" or "\U0001f3fb" <= c <= "\U0001f3ff":
            return "m"  # marks and skin tones belong to what stands before them
        if category[0] == "L":
            name = unicodedata.name(c, "")
            return "h" if "CJK" in name else "k" if "HIRAGANA" in name else "K" if "KATAKANA" in name else "a"
        if category[0] == "N":
            return "9"
        return "s" if category[0] == "Z" else "e" if category == "So" else "p"


KINDS = _Kinds()
