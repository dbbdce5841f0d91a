"""Sentences whose words are cut into subwords by a draw, each time they are read."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from seqcli.text.tokens import SPACE, Subwords
from seqcli.text.vocabulary import EOS, UNK
from seqcli.translation.sides import Side

WAYS = 16  # of a word that are drawn from; those behind them are hardly ever likely


class Recutting:
    """Sentences as words, each with the ways to cut it and how likely each is drawn.

    Source: Kudo 2018, subword regularisation over the n best cuts.
    """

    def __init__(self, side: Side, sentences: Sequence[Sequence[int]], sharpness: float) -> None:
        """sentences: ids, EOS at the end. sharpness: the power of a cut's probability in the draw."""
        assert isinstance(side.tokenizer, Subwords)
        self._side, self._tokenizer, self._sharpness = side, side.tokenizer, sharpness
        self._begins = np.array([token.startswith(SPACE) or i == EOS for i, token in enumerate(side.vocabulary.tokens)])
        self._ways: list[list[list[int]]] = []
        self._shares: list[list[float]] = []
        known: dict[tuple[int, ...], int] = {}
        self._sentences = [self._words(ids, known) for ids in sentences]

    def draw(self, place: int, rng: np.random.Generator) -> list[int]:
        """Return the ids of a sentence, its words cut anew, EOS at the end."""
        words = self._sentences[place]
        ids: list[int] = []
        for word, drawn in zip(words, rng.random(len(words)).tolist(), strict=True):
            ids += self._ways[word][bisect(self._shares[word], drawn)]
        return ids

    def _words(self, ids: Sequence[int], known: dict[tuple[int, ...], int]) -> list[int]:
        """Return the words of a sentence; known: those met so far."""
        starts = np.flatnonzero(self._begins[ids[1:]]) + 1
        words = [tuple(ids[a:b]) for a, b in pairwise([0, *starts.tolist(), len(ids)])]
        for word in words:
            if word not in known:
                known[word] = len(known)
                self._learn(word)
        return [known[word] for word in words]

    def _learn(self, word: tuple[int, ...]) -> None:
        vocabulary = self._side.vocabulary
        found = [] if word == (EOS,) else self._tokenizer.ways([vocabulary.tokens[i] for i in word], WAYS)
        cuts = [(vocabulary.encode(tokens), log) for tokens, log in found]
        cuts = [(ids, log) for ids, log in cuts if UNK not in ids]
        if not cuts or tuple(cuts[0][0]) != word:  # what spells otherwise than it is cut stays as it is
            cuts = [(list(word), 0.0)]
        weights = np.exp(self._sharpness * np.array([log - cuts[0][1] for _, log in cuts]))
        self._ways.append([ids for ids, _ in cuts])
        self._shares.append((np.cumsum(weights) / weights.sum())[:-1].tolist())
