"""What a writer may have meant by a word: words near in letters, in sound and in form, and those that are mixed up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from seqcli.fill.proofreading.closed_class import ARTICLES, PREPOSITIONS, is_english, mixed_up
from seqcli.fill.proofreading.letters import FEATURES as LETTERS
from seqcli.fill.proofreading.letters import letter_features, sound_of
from seqcli.fill.proofreading.lexicon import ABSENT, LOWER, MIXED, NOVEL, TITLE, UPPER, Lexicon, case_of, in_case
from seqcli.fill.proofreading.stems import form_groups

FEATURES = (*LETTERS, "same_form", "mixed_up", "article", "preposition", "case", "other_entry", "other_word")
MOST_KNOWN, MOST_NOVEL = 14, 24  # candidates by letters of a word that is known, and of one that is not
SOUNDS = 8  # candidates by sound alone
SHORT = 4  # letters: shorter words sound like too many others
_PREFERRED = {LOWER: (0, 1, 2), TITLE: (1, 0, 2), UPPER: (2, 1, 0)}


@dataclass(frozen=True)
class Candidates:
    """What may have been meant by each of some words. first [words + 1]: where those of each word begin.

    entries: the lexicon's; features [candidates, len(FEATURES)]: how the word came of them.
    """

    first: NDArray[np.int64]
    entries: NDArray[np.int64]
    features: NDArray[np.float32]

    def counts(self) -> NDArray[np.int64]:
        """Return how many there are of each word."""
        return np.diff(self.first)


class Confusions:
    """The words of a lexicon, asked which of them may have been meant by a word that was written."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._english = is_english(lexicon.vocabulary)
        self._sounds: dict[str, str] = {}
        self._numbers = {form: i for i, form in enumerate(lexicon.forms.spelled)}

    @cached_property
    def _groups(self) -> dict[str, set[str]]:
        known = self.lexicon.numbers["known"].tolist()
        return form_groups([self.lexicon.forms.spelled[i] for i in known]) if self._english else {}

    @cached_property
    def _mixed(self) -> dict[str, set[str]]:
        return mixed_up(self.lexicon.forms.spelled) if self._english else {}

    @cached_property
    def _by_sound(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        if self._english:
            for i in self.lexicon.numbers["known"].tolist():
                if key := sound_of(self.lexicon.forms.spelled[i]):
                    found.setdefault(key, []).append(i)
        return found

    def of(self, words: Sequence[str], entries: Sequence[int]) -> Candidates:
        """Return the candidates of words as written. entries: the lexicon's, NOVEL for what it lacks."""
        cases = np.array([case_of(word) for word in words], np.int64)
        lower = [word.lower().replace("’", "'") for word in words]
        judged = np.flatnonzero((cases != MIXED) & np.array([word.replace("'", "").isalpha() for word in lower], bool))
        known = np.array([i for i in judged.tolist() if entries[i] != NOVEL], np.int64)
        novel = np.array([i for i in judged.tolist() if entries[i] == NOVEL], np.int64)
        pairs = [*self._by_letters(lower, known, novel), self._by_lists(lower, judged, novel)]
        query, form = (np.concatenate(part) for part in zip(*pairs, strict=True))
        both = np.unique(query * len(self._numbers) + form)
        query, form = both // max(len(self._numbers), 1), both % max(len(self._numbers), 1)
        entry = self._entries(form, cases[query], np.array(entries, np.int64)[query])
        own = np.array(entries, np.int64)[query]
        kept = (entry != ABSENT) & (entry != own)
        query, form, entry = query[kept], form[kept], entry[kept]
        first = np.searchsorted(query, np.arange(len(words) + 1))
        return Candidates(first, entry, self._features(words, lower, query, form, entry, cases[query]))

    def surface(self, written: str, entry: int) -> str:
        """Return a candidate as it would stand where a word is written."""
        word = self.lexicon.words[entry]
        if "’" in written and "'" in word:
            word = word.replace("'", "’")
        case = case_of(written)
        if case == UPPER and len(written) == 1:
            case = TITLE
        return in_case(word, case)

    def _by_letters(
        self, lower: Sequence[str], known: NDArray[np.int64], novel: NDArray[np.int64]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        for which, asked, distance, most in (
            ("known", known, 1, MOST_KNOWN),
            ("known", novel, 2, MOST_NOVEL),
            ("other", novel, 1, MOST_NOVEL // 2),
        ):
            query, form, apart = self.lexicon.near([lower[i] for i in asked.tolist()], which, distance)
            kept = self._best(query, form, apart, most)
            yield asked[query[kept]], form[kept]

    def _best(
        self, query: NDArray[np.int64], form: NDArray[np.int64], apart: NDArray[np.int64], most: int
    ) -> NDArray[np.int64]:
        """Return the places of the best candidates of each word: the nearest, of them the commonest."""
        score = np.log(self._form_counts[form] + 1.0) - 5.0 * apart
        order = np.lexsort((-score, query))
        rank = np.arange(len(order)) - np.searchsorted(query[order], query[order])
        return order[rank < most]

    @cached_property
    def _form_counts(self) -> NDArray[np.float64]:
        entries = self.lexicon.forms.entries
        counts: NDArray[np.float64] = np.where(entries == ABSENT, 0.0, self.lexicon.counts[entries]).sum(axis=1)
        return counts

    def _by_lists(
        self, lower: Sequence[str], judged: NDArray[np.int64], novel: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the candidates that share a form or a sound, are mixed up, or differ by capitals alone."""
        query: list[int] = []
        form: list[int] = []
        unknown = set(novel.tolist())
        for i in judged.tolist():
            word = lower[i]
            others = [self._numbers[one] for one in self._related(word, i in unknown)]
            others += self._by_sound.get(sound_of(word), ())[:SOUNDS] if len(word) >= SHORT and self._by_sound else ()
            if i in unknown and word in self._numbers:
                others.append(self._numbers[word])
            query += [i] * len(others)
            form += others
        return np.array(query, np.int64), np.array(form, np.int64)

    def _related(self, word: str, novel: bool) -> Iterable[str]:
        """Return the words that share a form with a word, or are mixed up with it."""
        if not novel:
            return self._groups.get(word, set()) | self._mixed.get(word, set())
        from seqcli.fill.proofreading.stems import _bases

        bases = [base for base in _bases(word) if base in self._groups] if self._english else []
        return {form for base in bases for form in (base, *self._groups[base])}

    def _entries(self, form: NDArray[np.int64], case: NDArray[np.int64], own: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the entry of each form that fits the case of a word, and the entry that the word itself has."""
        entries = self.lexicon.forms.entries[form]
        found = np.full(len(form), ABSENT, np.int64)
        of_own = np.array([case_of(word) for word in self.lexicon.words], np.int64) if len(form) else case
        seen = np.where(own == NOVEL, case, of_own[own]) if len(form) else case
        for kind, order in _PREFERRED.items():
            mine = seen == kind
            for column in reversed(order):
                there = mine & (entries[:, column] != ABSENT)
                found[there] = entries[there, column]
        return found

    def _features(
        self,
        words: Sequence[str],
        lower: Sequence[str],
        query: NDArray[np.int64],
        form: NDArray[np.int64],
        entry: NDArray[np.int64],
        case: NDArray[np.int64],
    ) -> NDArray[np.float32]:
        """Return the features of pairs. -> float32 [pairs, len(FEATURES)]"""
        spelled = self.lexicon.forms.spelled
        written, meant = [lower[i] for i in query.tolist()], [spelled[i] for i in form.tolist()]
        found = np.zeros((len(query), len(FEATURES)), np.float32)
        found[:, : len(LETTERS)] = letter_features(written, meant, self._sounds)
        for row, (w, c) in enumerate(zip(written, meant, strict=True)):
            found[row, 10:14] = (
                c in self._groups.get(w, ()),
                c in self._mixed.get(w, ()),
                w in ARTICLES and c in ARTICLES,
                w in PREPOSITIONS and c in PREPOSITIONS,
            )
            found[row, 14] = w == c
        found[:, 15] = self.lexicon.ids[entry] == 0
        cases = np.array([case_of(self.lexicon.words[i]) for i in entry.tolist()], np.int64)
        found[:, 16] = (cases != case) & (found[:, 14] == 0)
        return found
