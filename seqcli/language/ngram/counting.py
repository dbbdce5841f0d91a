"""All n-grams of a text as a trie of sorted arrays: one sort of integers for each order."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import CorpusError
from seqcli.text.vocabulary import EOS

Ids = NDArray[np.int32]
Offsets = NDArray[np.int32]
MOST = 2**31 - 1  # tokens of a text, and n-grams of an order: places are int32


class Level(NamedTuple):
    """The n-grams of one order, sorted by their tokens.

    words int32 [C]: last tokens. parents int32 [C]: the n-gram of one order less that begins each, suffixes int32 [C]:
    the one that ends it. counts int32 [C]: occurrences.
    """

    words: Ids
    parents: Ids
    suffixes: Ids
    counts: Ids


def count(ids: Ids, order: int, vocabulary_size: int) -> list[Level]:
    """Return the n-grams of orders 1 to `order` of a text in which EOS ends every unit.

    Raises CorpusError for a text without tokens, or with more than int32 can number.
    """
    if not 0 < len(ids) <= MOST:
        raise CorpusError(f"The text has {len(ids):,} tokens; n-grams are counted of 1 to {MOST:,}.")
    everything = np.arange(vocabulary_size, dtype=np.int32)
    counts = np.bincount(ids, minlength=vocabulary_size).astype(np.int32)
    levels = [Level(everything, np.zeros_like(everything), np.zeros_like(everything), counts)]
    nodes = ids  # [N]: the n-gram of the last order that ends at each token, -1 where it would cross an end
    for _ in range(1, order):
        nodes, level = _longer(ids, nodes, first=len(levels) == 1, vocabulary_size=vocabulary_size)
        levels.append(level)
    return levels


def _longer(ids: Ids, nodes: Ids, *, first: bool, vocabulary_size: int) -> tuple[Ids, Level]:
    """Return the n-gram that ends at each token, and all of them, of the next order."""
    contexts = np.empty_like(nodes)
    contexts[0] = EOS if first else -1
    contexts[1:] = nodes[:-1]
    if not first:
        contexts[1:][ids[:-1] == EOS] = -1
    places = np.flatnonzero(contexts >= 0).astype(np.int32)
    keys = contexts[places].astype(np.uint64)
    del contexts
    keys *= np.uint64(vocabulary_size)
    keys += ids[places].astype(np.uint64)
    keys, by_key = _sorted(keys, int(nodes.max() + 1) * vocabulary_size)
    places = places[by_key]
    del by_key
    begins = np.ones(len(keys), np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=begins[1:])
    found = np.full(len(ids), -1, np.int32)
    found[places] = np.cumsum(begins, dtype=np.int32) - np.int32(1)
    starts = np.flatnonzero(begins)
    keys = keys[starts]
    parents = (keys // np.uint64(vocabulary_size)).astype(np.int32)
    words = (keys - parents.astype(np.uint64) * np.uint64(vocabulary_size)).astype(np.int32)
    counts = np.diff(starts, append=len(places)).astype(np.int32)
    return found, Level(words, parents, nodes[places[starts]], counts)


def _sorted(keys: NDArray[np.uint64], end: int) -> tuple[NDArray[np.uint64], NDArray[Any]]:
    """Return keys below `end` in order, and the place of each before.

    Where key and place fit into one number, numpy sorts these in a quarter of the time that argsort takes.
    """
    bits = len(keys).bit_length()
    if end.bit_length() + bits > 64:
        order = np.argsort(keys, kind="stable")
        return keys[order], order
    keys <<= np.uint64(bits)
    keys |= np.arange(len(keys), dtype=np.uint64)
    keys.sort()
    order = (keys & np.uint64((1 << bits) - 1)).astype(np.uint32)
    keys >>= np.uint64(bits)
    return keys, order


def offsets(parents: Ids, size: int) -> Offsets:
    """Return where the continuations of each of `size` n-grams begin among the next order's. -> int32 [size + 1]"""
    found = np.zeros(size + 1, np.int32)
    np.cumsum(np.bincount(parents, minlength=size), out=found[1:])
    return found
