"""The distinct words of a text, with all that is said of a word wherever it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from seqcli.fill.proofreading.candidates import FEATURES as WRITTEN
from seqcli.fill.proofreading.candidates import Candidates, Confusions
from seqcli.fill.proofreading.lexicon import MIXED, NOVEL, TITLE, UPPER, case_of, is_word
from seqcli.fill.proofreading.markup import OPAQUE
from seqcli.fill.proofreading.reading import Reading
from seqcli.text.vocabulary import UNK

RECURS = 2  # times that a word stands in a file which no text had before: it is the writer's own
ACRONYM = 6  # letters at most of a word in capitals that is taken for a name
EXPLAINED = 50  # times as often as a misspelling the word stands there that it is of
USUAL_SURPRISE = 2.3  # nats a letter of a word that is right, though no text had it
Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


class WordTable:
    """The distinct words of a text, and which of them each token is."""

    def __init__(self, reading: Reading, confusions: Confusions, accepted: Collection[str] = ()) -> None:
        """accepted: words that are right, in lower case."""
        lexicon = confusions.lexicon
        numbers: dict[tuple[str, str], int] = {}
        self.number = np.fromiter(
            (numbers.setdefault((t.token, reading.text[t.start : t.end]), len(numbers)) for t in reading.tokens),
            np.int64,
            len(reading.tokens),
        )
        tokens = [token for token, _ in numbers]
        apart = reading.apart  # what stands in two pieces in such a text is one word all the same
        self.written = [token if apart and " " in surface else surface for token, surface in numbers]
        self.ids = np.array([UNK if OPAQUE in token else lexicon.id_of(token) for token in tokens], np.int64)
        words = [OPAQUE not in token and is_word(token) for token in tokens]
        self.entries = np.array(
            [_entry(confusions, token) if word else NOVEL for token, word in zip(tokens, words, strict=True)], np.int64
        )
        found = self.entries != NOVEL
        variant = found & (self.ids == UNK)
        self.ids[variant] = lexicon.ids[self.entries[variant]]
        self.shares = np.where(found, lexicon.shares[self.entries], np.float32(lexicon.novel_share)).astype(np.float32)
        lower = [written.lower() for written in self.written]
        self.is_word = np.array(words, bool)
        self.settled = ~self.is_word | np.array([word in accepted for word in lower], bool)
        self.novel = self.is_word & ~found
        self.counts = np.where(found, lexicon.counts[self.entries], 0.0)
        cases = np.array([case_of(written) for written in self.written], np.int64)
        self.vowel_first = np.array([1 if word[:1] and word[0] in "aeio" else -1 for word in lower], np.float32)
        self.lengths = np.array([len(written) for written in self.written], np.float32)
        short = (cases == UPPER) & (self.lengths <= ACRONYM)
        swapped = np.array([lexicon.is_swapped(word) for word in self.written], bool)
        compound = np.array(["-" in word for word in lower], bool)
        self.settled |= self.novel & (short | compound | ((cases == MIXED) & ~swapped))
        self.named = (cases == TITLE) | (cases == UPPER)
        self.odd_letters = np.zeros(len(tokens), np.float32)
        for i in np.flatnonzero(self.novel).tolist():
            self.odd_letters[i] = lexicon.letters.surprise(lower[i]) - USUAL_SURPRISE
        self._weigh(lower, confusions)

    def suits_next(self, places: Ints, before_vowel: Floats, entries: Ints) -> Floats:
        """Return 1 where the other one of a and an suits the next word's first letter better, -1 where this one does.

        before_vowel: of each entry, 1 for an, -1 for a, 0 for others. places: of tokens; entries: that may be meant.
        """
        number = self.number[places]
        swapped = before_vowel[entries] * before_vowel[self.entries[number]] * (self.entries[number] >= 0) < 0
        following = self.number[np.minimum(places + 1, len(self.number) - 1)]
        suits: Floats = np.where(swapped, before_vowel[entries] * self.vowel_first[following], 0).astype(np.float32)
        return suits

    def _weigh(self, lower: list[str], confusions: Confusions) -> None:
        """Count the words of the file, find what may have been meant by each, and settle those that recur."""
        often: Counter[str] = Counter()
        for number, count in enumerate(np.bincount(self.number, minlength=len(lower)).tolist()):
            often[lower[number]] += count
        self.here = np.array([often[word] for word in lower], np.float64)
        judged = [word if self.is_word[i] and not self.settled[i] else "" for i, word in enumerate(self.written)]
        self.candidates: Candidates = confusions.of(judged, self.entries.tolist())
        spelled = confusions.lexicon.words
        meant = np.array(
            [often.get(spelled[entry].lower(), 0) for entry in self.candidates.entries.tolist()], np.float64
        )
        self.candidates_here = meant
        most = np.zeros(len(lower))
        owner = np.repeat(np.arange(len(lower)), self.candidates.counts())
        one_slip = self.candidates.features[:, WRITTEN.index("two_errors")] == 0
        np.maximum.at(most, owner[one_slip], meant[one_slip])
        self.settled |= self.novel & (self.here >= RECURS) & (most < EXPLAINED * self.here)


def _entry(confusions: Confusions, token: str) -> int:
    """Return the entry of a word: as written, else in lower case, else with its first letter a capital."""
    lexicon = confusions.lexicon
    found = lexicon.entry_of(token)
    if found == NOVEL and token != token.lower():
        found = lexicon.entry_of(token.lower())
        if found == NOVEL and token.isupper():
            found = lexicon.entry_of(token.capitalize())
    return found
