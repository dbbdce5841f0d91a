"""Errors put into a right text, by a seed: what calibration and evaluation are made on, every kind written down.

letters   every letter of a word is damaged with probability `letters`: 70 % replaced by another letter of the
          alphabet, 10 % each removed, swapped with the next, or followed by one put in; these shares are JamSpell's
spelling  one slip of a word of three letters or more: a neighbour key, a letter left out, doubled or swapped, or a
          vowel for another; one in ten has two
word      another word of the lexicon in its place, one letter away or of the same sound; commoner ones more often (as
          the square root of their count)
form      another form of the word: walk for walks
closed    another word of the same closed class: an article, a preposition, a pronoun, its for it's
missing   a word of the closed classes left out
doubled   a word written twice
extra     a word of the closed classes put in
joined    two words written as one; split: one of five letters or more as two
case      a capital written small, one in four times a small letter as a capital
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.fill.proofreading.candidates import FEATURES, Confusions
from seqcli.fill.proofreading.closed_class import insertable
from seqcli.fill.proofreading.letters import NEIGHBOURS, VOWELS
from seqcli.fill.proofreading.lexicon import LOWER, TITLE, UPPER, case_of

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
REPLACED, REMOVED, SWAPPED = 0.7, 0.8, 0.9  # of a damaged letter: cumulated shares; the rest is put in
SPACED = re.compile(r"[ \t]")
_SIGNS = {  # what candidates look like that an error of a kind may write
    "word": ("swapped", "neighbour_key", "other_letter", "put_in", "left_out", "same_sound"),
    "form": ("same_form",),
    "closed": ("mixed_up", "article", "preposition"),
}


@dataclass(frozen=True)
class Noise:
    """What is damaged: a share of the letters, and of the words, by kind."""

    letters: float = 0.0
    spelling: float = 0.0
    word: float = 0.0
    form: float = 0.0
    closed: float = 0.0
    missing: float = 0.0
    doubled: float = 0.0
    extra: float = 0.0
    joined: float = 0.0
    split: float = 0.0
    case: float = 0.0


NOISES = {
    "letters": Noise(letters=0.03),
    "words": Noise(word=0.02),
    "none": Noise(),
    "mixed": Noise(0.0015, 0.015, 0.01, 0.006, 0.006, 0.015, 0.002, 0.004, 0.002, 0.002, 0.008),
}
WORDS = tuple(f.name for f in fields(Noise))[1:]  # kinds whose share is one of words


class Error(NamedTuple):
    """An error of a damaged text: text[start:end] should be `right`; kind: as in the docstring above."""

    start: int
    end: int
    right: str
    kind: str


class Damaged(NamedTuple):
    """A text with errors, in order, none overlapping."""

    text: str
    errors: list[Error]


def restored(damaged: Damaged) -> str:
    """Return the text as it was."""
    parts, at = [], 0
    for error in damaged.errors:
        parts += [damaged.text[at : error.start], error.right]
        at = error.end
    return "".join([*parts, damaged.text[at:]])


class Damage:
    """Puts errors into texts. The same seed and text give the same errors."""

    def __init__(self, noise: Noise, confusions: Confusions, seed: int) -> None:
        self._noise, self._confusions = noise, confusions
        self._rng = np.random.default_rng(seed)
        self._letters = "abcdefghijklmnopqrstuvwxyz"

    def text(self, text: str) -> Damaged:
        """Return a text with errors in it."""
        words = list(WORD.finditer(text))
        others = _Others(self._confusions, [match[0] for match in words], self._noise)
        if not set("etaoin") & set(text[:1000].lower()):
            self._letters = "".join(sorted({c for match in words for c in match[0].lower()})) or self._letters
        kinds = self._drawn(len(words))
        parts: list[str] = []
        errors: list[Error] = []
        at = size = 0
        for i, match in enumerate(words):
            if match.start() < at:  # the second of two that were joined
                continue
            kind = kinds[i] or ("letters" if self._noise.letters else "")
            following = words[i + 1] if i + 1 < len(words) else None
            start, end, written = self._damaged(kind, text, match, following, others)
            if text[start:end] == written:
                continue
            parts += [text[at:start], written]
            size += start - at
            errors.append(Error(size, size + len(written), text[start:end], kind))
            size += len(written)
            at = end
        return Damaged("".join([*parts, text[at:]]), errors)

    def _drawn(self, count: int) -> list[str]:
        """Return the kind of error of each word, "" for none."""
        ends = np.cumsum([getattr(self._noise, kind) for kind in WORDS])
        places = np.searchsorted(ends, self._rng.random(count), side="right")
        return [WORDS[place] if place < len(WORDS) else "" for place in places.tolist()]

    def _damaged(
        self, kind: str, text: str, match: re.Match[str], following: re.Match[str] | None, others: _Others
    ) -> tuple[int, int, str]:
        """Return the stretch that an error of a kind takes the place of, and what is written there."""
        word, start, end = match[0], match.start(), match.end()
        beside = following is not None and following.start() == end + 1 and bool(SPACED.match(text[end]))
        if kind == "letters":
            return start, end, self._letters_of(word)
        if kind == "spelling" and len(word) > 2:
            return start, end, self._slip(self._slip(word) if self._rng.random() < 0.1 else word)
        if kind in ("word", "form", "closed"):
            return start, end, self._drawn_word(word, others.of(word, kind))
        if kind == "doubled":
            return start, end, f"{word} {word.lower() if case_of(word) != UPPER and len(word) > 1 else word}"
        if kind == "missing" and beside and word in others.closed and following is not None:
            return start, following.start(), ""
        if kind == "extra" and beside and case_of(word) == LOWER and others.closed:
            return start, start, f"{others.closed[int(self._rng.integers(len(others.closed)))]} "
        if kind == "joined" and beside and following is not None and case_of(following[0]) == LOWER:
            return start, following.end(), word + following[0]
        if kind == "case":
            other = word.lower() if case_of(word) == TITLE else word.capitalize() if self._rng.random() < 0.04 else word
            return start, end, other
        if kind == "split" and len(word) > 4:
            cut = int(self._rng.integers(2, len(word) - 1))
            return start, end, f"{word[:cut]} {word[cut:]}"
        return start, end, word

    def _drawn_word(self, word: str, choices: Sequence[tuple[str, float]]) -> str:
        """Return one of some words, by their weights; the word itself where there are none."""
        if not choices:
            return word
        ends = np.cumsum([weight for _, weight in choices])
        return choices[int(np.searchsorted(ends, self._rng.random() * ends[-1], side="right"))][0]

    def _letters_of(self, word: str) -> str:
        """Return a word with each letter damaged at the rate of the noise."""
        hit = self._rng.random(len(word)) < self._noise.letters
        if not hit.any():
            return word
        letters = list(word)
        for i in np.flatnonzero(hit).tolist():
            draw, other = self._rng.random(), self._any_letter(word[i])
            if draw < REPLACED:
                letters[i] = other
            elif draw < REMOVED:
                letters[i] = ""
            elif draw < SWAPPED:
                if i + 1 < len(letters):
                    letters[i], letters[i + 1] = letters[i + 1], letters[i]
            else:
                letters[i] += other
        return "".join(letters) or word

    def _any_letter(self, like: str) -> str:
        """Return a letter other than one, in its case."""
        others = self._letters.replace(like.lower(), "") or self._letters
        letter = others[int(self._rng.integers(len(others)))]
        return letter.upper() if like.isupper() else letter

    def _slip(self, word: str) -> str:
        """Return a word with one slip of the pen or of the finger."""
        i = int(self._rng.integers(len(word)))
        letter = word[i].lower()
        kind = self._rng.random()
        if kind < 0.25:
            near = [pair[1] for pair in NEIGHBOURS if pair[0] == letter and pair[1].isalpha()]
            made = sorted(near)[int(self._rng.integers(len(near)))] if near else self._any_letter(letter)
        elif kind < 0.45:
            return word[:i] + word[i + 1 :] if i else word[0] + word[2:]
        elif kind < 0.6:
            return word[: i + 1] + letter + word[i + 1 :]
        elif kind < 0.8:
            i = min(i, len(word) - 2) or 1
            return word[:i] + word[i + 1 : i + 2] + word[i] + word[i + 2 :]
        else:
            places = [j for j, c in enumerate(word) if c.lower() in VOWELS] or [i]
            i = places[int(self._rng.integers(len(places)))]
            vowels = sorted(VOWELS - {word[i].lower()})
            made = vowels[int(self._rng.integers(len(vowels)))]
        return word[:i] + (made.upper() if word[i].isupper() else made) + word[i + 1 :]


class _Others:
    """The words that may stand in the place of others, by the kind of error."""

    def __init__(self, confusions: Confusions, words: Sequence[str], noise: Noise) -> None:
        self.closed = insertable(confusions.lexicon.vocabulary)
        self._found: dict[str, dict[str, list[tuple[str, float]]]] = {}
        if not (noise.word or noise.form or noise.closed):
            return
        lexicon = confusions.lexicon
        distinct = list(dict.fromkeys(words))
        found = confusions.of(distinct, [lexicon.entry_of(word) for word in distinct])
        kinds: dict[str, NDArray[np.bool_]] = {}
        for kind, names in _SIGNS.items():
            kinds[kind] = found.features[:, [FEATURES.index(name) for name in names]].max(axis=1, initial=0) > 0
        kinds["closed"] &= ~kinds["form"]
        kinds["word"] &= ~found.features[:, FEATURES.index("other_word")].astype(bool)
        for i, word in enumerate(distinct):
            rows = range(int(found.first[i]), int(found.first[i + 1]))
            self._found[word] = {
                kind: [
                    (
                        confusions.surface(word, int(found.entries[row])),
                        max(float(lexicon.counts[found.entries[row]]), 1.0) ** 0.5,  # a word may be known, not counted
                    )
                    for row in rows
                    if flags[row] and lexicon.ids[found.entries[row]]
                ]
                for kind, flags in kinds.items()
            }

    def of(self, word: str, kind: str) -> list[tuple[str, float]]:
        """Return the words that an error of a kind writes for a word, with their weights."""
        return self._found.get(word, {}).get(kind, [])
