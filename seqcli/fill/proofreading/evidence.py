"""Everything that speaks for an error at a place: what may have been meant, and how well it would fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from seqcli.fill.proofreading.candidates import FEATURES as WRITTEN
from seqcli.fill.proofreading.lexicon import NOVEL, Lexicon
from seqcli.fill.proofreading.network import Floats, Ints, Network
from seqcli.fill.proofreading.reading import Reading
from seqcli.fill.proofreading.word_table import WordTable

REPLACED, UNSUGGESTED, REMOVED, INSERTED, JOINED, SPLIT = range(6)
KINDS = ("replaced", "unsuggested", "removed", "inserted", "joined", "split")
WORD = (
    *("novel", "novel_name", "rare", "unusual", "short", "length", "surprise", "surprise_novel", "here", "odd_letters"),
    *("fit", "fit_high", "behind", "meant_here", "first", "case_first", "vowel"),
)
CHANGED = (
    *(
        "removed",
        "doubled",
        "inserted",
        "joined",
        "split",
        "gain_removed",
        "gain_inserted",
        "gain_joined",
        "gain_split",
    ),
    *("gain_high", "gap", "parts_novel", "article"),
)
FEATURES = (*WRITTEN, "replaced", *WORD, "unsuggested", *(f"{name}_change" for name in CHANGED))
_AT = {name: i for i, name in enumerate(FEATURES)}
NATS = 10.0  # a difference of so many counts as 1: features of about one size
FAR = 12.0  # nats: beyond this a difference says no more
HIGH = 4.0  # nats: above this the slope may be another


@dataclass(frozen=True)
class Evidence:
    """Candidates of all places, those of a place together, in order.

    sites [M]: the token that each belongs to; kinds [M]: of KINDS; entries [M]: of the lexicon, or, where a word is
    split, the letters of its first part; features [M, len(FEATURES)].
    """

    sites: Ints
    kinds: Ints
    entries: Ints
    features: Floats

    @classmethod
    def none(cls) -> Evidence:
        """Return no evidence."""
        nothing = np.zeros(0, np.int64)
        return cls(nothing, nothing, nothing, np.zeros((0, len(FEATURES)), np.float32))

    def part(self, rows: NDArray[np.bool_]) -> Evidence:
        """Return some rows."""
        return Evidence(self.sites[rows], self.kinds[rows], self.entries[rows], self.features[rows])

    @classmethod
    def joined(cls, parts: Sequence[Evidence]) -> Evidence:
        """Return several as one, by place."""
        columns = [np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)]
        sites = columns[0]
        if (np.diff(sites) < 0).any():
            order = np.argsort(sites, kind="stable")
            columns = [column[order] for column in columns]
        return cls(*columns)


@dataclass
class Seen:
    """What the network says of a stretch of a text.

    vectors, before [N, E]: of each token, and of what may be missing before it; own, totals, surprise [N]: the score of
    each token, the log of all scores' sum, and nats; firsts [N]: whether it begins a window; headings [N]: one that is
    no sentence, so that a small letter may begin it.
    """

    start: int
    windows: Sequence[tuple[int, int]]
    vectors: Floats
    before: Floats
    own: Floats
    totals: Floats
    surprise: Floats
    firsts: NDArray[np.bool_]
    headings: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.own)


def seen(
    network: Network,
    table: WordTable,
    reading: Reading,
    windows: Sequence[tuple[int, int]],
    vectors: Floats,
    before: Floats,
) -> Seen:
    """Return what is said of windows that stand behind each other. vectors, before: as the network has read them."""
    start, end = windows[0][0], windows[-1][1]
    firsts = np.zeros(end - start, bool)
    firsts[[low - start for low, _ in windows]] = True
    headings = np.zeros(end - start, bool)
    headings[[low - start for low, high in windows if not reading.ends((low, high))]] = True
    said = _said(network, table, start, vectors, np.arange(end - start))
    return Seen(start, windows, vectors, before, *said, firsts, headings)


def see_again(network: Network, table: WordTable, look: Seen, ids: Ints, changed: Ints) -> Ints:
    """Read the windows anew that hold some tokens, and return the places of all that stand in them."""
    begins = np.array([low for low, _ in look.windows])
    which = np.unique(np.searchsorted(begins, changed, side="right") - 1).tolist()
    windows = [look.windows[i] for i in which]
    places = np.concatenate([np.arange(low, high) for low, high in windows]) - look.start
    vectors, before = network.read([ids[low:high] for low, high in windows], between=True)
    look.vectors[places], look.before[places] = vectors, before
    parts = _said(network, table, look.start, vectors, places)
    look.own[places], look.totals[places], look.surprise[places] = parts
    return places


def _said(
    network: Network, table: WordTable, start: int, vectors: Floats, places: Ints
) -> tuple[Floats, Floats, Floats]:
    """Return the score of each token, the log of the sum of all, and its surprise. vectors [places, E]"""
    numbers = table.number[start + places]
    own = network.scores(vectors, np.arange(len(places)), table.ids[numbers]) + table.shares[numbers]
    totals = np.logaddexp(network.totals(vectors), own)
    return own, totals, totals - own


def replacements(network: Network, lexicon: Lexicon, table: WordTable, look: Seen, places: Ints) -> Evidence:
    """Return the candidates of the words at some places.

    Of each word that no text had, one of them is that it is wrong and nobody knows what was meant.
    """
    numbers = table.number[look.start : look.start + len(look)]
    open_ = places[~table.settled[numbers[places]]]
    counts = table.candidates.counts()[numbers[open_]]
    place = np.repeat(open_, counts)
    within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    row = np.repeat(table.candidates.first[numbers[open_]], counts) + within
    entry = table.candidates.entries[row]
    kept = (table.candidates.features[row, _AT["case"]] == 0) | ~look.headings[place]
    place, row, entry = place[kept], row[kept], entry[kept]
    fit = network.scores(look.vectors, place, lexicon.ids[entry]) + lexicon.shares[entry] - look.own[place]
    features = np.zeros((len(place), len(FEATURES)), np.float32)
    features[:, : len(WRITTEN)] = table.candidates.features[row]
    features[:, _AT["replaced"]] = 1.0
    _say_of_words(features, table, look, place)
    novel = table.novel[numbers[place]]
    near = np.clip(fit, -FAR, FAR) / NATS
    features[:, _AT["fit"]] = near
    features[:, _AT["fit_high"]] = np.maximum(near - HIGH / NATS, 0)
    features[:, _AT["behind"]] = np.maximum(fit - _best(fit, place), -FAR) / NATS * novel
    here = np.log((table.candidates_here[row] + 1) / (table.here[numbers[place]] + 1))
    features[:, _AT["meant_here"]] = np.clip(here, -5, 5) / 5
    features[:, _AT["case_first"]] = features[:, _AT["case"]] * features[:, _AT["first"]]
    features[:, _AT["vowel"]] = table.suits_next(look.start + place, lexicon.before_vowel, entry)
    alone = open_[table.novel[numbers[open_]]]
    wrong = np.zeros((len(alone), len(FEATURES)), np.float32)
    wrong[:, _AT["unsuggested"]] = 1.0
    _say_of_words(wrong, table, look, alone)
    return Evidence.joined(
        [
            Evidence(place + look.start, np.full(len(place), REPLACED), entry, features),
            Evidence(alone + look.start, np.full(len(alone), UNSUGGESTED), np.full(len(alone), NOVEL), wrong),
        ]
    )


def _best(values: Floats, places: Ints) -> Floats:
    """Return the highest value of each place, for every one of its rows. places: those of a place together."""
    if not len(values):
        return values
    begins = np.flatnonzero(np.diff(places, prepend=places[0] - 1))
    best: Floats = np.repeat(np.maximum.reduceat(values, begins), np.diff(np.append(begins, len(values))))
    return best


def _say_of_words(features: Floats, table: WordTable, look: Seen, place: Ints) -> None:
    """Fill in what is the same for all candidates of a place."""
    number = table.number[look.start + place]
    novel = table.novel[number]
    surprise = np.clip(look.surprise[place], 0, 2 * FAR) / NATS
    said = {
        "novel": novel,
        "novel_name": novel & table.named[number],
        "rare": ~novel & (table.ids[number] == 0),
        "unusual": np.where(novel, 0, np.log(1 + table.counts[number]) / NATS),
        "short": table.lengths[number] <= 3,
        "length": table.lengths[number] / 10,
        "surprise": surprise,
        "surprise_novel": surprise * novel,
        "here": np.log(table.here[number]) / 5,
        "odd_letters": table.odd_letters[number],
        "first": look.firsts[place],
    }
    for name, value in said.items():
        features[:, _AT[name]] = value
