"""Vectors of sentences from those of their words: rarer words say more, what all sentences share says nothing.

Source: Arora, Liang and Ma, "A simple but tough-to-beat baseline for sentence embeddings", 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from seqcli.text.tokens import Tokenizer, shown, tokens_of
from seqcli.vectors.table import SMOOTH, Table, UnknownWordError

Floats = NDArray[np.float32]
FEW = 30  # passages below which a direction that they share may be what they are about
SAMPLE = 20_000  # passages from which that direction is taken


class Encoder(Protocol):
    """What makes vectors of texts [N, D]; one of zeros for a text of which nothing is known."""

    def __call__(self, texts: Sequence[str]) -> Floats: ...


class WeightedMean:
    """The mean of the unit vectors of a text's words, each weighed by how rare it is; marks are left out."""

    def __init__(self, table: Table, tokenizer: Tokenizer) -> None:
        self._table, self._tokenizer = table, tokenizer
        self._known: dict[str, Floats | None] = {}  # word -> its part of a sum
        self._chances = self._shares()

    def __call__(self, texts: Sequence[str]) -> Floats:
        found = np.zeros((len(texts), self._table.dimensions), np.float32)
        for row, text in enumerate(texts):
            parts = [part for word in self.words(text) if (part := self._part(word)) is not None]
            if parts:
                found[row] = np.sum(parts, 0) / len(parts)
        return found

    def words(self, text: str) -> list[str]:
        """Return the tokens of a text that are words."""
        return [token for token in tokens_of(self._tokenizer, text) if any(map(str.isalnum, token))]

    def unknown(self, text: str) -> list[str]:
        """Return the words of a text that have no vector, as they are read."""
        return [shown(word) for word in dict.fromkeys(self.words(text)) if self._part(word) is None]

    def _part(self, word: str) -> Floats | None:
        if word not in self._known:
            try:
                row = self._table.row(word)
                share = self._chances[row] if row is not None else 0.0
                self._known[word] = self._table.unit(word) * np.float32(SMOOTH / (SMOOTH + share))
            except UnknownWordError:
                self._known[word] = None
        return self._known[word]

    def _shares(self) -> NDArray[np.float64]:
        """Return the share of a text that each word has: counted, else by its rank, as Zipf found them."""
        if self._table.counts is not None:
            counts = self._table.counts.astype(np.float64)
            return np.asarray(counts / max(counts.sum(), 1.0), np.float64)
        shares = 1.0 / np.arange(1, len(self._table) + 1)
        return np.asarray(shares / max(shares.sum(), 1.0), np.float64)


def common_direction(vectors: Floats) -> Floats | None:
    """vectors [N, D] -> what they share most, a unit vector [D]; None where they are too few to tell."""
    some = vectors[np.any(vectors, axis=1)]
    if len(some) < FEW:
        return None
    wide = some[:: max(len(some) // SAMPLE, 1)].astype(np.float64)
    _, axes = np.linalg.eigh(wide.T @ wide)
    found: Floats = axes[:, -1].astype(np.float32)
    return found


def without(vectors: Floats, direction: Floats | None) -> Floats:
    """Return vectors [N, D] at length one, a direction taken out; one of zeros stays so."""
    if direction is not None:
        vectors = vectors - (vectors @ direction)[:, None] * direction
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Floats = vectors / np.maximum(lengths, np.float32(1e-12))
    return found
