"""Long lines cut where sentences end, and put together again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from seqcli.text.rules import KINDS
from seqcli.text.tokens import ABBREVIATIONS, pieces_of

_END = re.compile(r"[.!?…]+[\"'”’»)\]]*\s+|[。！？]+[」』）]*\s*")  # of a sentence, with what follows it
ROUGH = 2  # times a length that a sentence may have before it is cut without an end in it


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text; a dot behind Mr. and its kin, or behind one capital, ends none."""
    found, start = [], 0
    for match in _END.finditer(text):
        word = text[start : match.start()].rsplit(maxsplit=1)[-1:]
        short = match.group().strip() == "." and word and (word[0].lower() in ABBREVIATIONS or _is_initial(word[0]))
        if not short:
            found.append(text[start : match.end()].strip())
            start = match.end()
    rest = text[start:].strip()
    return [*found, rest] if rest else found


def cut(text: str, length: Callable[[str], int], most: int) -> list[str]:
    """Return a text in parts of at most about `most`, by `length`: whole sentences, as many as fit together.

    A sentence much longer than that is cut between its words.
    """
    if length(text) <= most:
        return [text]
    short = [part for sentence in sentences_of(text) for part in _rough(sentence, length, most)]
    parts: list[str] = []
    for sentence in short:
        longer = joined([parts[-1], sentence]) if parts else sentence
        if parts and length(longer) <= most:
            parts[-1] = longer
        else:
            parts.append(sentence)
    return parts


def joined(parts: Sequence[str]) -> str:
    """Return parts as one text: with a space between them, but not where Japanese or Chinese meets."""
    text = ""
    for part in filter(None, parts):
        between = "" if not text or (_spaceless(text[-1]) and _spaceless(part[0])) else " "
        text += between + part
    return text


def _rough(sentence: str, length: Callable[[str], int], most: int) -> list[str]:
    """Return a sentence, cut at spaces where it is much longer than `most`."""
    words = pieces_of(sentence)
    whole = length(sentence)
    if whole <= ROUGH * most or len(words) < ROUGH:
        return [sentence]
    count = -(-whole // most)
    size = -(-len(words) // count)
    return [" ".join(words[i : i + size]) for i in range(0, len(words), size)]


def _is_initial(word: str) -> bool:
    return len(word) == 1 and word.isupper()


def _spaceless(character: str) -> bool:
    return KINDS[ord(character)] in "hkK" or "\u3000" <= character <= "\u303f" or "\uff00" <= character <= "\uff65"
