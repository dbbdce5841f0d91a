"""A table of word vectors and what is asked of it: neighbours, analogies, similarities. Numpy only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import ModelError, quoted
from seqcli.text.tokens import JOINER, SPACE, shown
from seqcli.vectors.subwords import Subwords

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

MARKS = (JOINER, SPACE)
QUERIES = 256  # answered together: enough for the matrix product to run at full speed
SCORES = 1 << 20  # held at once: 4 MB, which stay in the cache between the product and the search for the best
SAMPLED = 4096  # words whose scores bound the k-th best from below, so that few others need a second look
ROUNDING = 1e-4  # float32 products of 1,000 numbers err by less; the candidates are measured again in float64
SMOOTH = 1e-3  # Arora et al. 2017: a word of this share of the text counts half in a sentence
LARGEST = 1e30  # number in a vector: the length of one of 65,536 such is a float32 still
EPSILON = 1e-6  # keeps 3CosMul's quotient finite (Levy and Goldberg 2014 use 1e-3, gensim and word2vec's users this)


class UnknownWordError(ModelError, KeyError):
    """A word that the table has no vector for."""

    def __init__(self, word: str, why: str = "") -> None:
        self.word = word
        super().__init__(why or f"{quoted(word)} has no vector in this model; give a word that it knows.")

    __str__ = Exception.__str__  # a KeyError's is in quotes


class Near(NamedTuple):
    """A word near another, by its row in the table, and the cosine of the angle between them."""

    row: int
    similarity: float


@dataclass(frozen=True)
class Table:
    """Words and their vectors: words[r] has row r of matrix, float32 [V, D], the commonest word first.

    The matrix may be a view on a file's bytes; it is never changed or copied.
    """

    words: Sequence[str]
    matrix: Floats
    subwords: Subwords | None = None
    counts: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.words)

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""
        return int(self.matrix.shape[1])

    @cached_property
    def rows(self) -> dict[str, int]:
        """The row of every word."""
        return {word: row for row, word in enumerate(self.words)}

    @cached_property
    def shown_words(self) -> list[str]:
        """The words as a person sees them, each once."""
        return list(dict.fromkeys(map(shown, self.words)))

    @cached_property
    def lengths(self) -> Floats:
        """The length of every vector, 1 for one of zeros: its similarity to anything is then 0. -> [V]"""
        lengths: Floats = np.sqrt(np.einsum("vd,vd->v", self.matrix, self.matrix))
        if not np.isfinite(lengths.max(initial=0)) or np.any(lengths < 1e-15):  # squares left float32's range
            lengths = np.linalg.norm(self.matrix.astype(np.float64), axis=1).astype(np.float32)
        lengths[lengths == 0] = 1
        return lengths

    @cached_property
    def marked(self) -> dict[str, int]:
        """The row of every token with marks of spaces, by what is shown of it; of two alike the commoner one's."""
        marked = ((row, word) for row, word in enumerate(self.words) if word[:1] in MARKS or word[-1:] in MARKS)
        return {shown(word): row for row, word in reversed([*marked])}

    def row(self, word: str) -> int | None:
        """Return the row of a word, of its lower-case form, or of the token shown so; None where none is known."""
        row = self.rows.get(word)
        row = self.rows.get(word.lower()) if row is None else row
        return self.marked.get(word) if row is None else row

    def knows(self, word: str) -> bool:
        """Return whether a word has a vector, by itself or by its subwords."""
        return self.row(word) is not None or (self.subwords is not None and self.subwords.vector(word) is not None)

    def vector(self, word: str) -> Floats:
        """Return a word's vector [D]; of a word never seen, where the table knows subwords, the mean of its n-grams.

        Raises UnknownWordError.
        """
        row = self.row(word)
        if row is not None:
            own: Floats = self.matrix[row]
            return own
        made = self.subwords.vector(word) if self.subwords else None
        if made is None:
            raise UnknownWordError(word)
        return made

    def unit(self, word: str) -> Floats:
        """Return a word's vector at length one. Raises UnknownWordError."""
        return unit(self.vector(word))

    def similarity(self, first: str, second: str) -> float:
        """Return the cosine between two words. Raises UnknownWordError."""
        return cosine(self.vector(first), self.vector(second))

    def neighbors(self, words: Sequence[str], k: int, among: Rows | None = None) -> list[list[Near]]:
        """Return the k nearest words of each word, itself left out. Raises UnknownWordError."""
        queries = np.array([self.unit(word) for word in words], np.float32).reshape(-1, self.dimensions)
        rows = (self.row(word) for word in words)
        return self.nearest(queries, k, [() if row is None else (row,) for row in rows], among)

    def nearest(
        self, queries: Floats, k: int, skip: Sequence[Collection[int]], among: Rows | None = None
    ) -> list[list[Near]]:
        """Return the k nearest words of each query [Q, D], its own `skip` left out, out of the rows `among`.

        The same for one query as for many: what may be among the nearest is measured in float64, ties go to the
        commoner word.
        """
        matrix = self.matrix if among is None else self.matrix[among]
        lengths = self.lengths if among is None else self.lengths[among]
        wanted = k + max(map(len, skip), default=0)
        found: list[list[Near]] = []
        step = QUERIES if _can_bound(len(matrix), wanted) else max(SCORES // max(len(matrix), 1), 1)
        for start in range(0, len(queries), step):
            batch = queries[start : start + step]
            columns = _candidates(matrix, lengths, batch, wanted)
            for query, some, omitted in zip(batch, columns, skip[start : start + step], strict=True):
                rows = some if among is None else among[some]
                if len(omitted):
                    rows = rows[~np.isin(rows, list(omitted))]
                found.append(self.ranked(query, rows, k))
        return found

    def ranked(self, query: Floats, rows: Rows, k: int) -> list[Near]:
        """Return the k of some rows nearest to a query [D], measured in float64; equal ones by their row."""
        exact = self.matrix[rows].astype(np.float64)
        norms = np.linalg.norm(exact, axis=1) * np.linalg.norm(query.astype(np.float64))
        scores = (exact * query.astype(np.float64)).sum(axis=1) / np.where(norms == 0, 1, norms)
        order = np.lexsort((rows, -scores))[:k]
        return [Near(int(rows[i]), float(scores[i])) for i in order]

    def analogy(
        self, plus: Sequence[str], minus: Sequence[str], k: int, method: str = "add", among: Rows | None = None
    ) -> list[Near]:
        """Return the k words nearest to the sum of `plus` less `minus`, none of these themselves.

        method "add": 3CosAdd, the cosine to the sum of unit vectors (Mikolov et al. 2013); "mul": 3CosMul, a product
        of similarities shifted to 0..1 over another (Levy and Goldberg 2014). Raises UnknownWordError.
        """
        known = {row for row in (self.row(word) for word in (*plus, *minus)) if row is not None}
        add = np.array([self.unit(word) for word in plus], np.float32).reshape(-1, self.dimensions)
        take = np.array([self.unit(word) for word in minus], np.float32).reshape(-1, self.dimensions)
        if method == "add":
            return self.nearest(unit(add.sum(0) - take.sum(0))[None], k, [known], among)[0]
        rows = np.arange(len(self), dtype=np.int64) if among is None else among
        scores = np.ones(len(rows))
        for vectors, power in ((add, 1), (take, -1)):
            for one in vectors:
                near = (self.matrix @ one if among is None else self.matrix[rows] @ one) / self.lengths[rows]
                scores *= ((near.astype(np.float64) + 1) / 2 + (EPSILON if power < 0 else 0)) ** power
        scores[np.isin(rows, list(known))] = -np.inf
        order = np.lexsort((rows, -scores))[:k]
        return [Near(int(rows[i]), float(scores[i])) for i in order if np.isfinite(scores[i])]

    def odd_one_out(self, words: Sequence[str]) -> list[tuple[str, float]]:
        """Return the words, the one least similar to the mean of the others first, each with that similarity.

        Raises UnknownWordError.
        """
        units = np.array([self.unit(word) for word in words], np.float64)
        rest = units.sum(0) - units
        scored = [(word, cosine(one, others)) for word, one, others in zip(words, units, rest, strict=True)]
        return sorted(scored, key=lambda pair: pair[1])

    def sentence(self, words: Sequence[str]) -> tuple[Floats, int]:
        """Return (the weighted mean of the words' unit vectors [D], how many of the words are known).

        A word's weight falls with its frequency, where counts are known. Source: Arora et al. 2017, eq. 1.
        """
        total, known = np.zeros(self.dimensions, np.float64), 0
        for word in words:
            try:
                one = self.unit(word)
            except UnknownWordError:
                continue
            total += self._weight(self.row(word)) * one
            known += 1
        return (total / max(known, 1)).astype(np.float32), known

    @cached_property
    def _seen(self) -> float:
        """How many words the counts are of."""
        return 1.0 if self.counts is None else max(float(self.counts.sum()), 1.0)

    def _weight(self, row: int | None) -> float:
        if self.counts is None or row is None:
            return 1.0
        return SMOOTH / (SMOOTH + float(self.counts[row]) / self._seen)


def is_comparable(matrix: Floats) -> bool:
    """Return whether the numbers of a matrix are finite, and small enough for lengths and products to be so too."""
    return matrix.size == 0 or max(-float(matrix.min()), float(matrix.max())) <= LARGEST


def unit(vector: Floats) -> Floats:
    """Return a vector at length one; one of zeros stays as it is."""
    wide = vector.astype(np.float64)
    length = float(np.linalg.norm(wide))
    return (wide / length if length else wide).astype(np.float32)


def cosine(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Return the cosine of the angle between two vectors, 0 where one of them is all zeros."""
    one, other = first.astype(np.float64), second.astype(np.float64)
    norm = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(np.clip(one @ other / norm, -1, 1)) if norm else 0.0


def _can_bound(size: int, k: int) -> bool:
    """Return whether the k-th best of a sample says anything about that of a table of this size."""
    return size > 2 * SAMPLED and k <= SAMPLED // 8


def _candidates(matrix: Floats, lengths: Floats, queries: Floats, k: int) -> list[Rows]:
    """Return for each query [Q, D] the rows of the matrix [V, D] that may be among its k nearest, in any order."""
    step = max(SCORES // len(queries), 1)
    bounds = np.full(len(queries), -np.inf, np.float32)
    sample = slice(None, None, max(len(matrix) // SAMPLED, 1))
    sampled = _can_bound(len(matrix), k)
    if sampled and step < len(matrix):
        bounds = _kth_best(_scores(matrix[sample], lengths[sample], queries), k)
    parts: list[tuple[Rows, Rows, Floats]] = []
    for start in range(0, len(matrix), step):
        scores = _scores(matrix[start : start + step], lengths[start : start + step], queries)
        if sampled and step >= len(matrix):
            bounds = _kth_best(scores[:, sample], k)
        flat = np.flatnonzero(scores >= bounds[:, None])
        asker, column = np.divmod(flat, scores.shape[1])
        parts.append((asker, column + start, scores.ravel()[flat]))
    askers, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.argsort(askers, kind="stable")
    ends = np.cumsum(np.bincount(askers, minlength=len(queries)))[:-1]
    split = zip(np.split(columns[order], ends), np.split(values[order], ends), strict=True)
    return [_best(rows, scores, k) for rows, scores in split]


def _scores(matrix: Floats, lengths: Floats, queries: Floats) -> Floats:
    """Return the similarities of queries [Q, D] to rows [V, D], if the queries have length one. -> [Q, V]"""
    scores: Floats = queries @ matrix.T
    scores /= lengths
    return scores


def _kth_best(scores: Floats, k: int) -> Floats:
    """Return what the k-th best of each row cannot be below, though it was computed otherwise."""
    bounds: Floats = np.partition(scores, -k, axis=1)[:, -k] - np.float32(ROUNDING)
    return bounds


def _best(rows: Rows, scores: Floats, k: int) -> Rows:
    """Return the rows whose scores reach the k-th best, as far as float32 can tell."""
    if len(scores) <= k:
        return rows
    reaching: Rows = rows[scores >= _kth_best(scores[None], k)[0]]
    return reaching
