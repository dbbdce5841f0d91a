"""What a writer may have meant by a word: words near in letters, in sound and in form, and those that are mixed up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from seqcli.fill.proofreading.closed_class import ARTICLES, PREPOSITIONS, is_english, mixed_up, other_forms
from seqcli.fill.proofreading.letters import LETTERS, consonants_of, letter_features, sounds_of
from seqcli.fill.proofreading.lexicon import ABSENT, LOWER, MIXED, NOVEL, TITLE, UPPER, Lexicon, case_of, in_case
from seqcli.fill.proofreading.stems import bases_of, form_groups
from seqcli.text.vocabulary import UNK

LISTED = ("same_form", "mixed_up", "same_sound")
FEATURES = (*LETTERS, *LISTED, "article", "preposition", "case", "other_entry", "other_word", "meant_unusual")
NEAR = (("known", 2, 24), ("known", 1, 12), ("other", 1, 12))  # candidates by letters: among which words, how far off
# at most, and how many: the second of a word that is known, the others of one that is not
COMMONEST = 30_000  # words that are found by their sound and their forms: what is rarer is not meant
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
        self._numbers = lexicon.forms.numbers

    @cached_property
    def _groups(self) -> dict[str, set[str]]:
        known = self.lexicon.numbers["known"][:COMMONEST].tolist()
        if not self._english:
            return {}
        words = [self.lexicon.forms.spelled[i] for i in known]
        groups = form_groups(words)
        for word, others in other_forms(words).items():
            groups[word] = groups.get(word, set()) | others
        return groups

    @cached_property
    def _mixed(self) -> dict[str, set[str]]:
        return mixed_up(self.lexicon.forms.spelled) if self._english else {}

    @cached_property
    def _by_sound(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        common = self.lexicon.numbers["known"][:COMMONEST].tolist() if self._english else []
        common = [i for i in common if len(self.lexicon.forms.spelled[i]) >= SHORT]
        for i, key in zip(common, sounds_of([self.lexicon.forms.spelled[i] for i in common]), strict=True):
            if key:
                found.setdefault(key, []).append(i)
        return found

    @cached_property
    def _by_consonants(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for key, forms in self._by_sound.items():
            found.setdefault(consonants_of(key), []).extend(forms)
        return {key: sorted(forms) for key, forms in found.items()}

    @cached_property
    def _classes(self) -> NDArray[np.int64]:
        """Which closed class each form is of: 1 an article, 2 a preposition, 0 any other."""
        classes = np.zeros(len(self._numbers), np.int64)
        for number, words in enumerate((ARTICLES, PREPOSITIONS), 1):
            classes[[self._numbers[word] for word in words if self._english and word in self._numbers]] = number
        return classes

    def prepare(self, workers: int) -> None:
        """Make side by side all that candidates are found by; else each part is made when it is first asked for."""
        parts: list[Callable[[], object]] = [partial(self.lexicon.near, (), *among[:2]) for among in NEAR]
        parts += [lambda: self._groups, lambda: self._by_consonants, lambda: self.lexicon.letters]
        with ThreadPoolExecutor(workers) as beside:
            for done in [beside.submit(part) for part in parts]:
                done.result()

    def of(self, words: Sequence[str], entries: Sequence[int]) -> Candidates:
        """Return the candidates of words as written. entries: the lexicon's, NOVEL for what it lacks."""
        cases = np.array([case_of(word) for word in words], np.int64)
        for i in np.flatnonzero(cases == MIXED).tolist():
            cases[i] = TITLE if self.lexicon.is_swapped(words[i]) else MIXED
        lower = [word.lower().replace("’", "'") for word in words]
        judged = np.flatnonzero((cases != MIXED) & np.array([word.replace("'", "").isalpha() for word in lower], bool))
        known = np.array([i for i in judged.tolist() if entries[i] != NOVEL], np.int64)
        novel = np.array([i for i in judged.tolist() if entries[i] == NOVEL], np.int64)
        keys, flags = self._listed(lower, judged, novel)
        size = max(len(self._numbers), 1)
        near = [query * size + form for query, form in self._by_letters(lower, known, novel)]
        both = np.unique(np.concatenate([*near, keys]))
        query, form = both // size, both % size
        own = np.array(entries, np.int64)[query]
        entry = self._entries(form, cases[query], own)
        kept = (entry != ABSENT) & (entry != own)
        listed = np.zeros((len(both), len(LISTED)), np.float32)
        listed[np.searchsorted(both, keys)] = flags
        query, form, entry = query[kept], form[kept], entry[kept]
        listed = listed[kept]
        cased, of_case = self._other_case(known, np.array(entries, np.int64), cases)
        order = np.argsort(np.concatenate([query, cased]), kind="stable")
        query, entry = np.concatenate([query, cased])[order], np.concatenate([entry, of_case])[order]
        form = np.concatenate([form, self.lexicon.forms.of[of_case]])[order]
        listed = np.concatenate([listed, np.zeros((len(cased), len(LISTED)), np.float32)])[order]
        first = np.searchsorted(query, np.arange(len(words) + 1))
        features = self._features(lower, query, form, entry, cases[query])
        features[:, len(LETTERS) : len(LETTERS) + len(LISTED)] = listed
        return Candidates(first, entry, features)

    def _other_case(
        self, known: NDArray[np.int64], entries: NDArray[np.int64], cases: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the words that exist with a capital where they have none, or without: their numbers, those entries."""
        column = np.where(cases[known] == LOWER, TITLE, np.where(cases[known] == TITLE, LOWER, MIXED))
        some = column != MIXED
        known, column = known[some], column[some]
        other = self.lexicon.forms.entries[self.lexicon.forms.of[entries[known]], column]
        there = (other != ABSENT) & (self.lexicon.cases[entries[known]] == cases[known])
        there &= self.lexicon.ids[other] != UNK
        return known[there], other[there]

    def surface(self, written: str, entry: int) -> str:
        """Return a candidate as it would stand where a word is written."""
        word = self.lexicon.words[entry]
        if "’" in written and "'" in word:
            word = word.replace("'", "’")
        if word.lower() == written.lower():  # the other case is what was meant
            return word
        case = case_of(written)
        if case == MIXED or (case == UPPER and len(written) == 1):
            case = TITLE
        return in_case(word, case)

    def _by_letters(
        self, lower: Sequence[str], known: NDArray[np.int64], novel: NDArray[np.int64]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        for (which, distance, most), asked in zip(NEAR, (novel, known, novel), strict=True):
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

    def _listed(
        self, lower: Sequence[str], judged: NDArray[np.int64], novel: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the candidates that share a form or a sound, are mixed up, or differ by capitals alone.

        -> word * forms + form [pairs], in order and once each; and what is true of them [pairs, len(LISTED)].
        """
        found: dict[int, list[float]] = {}
        unknown, size = set(novel.tolist()), len(self._numbers)
        for i, heard in zip(judged.tolist(), sounds_of([lower[i] for i in judged.tolist()]), strict=True):
            word = lower[i]
            forms, mixed = self._related(word, i in unknown)
            key = heard if len(word) >= SHORT else ""
            sounds = self._by_sound.get(key, [])[:SOUNDS]
            alone = [self._numbers[word]] if i in unknown and word in self._numbers else []
            alone += self._by_consonants.get(consonants_of(key), [])[:SOUNDS] if i in unknown and key else []
            parts = ([self._numbers[one] for one in forms], [self._numbers[one] for one in mixed], sounds, alone)
            for column, some in enumerate(parts):
                for form in some:
                    flags = found.setdefault(i * size + form, [0.0] * len(LISTED))
                    if column < len(LISTED):
                        flags[column] = 1.0
        keys = np.array(sorted(found), np.int64)
        return keys, np.array([found[key] for key in keys.tolist()], np.float32).reshape(-1, len(LISTED))

    def _related(self, word: str, novel: bool) -> tuple[Iterable[str], Iterable[str]]:
        """Return the words that share a form with a word, and those that it is mixed up with."""
        if not self._english:
            return (), ()
        if not novel:
            return self._groups.get(word, ()), self._mixed.get(word, ())
        bases = [base for base in bases_of(word) if base in self._groups]
        return {form for base in bases for form in (base, *self._groups[base])}, ()

    def _entries(self, form: NDArray[np.int64], case: NDArray[np.int64], own: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the entry of each form that fits the case of a word, and the entry that the word itself has."""
        entries = self.lexicon.forms.entries[form]
        found = np.full(len(form), ABSENT, np.int64)
        seen = np.where(own == NOVEL, case, self.lexicon.cases[own])
        for kind, order in _PREFERRED.items():
            mine = seen == kind
            for column in reversed(order):
                there = mine & (entries[:, column] != ABSENT)
                found[there] = entries[there, column]
        return found

    def _features(
        self,
        lower: Sequence[str],
        query: NDArray[np.int64],
        form: NDArray[np.int64],
        entry: NDArray[np.int64],
        case: NDArray[np.int64],
    ) -> NDArray[np.float32]:
        """Return the features of pairs, but for those that are LISTED. -> float32 [pairs, len(FEATURES)]"""
        found = np.zeros((len(query), len(FEATURES)), np.float32)
        found[:, : len(LETTERS)] = letter_features(lower, self.lexicon.forms.spelled, (query, form))
        own = np.array([self._numbers.get(word, ABSENT) for word in lower], np.int64)[query]
        classes = np.where(own == ABSENT, 0, self._classes[own])
        same = own == form
        others = self.lexicon.ids[entry] == UNK, (self.lexicon.cases[entry] != case) & ~same
        both = classes == self._classes[form]
        for column, flag in enumerate((both & (classes == 1), both & (classes == 2), same, *others)):
            found[:, len(LETTERS) + len(LISTED) + column] = flag
        found[:, -1] = np.log(1 + self.lexicon.counts[entry]) / 10
        return found
