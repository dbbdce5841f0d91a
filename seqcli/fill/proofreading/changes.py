"""Changes that alter how many words there are: one too many, one missing, two written as one, one written as two.

Each is proposed where a cheap look makes it likely, and then judged by how much more likely the words around it become
when it is made: the sum of what the network says of each, as it reads the sentence with the change.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from seqcli.fill.proofreading.closed_class import ARTICLES, insertable, removable
from seqcli.fill.proofreading.evidence import (
    FAR,
    FEATURES,
    HIGH,
    INSERTED,
    JOINED,
    KINDS,
    NATS,
    REMOVED,
    SPLIT,
    Evidence,
    Seen,
)
from seqcli.fill.proofreading.lexicon import NOVEL, Lexicon
from seqcli.fill.proofreading.network import Floats, Ints, Network
from seqcli.fill.proofreading.word_table import WordTable
from seqcli.text.vocabulary import UNK

REACH = 8  # words read on each side of a change
AROUND = 3  # words on each side that are asked how well they stand
ODD = 4.5  # nats of surprise from which two words are looked at as one
ODDER = 6.0  # ... from which a word is taken for one too many
ODDEST = 8.0  # ... from which a word that is known is cut in two
LIKELY = -1.5  # log-probability, in a gap, from which a word is looked at that may be missing
MISSING_MOST = 0.015  # of the places: words that may be missing, the likeliest
COMMON = 2e-5  # of the words of the training text that each part of a word written as one must be
_AT = {name: i for i, name in enumerate(FEATURES)}


class Change(NamedTuple):
    """A change of a text's tokens: those from `low` to `high` are replaced by some ids, each with its share."""

    site: int
    kind: int
    entry: int
    low: int
    high: int
    ids: tuple[int, ...]
    shares: tuple[float, ...]
    features: dict[str, float]


