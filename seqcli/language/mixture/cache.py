"""A cache of what was just read: its tokens are likelier to come again, the more so at a similar place.

Each token in the cache counts for the next one by its age, halved every `half_life` tokens, times exp(theta times the
cosine of two vectors, less theta): the one it was predicted from, and the one that the next token is predicted from.
Without vectors this is the unigram cache, with them the neural one. The more is counted at a place, the more the cache
is heard there: by count / (count + doubt). `<unk>` and `<eos>` are tokens like any other: left out, they made no
difference. Sources: Kuhn and De Mori 1990; Grave et al. 2017, where the cache is heard alike at every place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcli.answering import select
from seqcli.language.mixture.mixture import Mixture
from seqcli.language.mixture.settings import CacheSpec

Array = NDArray[np.float32]
Reals = NDArray[np.float64]
Ids = NDArray[np.int64]
EMPTY = -1  # no token stands here
PART = 256  # tokens of a text looked up at once: what is multiplied stays in the processor's cache
TINY = float(np.finfo(np.float64).tiny)


class TextCache:
    """A cache that goes through a whole text, stretch by stretch."""

    def __init__(self, spec: CacheSpec) -> None:
        self.spec = spec
        self._ids = np.zeros(0, np.int64)
        self._vectors = np.zeros((0, 0), np.float32)

    def look_up(self, ids: NDArray[Any], vectors: Array | None = None) -> tuple[Reals, Reals]:
        """Return each token's probability in the cache as it stands there, and what all in it counts. -> [N], [N]

        ids [N], vectors [N, D]: those that the tokens are predicted from.
        """
        unit = np.zeros((len(ids), 0), np.float32) if vectors is None else unit_vectors(vectors)
        chances, totals = np.zeros(len(ids)), np.zeros(len(ids))
        for low in range(0, len(ids), PART):
            part = slice(low, low + PART)
            chances[part], totals[part] = self._part(ids[part].astype(np.int64), unit[part])
        return chances, totals

    def _part(self, ids: Ids, unit: Array) -> tuple[Reals, Reals]:
        before = len(self._ids)
        known = np.concatenate([self._ids, ids])
        vectors = np.concatenate([self._vectors.reshape(before, unit.shape[1]), unit])
        ages = np.arange(before, len(known))[:, None] - np.arange(len(known))
        counts = _counts(self.spec, ages, unit @ vectors.T if unit.shape[1] else None)
        counts *= (ages > 0) & (ages <= self.spec.size)
        total = counts.sum(1, dtype=np.float64)
        found = (counts * (known == ids[:, None])).sum(1, dtype=np.float64)
        self._ids, self._vectors = known[-self.spec.size :], vectors[-self.spec.size :]
        return found / np.maximum(total, TINY), total


class Cached:
    """A mixture of models, and a cache of what they just read.

    Its state holds, beside the models', what was read: tokens [B, L], the newest last, EMPTY before the first; the unit
    vectors they were predicted from [B, L, D], and the one behind the last [B, D] (None and None without vectors).
    """

    def __init__(self, model: Mixture, spec: CacheSpec, member: int | None = None, remembers: bool = False) -> None:
        """member: which model of the mixture has the vectors, a network; remembers: from text to text, in scores."""
        self.model, self.spec, self._member = model, spec, member
        self._cache = TextCache(spec) if remembers else None

    def read(self, texts: Sequence[Sequence[int]]) -> tuple[Any, Any]:
        """Return hidden and state behind the last token of each text."""
        hidden, state = self.model.read(texts)
        longest = max(min(max(map(len, texts)) - 1, self.spec.size), 1)
        tokens = np.full((len(texts), longest), EMPTY, np.int64)
        vectors = now = None
        for i, text in enumerate(texts):
            kept = text[1:][-longest:]
            tokens[i, longest - len(kept) :] = kept
        if self._member is not None:
            now = unit_vectors(_vectors_of(hidden[self._member]))
            vectors = np.zeros((*tokens.shape, now.shape[1]), np.float32)
            for i, found in enumerate(self._vectors(texts)):
                kept_vectors = unit_vectors(found)[-longest:]
                vectors[i, longest - len(kept_vectors) :] = kept_vectors
        history = (tokens, vectors, now)
        return (hidden, history), (state, history)

    def step(self, ids: Ids, state: Any) -> tuple[Any, Any]:
        """Return hidden and state after one more token for each text: ids [B]."""
        before, (tokens, vectors, now) = state
        hidden, after = self.model.step(ids, before)
        tokens = np.concatenate([tokens, ids[:, None]], 1)[:, -self.spec.size :]
        if self._member is not None:
            vectors = np.concatenate([vectors, now[:, None]], 1)[:, -self.spec.size :]
            now = unit_vectors(_vectors_of(hidden[self._member]))
        history = (tokens, vectors, now)
        return (hidden, history), (after, history)

    def log_probabilities(self, hidden: Any) -> Reals:
        """Return the log of every token's probability to come next. -> [B, V]"""
        own, (tokens, vectors, now) = hidden
        found = np.exp(self.model.log_probabilities(own))
        cosines = None if vectors is None else np.einsum("bld,bd->bl", vectors, now)
        real = tokens != EMPTY
        counts = _counts(self.spec, np.arange(tokens.shape[1], 0, -1)[None], cosines) * real
        totals = counts.sum(1, dtype=np.float64)
        shares = self.spec.weight * heard(totals, self.spec.doubt)
        for row, own_tokens, own_counts, total, share in zip(found, tokens, counts, totals, shares, strict=True):
            row *= 1.0 - share
            np.add.at(row, own_tokens, share / max(total, TINY) * own_counts)  # of an empty place: nothing
        return np.log(np.maximum(found, TINY))

    def token_log_probabilities(self, texts: Sequence[Sequence[int]]) -> list[Reals]:
        """Return the log of the probability of each token of each text but its first, given those before it."""
        logs = self.model.token_log_probabilities(texts)
        vectors = self._vectors(texts) if self._member is not None else [None] * len(texts)
        return [self._with_cache(*parts) for parts in zip(texts, logs, vectors, strict=True)]

    def _with_cache(self, text: Sequence[int], logs: Reals, vectors: Array | None) -> Reals:
        cache = self._cache or TextCache(self.spec)
        chances, totals = cache.look_up(np.array(text[1:], np.int64), vectors)
        return with_cache(logs, chances, self.spec.weight * heard(totals, self.spec.doubt))

    def _vectors(self, texts: Sequence[Sequence[int]]) -> list[Array]:
        """Return the vectors that each token of each text but its first is predicted from. -> [N, D] each"""
        assert self._member is not None
        network = self.model.members[self._member]
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        hidden, state = network.read([[texts[i][0]] for i in order])
        found: list[list[Array]] = [[] for _ in texts]
        for t in range(1, len(texts[order[0]])):
            going = [i for i in order if len(texts[i]) > t]
            for i, vector in zip(going, _vectors_of(hidden), strict=False):
                found[i].append(vector)
            rows = slice(0, len(going))
            hidden, state = network.step(np.array([texts[i][t] for i in going]), select(state, rows))
        size = _vectors_of(hidden).shape[1]
        return [np.array(vectors, np.float32).reshape(-1, size) for vectors in found]


