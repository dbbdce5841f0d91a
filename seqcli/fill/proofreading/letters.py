"""How one word came of another: which letters were touched, whether on a neighbour key, whether both sound alike."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ROWS = ("1234567890-", "qwertyuiop[", "asdfghjkl;'", "zxcvbnm,./")  # of the usual keyboard of English
SHIFTS = (0.0, 0.5, 0.75, 1.25)  # of each row, in keys
REACH = 1.3  # keys: the six around one
VOWELS = frozenset("aeiouy")
FEATURES = (
    *("two_errors", "swapped", "neighbour_key", "other_letter", "vowels", "put_in", "left_out", "doubled"),
    *("first_letter", "same_sound"),
)


def _neighbours() -> frozenset[str]:
    """Return the pairs of letters whose keys touch, as two letters each."""
    keys = [
        (c, i + shift, j) for j, (row, shift) in enumerate(zip(ROWS, SHIFTS, strict=True)) for i, c in enumerate(row)
    ]
    near = (a + b for a, x, y in keys for b, u, v in keys if a != b and (x - u) ** 2 + (y - v) ** 2 < REACH**2)
    return frozenset(near)


NEIGHBOURS = _neighbours()
_SOUNDS = tuple(
    (re.compile(pattern), key)
    for pattern, key in (
        (r"^(?:kn|gn|pn)", "n"),
        (r"^wr", "r"),
        (r"^x", "s"),
        (r"^wh(?=o)", "h"),
        (r"wh", "w"),
        (r"tch|ch", "X"),
        (r"sh|ti(?=on|al|ous)|si(?=on)|ci(?=ous|al)", "X"),
        (r"th", "0"),
        (r"ph", "f"),
        (r"dge?(?=$|[ei])", "j"),
        (r"igh(?=$|t)", "i"),
        (r"(?<=[aeiou])gh(?=$|t)", ""),
        (r"mb$", "m"),
        (r"c(?=[eiy])|sc(?=[eiy])|z", "s"),
        (r"ck|q|c|x", "k"),
        (r"g(?=[eiy])", "j"),
        (r"(?<=[^aeiou])e$|(?<=[^aeiou])es$", ""),
        (r"(?<=.)h", ""),
        (r"([a-z0X])\1+", r"\1"),
        (r"[aeiouy]+", "a"),
        (r"(?<=a)w(?=$|[^a])", ""),
    )
)


def sound_of(word: str) -> str:
    """Return a key that words of English share which sound alike, roughly; "" for what is not of its letters."""
    if not (word.isascii() and word.replace("'", "").isalpha()):
        return ""
    key = word.replace("'", "")
    for pattern, instead in _SOUNDS:
        key = pattern.sub(instead, key)
    return key


def letter_features(written: Sequence[str], meant: Sequence[str], sounds: dict[str, str]) -> NDArray[np.float32]:
    """Say how each word that was written came of the one that was meant. -> float32 [pairs, len(FEATURES)]

    Both in lower case. sounds: keys found so far, which grow.
    """
    found = np.zeros((len(written), len(FEATURES)), np.float32)
    for row, (w, c) in enumerate(zip(written, meant, strict=True)):
        for word in (w, c):
            if word not in sounds:
                sounds[word] = sound_of(word)
        found[row, 9] = sounds[w] == sounds[c] != ""
        found[row, 8] = w[:1] != c[:1]
        for place in _touched(w, c):
            found[row, place] = 1.0
    return found


def _touched(w: str, c: str) -> list[int]:
    """Return the numbers of the features of what was done to letters: of one error as what it is, else as two."""
    start, end = 0, 0
    least = min(len(w), len(c))
    while start < least and w[start] == c[start]:
        start += 1
    while end < least - start and w[-1 - end] == c[-1 - end]:
        end += 1
    a, b = w[start : len(w) - end], c[start : len(c) - end]
    if len(a) == len(b) == 1:
        return [2 if a + b in NEIGHBOURS else 3] + [4] * (a in VOWELS and b in VOWELS)
    if len(a) == 1 and not b:
        return [5] + [7] * (a in (w[start - 1 : start], w[start + 1 : start + 2]))
    if len(b) == 1 and not a:
        return [6] + [7] * (b in (c[start - 1 : start], c[start + 1 : start + 2]))
    if len(a) == 2 and a == b[::-1]:
        return [1]
    return [0]
