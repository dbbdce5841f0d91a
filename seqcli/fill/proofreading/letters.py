"""How one word came of another: which letters were touched, whether on a neighbour key, whether both sound alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ROWS = ("1234567890-", "qwertyuiop[", "asdfghjkl;'", "zxcvbnm,./")  # of the usual keyboard of English
SHIFTS = (0.0, 0.5, 0.75, 1.25)  # of each row, in keys
REACH = 1.3  # keys: the six around one
VOWELS = frozenset("aeiouy")
LETTERS = (
    *("two_errors", "swapped", "neighbour_key", "other_letter", "vowels", "put_in", "left_out", "doubled"),
    *("first_letter", "stretch"),
)
LONGEST = 32  # letters that are compared
TOGETHER = 1 << 16  # pairs of words at a time: their letters stay within some 50 MB
Codes = NDArray[np.uint32]
Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


def _neighbours() -> frozenset[str]:
    """Return the pairs of letters whose keys touch, as two letters each."""
    keys = [
        (c, i + shift, j) for j, (row, shift) in enumerate(zip(ROWS, SHIFTS, strict=True)) for i, c in enumerate(row)
    ]
    near = (a + b for a, x, y in keys for b, u, v in keys if a != b and (x - u) ** 2 + (y - v) ** 2 < REACH**2)
    return frozenset(near)


NEIGHBOURS = _neighbours()
_SOUNDS = tuple(  # each begins with what it looks for: what stands before is looked at where that was found
    (re.compile(pattern, re.MULTILINE), key)
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
        (r"gh(?<=[aeiou]gh)(?=$|t)", ""),
        (r"mb$", "m"),
        (r"c(?=[eiy])|sc(?=[eiy])|z", "s"),
        (r"ck|q|c|x", "k"),
        (r"g(?=[eiy])", "j"),
        (r"e(?<=[^aeiou\n]e)s?$", ""),
        (r"(?<=.)h", ""),
        (r"([a-z0X])\1+", r"\1"),
        (r"[aeiouy]+", "a"),
        (r"(?<=a)w(?=$|[^a])", ""),
    )
)


def sounds_of(words: Sequence[str]) -> list[str]:
    """Return for each word a key that words of English share which sound alike, roughly; "" where it has other signs.

    All words at once, a line each: a search for a pattern in many is as quick as in one.
    """
    bare = (word.replace("'", "") for word in words)
    keys = "\n".join(word if word.isascii() and word.isalpha() else "" for word in bare)
    for pattern, instead in _SOUNDS:
        keys = pattern.sub(instead, keys)
    return keys.split("\n")[: len(words)]


def consonants_of(key: str) -> str:
    """Return the consonants of a sound, and whether a vowel comes first: what is kept of words spelled by ear."""
    return key[:1] + key[1:].replace("a", "")


def letter_features(written: Sequence[str], meant: Sequence[str], rows: Pairs) -> NDArray[np.float32]:
    """Say how each word that was written came of the one that was meant. -> float32 [pairs, len(LETTERS)]

    Both in lower case; rows: numbers of words written and meant, [pairs] twice.
    """
    found = np.zeros((len(rows[0]), len(LETTERS)), np.float32)
    for low in range(0, len(found), TOGETHER):
        some = slice(low, low + TOGETHER)
        _touch(_Spelled.of(written, rows[0][some]), _Spelled.of(meant, rows[1][some]), found[some])
    return found


class _Spelled(NamedTuple):
    """Words as letters from the left and from the right, 0 behind their end, and their lengths."""

    left: Codes
    right: Codes
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, words: Sequence[str], rows: NDArray[np.int64]) -> _Spelled:
        distinct, places = np.unique(rows, return_inverse=True)
        some = [words[i][:LONGEST] for i in distinct.tolist()]
        left, right = (_codes(texts)[places] for texts in (some, [word[::-1] for word in some]))
        return cls(left, right, np.array([len(word) for word in some], np.int64)[places])

    def at(self, place: NDArray[np.int64]) -> Codes:
        """Return the letter at a place of each word, 0 where there is none."""
        inside = (place >= 0) & (place < self.lengths)
        return np.where(inside, self.left[np.arange(len(place)), place.clip(0, LONGEST - 1)], 0)


def _codes(words: Sequence[str]) -> Codes:
    return np.array(words or [""], f"U{LONGEST}").view(np.uint32).reshape(-1, LONGEST)


def _touch(w: _Spelled, c: _Spelled, found: NDArray[np.float32]) -> None:
    """Fill in what was done to letters: one error as what it is, everything else as two.

    What both begin and end with is the same; of one error at most one letter of each, or two swapped, are left between.
    """
    least = np.minimum(w.lengths, c.lengths)
    start = np.logical_and.accumulate(w.left == c.left, axis=1).sum(1).clip(max=least)
    end = np.logical_and.accumulate(w.right == c.right, axis=1).sum(1).clip(max=least - start)
    more, less = w.lengths - start - end, c.lengths - start - end
    a, b = w.at(start), c.at(start)
    replaced, put_in, left_out = (more == 1) & (less == 1), (more == 1) & (less == 0), (more == 0) & (less == 1)
    swapped = (more == 2) & (less == 2) & (a == c.at(start + 1)) & (w.at(start + 1) == b)
    near = _NEAR[a.clip(max=127), b.clip(max=127)] & (a < 128) & (b < 128)
    twice = (put_in & ((a == w.at(start - 1)) | (a == w.at(start + 1)))) | (
        left_out & ((b == c.at(start - 1)) | (b == c.at(start + 1)))
    )
    vowels = replaced & _VOWEL[a.clip(max=127)] & _VOWEL[b.clip(max=127)]
    several = ~(replaced | put_in | left_out | swapped) & ((more > 0) | (less > 0))
    kinds = (several, swapped, replaced & near, replaced & ~near, vowels, put_in, left_out, twice)
    stretch = np.where(several, np.maximum(more, less), 0) / 10
    for column, kind in enumerate((*kinds, w.left[:, 0] != c.left[:, 0], stretch)):
        found[:, column] = kind


_NEAR = np.zeros((128, 128), bool)
for _pair in NEIGHBOURS:
    _NEAR[ord(_pair[0]), ord(_pair[1])] = True
_VOWEL = np.array([chr(code) in VOWELS for code in range(128)])