def _vectors_of(hidden: Any) -> Array:
    """Return the vectors [B, D] of a network's hidden; those of a network that learns stand beside its weights."""
    vectors: Array = hidden[0] if isinstance(hidden, tuple) else hidden
    return vectors


def heard(totals: Reals, doubt: float) -> Reals:
    """Return how far a cache is heard where it counts so much in all, from 0 to 1: all [N]."""
    return totals / (totals + doubt)


def with_cache(logs: Reals, chances: Reals, shares: Reals) -> Reals:
    """Return the logs of probabilities of which the cache gives a share: all [N]."""
    return np.log(np.maximum((1.0 - shares) * np.exp(logs) + shares * chances, TINY))


def unit_vectors(vectors: Array) -> Array:
    """Return vectors of length one. [..., D]"""
    with np.errstate(over="ignore"):  # an endless length is told by whoever measures
        unit: Array = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32(1e-9))
    return unit


def _counts(spec: CacheSpec, ages: NDArray[Any], cosines: Array | None) -> Array:
    """Return what each token in the cache counts, from how long ago it was read and how alike the places are."""
    exponents: Array = (-np.log(2.0) / spec.half_life * ages).astype(np.float32)
    if cosines is not None:
        exponents = exponents + np.float32(spec.theta) * (cosines - np.float32(1.0))
    return np.exp(exponents)
