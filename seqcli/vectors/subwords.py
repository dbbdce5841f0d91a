"""Vectors of character n-grams, hashed as fastText does, so that a word never seen has a vector too.

Source: Bojanowski et al. 2017.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FNV_START, FNV_PRIME = 2166136261, 16777619  # FNV-1a, 32 bits
GATHERED = 1 << 14  # n-grams of one word gathered at once: a word may have as many letters as a line
BATCH = 1000  # words whose n-grams are gathered at once: 20 n-grams of 300 numbers each are 24 MB


@dataclass(frozen=True)
class Subwords:
    """Rows of n-grams, float32 [buckets, D]; an n-gram's row is its hash modulo buckets.

    N-grams have shortest..longest characters and are taken from "<word>".
    """

    matrix: Floats
    shortest: int
    longest: int

    def vector(self, word: str) -> Floats | None:
        """Return the mean of a word's n-gram vectors [D], None for a word without any (the empty one)."""
        rows, _ = ngram_rows([word], self.shortest, self.longest, len(self.matrix))
        total = np.zeros(self.matrix.shape[1])
        for start in range(0, len(rows), GATHERED):
            total += self.matrix[rows[start : start + GATHERED]].sum(axis=0, dtype=np.float64)
        return (total / len(rows)).astype(np.float32) if len(rows) else None

    def complete(self, words: Sequence[str], own: Floats) -> Floats:
        """Return the words' vectors [V, D]: the mean of each one's own row [V, D] and its n-grams' rows."""
        out = np.empty_like(own)
        for part, sums, counts in self._sums(words):
            out[part] = (own[part] + sums) / (counts + 1)
        return out

    def own(self, words: Sequence[str], vectors: Floats) -> Floats:
        """Return the words' own rows [V, D] from their vectors [V, D]: what `complete` was given."""
        out = np.empty_like(vectors)
        for part, sums, counts in self._sums(words):
            out[part] = vectors[part] * (counts + 1) - sums
        return out

    def _sums(self, words: Sequence[str]) -> Iterator[tuple[slice, NDArray[np.float64], NDArray[np.int64]]]:
        """Yield, batch by batch, where its words stand, the sums of their n-grams' rows [n, D], and how many [n, 1]."""
        for start in range(0, len(words), BATCH):
            rows, sizes = ngram_rows(words[start : start + BATCH], self.shortest, self.longest, len(self.matrix))
            sums = np.zeros((len(sizes), self.matrix.shape[1]))
            filled = np.flatnonzero(sizes)
            if len(filled):
                begins = (np.cumsum(sizes) - sizes)[filled]
                sums[filled] = np.add.reduceat(self.matrix[rows], begins, axis=0, dtype=np.float64)
            yield slice(start, start + len(sizes)), sums, sizes[:, None]


def ngram_rows(
    words: Sequence[str], shortest: int, longest: int, buckets: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (the rows of all n-grams of all words, word by word; how many each word has [len(words)]).

    Source: fastText's Dictionary::computeSubwords: characters are UTF-8's, "<" and ">" alone are no n-grams, bytes are
    extended with their sign before they enter the hash.
    """
    text = [f"<{word}>".encode("utf-8", "surrogatepass") for word in words]
    data = np.frombuffer(b"".join(text), np.uint8)
    owners = np.repeat(np.arange(len(text)), [len(one) for one in text])
    starts = np.flatnonzero((data & 0xC0) != 0x80)  # where characters begin
    bounds = np.append(starts, len(data))
    owner = owners[starts] if len(starts) else starts
    parts = []
    for n in range(max(shortest, 1), longest + 1):
        first = np.arange(len(starts) - n + 1)
        first = first[owner[first] == owner[first + n - 1]]
        if n == 1:
            edge = np.isin(data[starts[first]], (ord("<"), ord(">"))) & _at_edge(owner, first)
            first = first[~edge]
        parts.append((first, n))
    if not parts:
        return np.zeros(0, np.int64), np.zeros(len(text), np.int64)
    firsts = np.concatenate([first for first, _ in parts])
    ends = np.concatenate([first + n for first, n in parts])
    order = np.lexsort((ends, firsts))
    firsts, ends = firsts[order], ends[order]
    hashes = _fnv(data, bounds[firsts], bounds[ends])
    sizes = np.bincount(owner[firsts], minlength=len(text)).astype(np.int64)
    return (hashes % np.uint32(buckets)).astype(np.int64), sizes


def _at_edge(owner: NDArray[np.int64], first: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether characters are the first or last of their word."""
    before = np.concatenate(([-1], owner[:-1]))
    after = np.concatenate((owner[1:], [-1]))
    edge: NDArray[np.bool_] = (owner != before)[first] | (owner != after)[first]
    return edge


def _fnv(data: NDArray[np.uint8], begins: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Return the hash of each stretch of bytes, all stretches a byte further at a time."""
    signed = data.view(np.int8).astype(np.int32).view(np.uint32)
    hashes = np.full(len(begins), FNV_START, np.uint32)
    at, live = begins.copy(), np.arange(len(begins))
    while len(live):
        hashes[live] = (hashes[live] ^ signed[at[live]]) * np.uint32(FNV_PRIME)
        at[live] += 1
        live = live[at[live] < ends[live]]
    return hashes