class Changes:
    """Proposes and judges the changes of a text."""

    def __init__(self, network: Network, lexicon: Lexicon) -> None:
        self._network, self._lexicon = network, lexicon
        inserted = insertable(lexicon.vocabulary)
        self._inserted = np.array([lexicon.vocabulary.id_of(word) for word in inserted], np.int64)
        self._inserted_entries = [lexicon.entry_of(word) for word in inserted]
        self._articles = np.array([word in ARTICLES for word in inserted], bool)
        self._common = max(COMMON * float(lexicon.counts.sum()), 2.0)
        self._removable = frozenset(removable(lexicon.vocabulary))

    def evidence(self, table: WordTable, look: Seen, ids: Ints) -> Evidence:
        """Return the changes of a stretch with their features. ids: of all tokens, as they are read."""
        owner = np.concatenate([np.full(high - low, i, np.int64) for i, (low, high) in enumerate(look.windows)])
        found = [*self._too_many(table, look), *self._two_as_one(table, look), *self._one_as_two(table, look)]
        found += self._missing(table, look)
        features = np.zeros((len(found), len(FEATURES)), np.float32)
        if found:
            windows = [look.windows[owner[change.site - look.start]] for change in found]
            gains = self._gains(found, windows, table, look, ids)
            near = np.clip(gains, -FAR, 2 * FAR) / NATS
            features[:, _AT["gain_high_change"]] = np.maximum(near - HIGH / NATS, 0)
            for row, change in enumerate(found):
                features[row, _AT[f"gain_{KINDS[change.kind]}_change"]] = near[row]
                for name, value in change.features.items():
                    features[row, _AT[f"{name}_change"]] = value
        columns = np.array([change[:3] for change in found], np.int64).reshape(-1, 3)
        return Evidence(columns[:, 0], columns[:, 1], columns[:, 2], features)

    def _too_many(self, table: WordTable, look: Seen) -> list[Change]:
        """Return the words that stand twice, and those of the closed classes that are odd."""
        numbers = table.number[look.start : look.start + len(look)]
        found = []
        lower = [word.lower() for word in table.written]
        same = np.array([*numbers, -1])
        for i, number in enumerate(numbers.tolist()):
            word = lower[number]
            twice = i > 0 and not look.firsts[i] and table.is_word[number] and word == lower[same[i - 1]]
            if twice or (look.surprise[i] > ODDER and word in self._removable and not table.settled[number]):
                features = {"removed": 1.0, "doubled": float(twice), "article": float(word in ARTICLES)}
                at = look.start + i
                found.append(Change(at, REMOVED, NOVEL, at, at + 1, (), (), features))
        return found

    def _two_as_one(self, table: WordTable, look: Seen) -> list[Change]:
        """Return the neighbours that are one word when they are written together."""
        numbers = table.number[look.start : look.start + len(look)].tolist()
        found = []
        for i, (left, right) in enumerate(pairwise(numbers)):
            odd = max(look.surprise[i], look.surprise[i + 1]) > ODD
            novel = int(table.novel[left]) + int(table.novel[right])
            if look.firsts[i + 1] or not (odd or novel) or not (table.is_word[left] and table.is_word[right]):
                continue
            entry = self._lexicon.entry_of(table.written[left] + table.written[right])
            if entry == NOVEL or self._lexicon.ids[entry] == UNK:
                continue
            one = int(self._lexicon.ids[entry])
            at = look.start + i
            features = {"joined": 1.0, "parts_novel": novel / 2}
            found.append(Change(at, JOINED, entry, at, at + 2, (one,), (0.0,), features))
        return found

    def _one_as_two(self, table: WordTable, look: Seen) -> list[Change]:
        """Return the words that are two common words when they are cut, at the best place."""
        numbers = table.number[look.start : look.start + len(look)]
        cuts = {n: self._cut(table.written[n]) for n in np.unique(numbers).tolist() if not table.settled[n]}
        found = []
        for i, number in enumerate(numbers.tolist()):
            cut = cuts.get(number, 0)
            if not cut or not (table.novel[number] or look.surprise[i] > ODDEST):
                continue
            word = table.written[number]
            parts = self._lexicon.id_of(word[:cut]), self._lexicon.id_of(word[cut:])
            at = look.start + i
            features = {"split": 1.0, "parts_novel": float(table.novel[number])}
            found.append(Change(at, SPLIT, cut, at, at + 1, parts, (0.0, 0.0), features))
        return found

    def _cut(self, word: str) -> int:
        """Return where a word is best cut into two common ones, by their counts; 0: nowhere."""
        best, most = 0, 0.0
        for cut in range(1, len(word)):
            entries = self._lexicon.entry_of(word[:cut]), self._lexicon.entry_of(word[cut:])
            if NOVEL in entries or len(word) - cut == 1 or (cut == 1 and word[0].lower() not in "ai"):
                continue
            least = min(self._lexicon.counts[list(entries)])
            if least > max(most, self._common) and self._lexicon.ids[list(entries)].all():
                best, most = cut, least
        return best

    def _missing(self, table: WordTable, look: Seen) -> list[Change]:
        """Return the words of the closed classes that are likely to be missing somewhere."""
        if not len(self._inserted) or not len(look.before):
            return []
        scores = self._network.shared(look.before, self._inserted) - self._network.totals(look.before)[:, None]
        best = scores.max(axis=1)
        places = np.flatnonzero((best > LIKELY) & ~look.firsts)
        most = int(MISSING_MOST * len(look)) + 2
        places = np.sort(places[np.argsort(-best[places], kind="stable")[:most]])
        found = []
        for i in places.tolist():
            which = int(scores[i].argmax())
            at = look.start + i
            features = {"inserted": 1.0, "gap": float(best[i]) / NATS, "article": float(self._articles[which])}
            word = int(self._inserted[which])
            found.append(Change(at, INSERTED, self._inserted_entries[which], at, at, (word,), (0.0,), features))
        return found

    def _gains(
        self, changes: Sequence[Change], windows: Sequence[tuple[int, int]], table: WordTable, look: Seen, ids: Ints
    ) -> Floats:
        """Return by how many nats the words around each change are likelier with it than without. -> [changes]

        Without it they are as they were read with all of their window.
        """
        rows, wanted = list[Ints](), list[_Asked]()
        before = np.zeros(len(changes), np.float32)
        for i, (change, (low, high)) in enumerate(zip(changes, windows, strict=True)):
            first, last = max(low, change.low - REACH), min(high, change.high + REACH)
            near = max(low, change.low - AROUND), min(high, change.high + AROUND)
            before[i] = -look.surprise[near[0] - look.start : near[1] - look.start].sum()
            row = np.concatenate([ids[first : change.low], np.array(change.ids, np.int64), ids[change.high : last]])
            shares = table.shares[table.number[near[0] : change.low]], table.shares[table.number[change.high : near[1]]]
            share = np.concatenate([shares[0], np.array(change.shares, np.float32), shares[1]])
            wanted.append(_Asked(near[0] - first, row[near[0] - first :][: len(share)], share))
            rows.append(row)
        vectors, _ = self._network.read(rows)
        starts = np.cumsum([0, *map(len, rows)])
        places = np.concatenate([starts[i] + one.first + np.arange(len(one.ids)) for i, one in enumerate(wanted)])
        some = vectors[places]
        scores = self._network.scores(some, np.arange(len(some)), np.concatenate([one.ids for one in wanted]))
        scores += np.concatenate([one.shares for one in wanted])
        logs = scores - np.logaddexp(scores, self._network.totals(some))
        owner = np.repeat(np.arange(len(wanted)), [len(one.ids) for one in wanted])
        after = np.bincount(owner, logs, minlength=len(changes)).astype(np.float32)
        gains: Floats = after - before
        return gains


class _Asked(NamedTuple):
    """The words that are asked for around a change: where they begin in the row, their ids and shares."""

    first: int
    ids: Ints
    shares: Floats
