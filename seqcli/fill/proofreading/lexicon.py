"""All words that a model knows of: its vocabulary, and what else its training text had, which it sees as <unk>."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.text.letter_odds import LetterOdds
from seqcli.text.near_words import NearWords
from seqcli.text.tokens import JOINER, SPACE
from seqcli.text.vocabulary import UNK, Vocabulary

LOWER, TITLE, UPPER, MIXED = range(4)
ABSENT = -1
WITHIN_TWO = 30_000  # of the commonest words are found by two errors: of rare ones nobody makes two often
NOVEL = -1  # the entry of a word that no text had
_STRAIGHT = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"'})


def case_of(word: str) -> int:
    """Return how a word is capitalised."""
    if word.islower() or not any(map(str.isalpha, word)):
        return LOWER
    if word[:1].isupper() and not any(map(str.isupper, word[1:])):
        return TITLE
    return UPPER if word.isupper() else MIXED


def in_case(word: str, case: int) -> str:
    """Return a word in the case that another had; capitals of its own stay."""
    if case == UPPER:
        return word.upper()
    return word[:1].upper() + word[1:] if case == TITLE else word


class Forms(NamedTuple):
    """The distinct spellings of words in lower case, and the entry of each as lower, Title and UPPER; ABSENT: none."""

    numbers: dict[str, int]
    spelled: list[str]
    of: NDArray[np.int64]  # [entries]: the form of each
    entries: NDArray[np.int64]  # [forms, 3]
    known: NDArray[np.bool_]  # whether the network itself tells it apart


class Lexicon:
    """The entries: as they are spelled, with the id that the network has for each, and their share of that id."""

    def __init__(self, vocabulary: Vocabulary, others: Mapping[str, int], counts: Sequence[int] = ()) -> None:
        """others: words of the training text beyond the vocabulary, and how often. counts: of the vocabulary's."""
        own = [i for i, token in enumerate(vocabulary.tokens) if i > 1 and is_word(token)]
        some = [word for word in others if word not in vocabulary and is_word(word)]
        total = max(sum(others.values()), 1)
        self.vocabulary = vocabulary
        self.words = [vocabulary.tokens[i] for i in own] + some
        self.ids = np.array([*own, *[UNK] * len(some)], np.int64)
        ranked = [counts[i] if len(counts) > i else max(10**6 // (i + 1), 1) for i in own]
        self.counts = np.array([*ranked, *(others[word] for word in some)], np.float64)
        self.shares = np.zeros(len(self.words), np.float32)  # log of its probability, given its id
        self.shares[len(own) :] = np.log(self.counts[len(own) :] / total)
        self._at = {word: i for i, word in enumerate(self.words)}
        self.novel_share = float(-np.log(total) - NOVELTY)
        self.cases = np.array([case_of(word) for word in self.words], np.int64)
        self.forms = _forms(self.words, self.cases, self.ids)
        self.numbers = {"known": np.flatnonzero(self.forms.known), "other": np.flatnonzero(~self.forms.known)}
        self.before_vowel = np.zeros(len(self.words), np.float32)
        for article, sign in (("a", -1.0), ("an", 1.0)):
            self.before_vowel[self.forms.of == self.forms.numbers.get(article, ABSENT)] = sign
        self._unknown = frozenset[str]()
        self._near: dict[tuple[str, int], NearWords] = {}

    @cached_property
    def letters(self) -> LetterOdds:
        """How usual letters are, by the words that the network tells apart."""
        return LetterOdds([self.forms.spelled[i] for i in self.numbers["known"].tolist()])

    def without(self, forgotten: Collection[str]) -> Lexicon:
        """Return the same lexicon, of which some words are not known."""
        left = copy(self)
        left._at = {word: i for word, i in self._at.items() if word not in forgotten}
        entries = self.forms.entries.copy()
        gone = np.array([word in forgotten for word in self.words], bool)
        entries[(entries != ABSENT) & gone[entries]] = ABSENT
        left.forms = self.forms._replace(entries=entries)
        left._unknown = frozenset(forgotten)
        return left

    def __len__(self) -> int:
        return len(self.words)

    def entry_of(self, token: str) -> int:
        """Return the entry of a token as written, or with straight quotes; NOVEL where there is none."""
        found = self._at.get(token, NOVEL)
        if found == NOVEL and "’" in token:
            found = self._at.get(token.translate(_STRAIGHT), NOVEL)
        elif found == NOVEL and "'" in token:
            found = self._at.get(token.replace("'", "’"), NOVEL)
        return found

    def is_swapped(self, word: str) -> bool:
        """Return whether a word is one whose first two letters were swapped, its capital with them: rM for Mr."""
        if not (word[:1].islower() and word[1:2].isupper() and word[2:] == word[2:].lower()):
            return False
        meant = word[1] + word[0] + word[2:]
        return self.entry_of(meant) != NOVEL or self.entry_of(meant.lower()) != NOVEL

    def id_of(self, token: str) -> int:
        """Return the id of any token, a mark of any style of quotes as that style which the vocabulary has."""
        if token in self._unknown:
            return UNK
        found = self.vocabulary.id_of(token)
        return found if found != UNK else self.vocabulary.id_of(token.translate(_STRAIGHT))

    def near(self, asked: Sequence[str], which: str, distance: int) -> tuple[NDArray[np.int64], ...]:
        """Return the pairs (number asked, form, distance) of spellings near to some in lower case."""
        if (which, distance) not in self._near:
            most = WITHIN_TWO if distance == 2 else None
            spelled = [self.forms.spelled[i] for i in self.numbers[which][:most].tolist()]
            self._near[which, distance] = NearWords(spelled, distance)
        query, found, apart = self._near[which, distance].near(asked)
        return query, self.numbers[which][found], apart


NOVELTY = 6.0  # nats: of all that <unk> stands for, the share of one certain word that no text had before


def is_word(token: str) -> bool:
    """Return whether a token is a word of letters, not a mark or a number."""
    if token.isalpha():
        return True  # nearly all are: their letters need not be looked at one by one
    if token.startswith((JOINER, SPACE)) or token.endswith(JOINER):
        return False
    return any(map(str.isalpha, token)) and not any(map(str.isdigit, token))


def _forms(words: Sequence[str], cases: NDArray[np.int64], ids: NDArray[np.int64]) -> Forms:
    numbers: dict[str, int] = {}
    row = np.array([numbers.setdefault(word.lower(), len(numbers)) for word in words], np.int64)
    entries = np.full((len(numbers), 3), ABSENT, np.int64)
    case = np.where(cases == MIXED, TITLE, cases)  # McDonald stands where Mcdonald would
    order = np.arange(len(words))[::-1]  # the commoner one is written last
    entries[row[order], case[order]] = order
    known = np.zeros(len(numbers), bool)
    known[row[ids != UNK]] = True
    return Forms(numbers, list(numbers), row, entries, known)
