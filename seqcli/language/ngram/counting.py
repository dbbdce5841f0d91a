"""All n-grams of a text as a trie of sorted arrays: one sort of integers for each order.

Where a text is too long for that in memory, its n-grams are sorted some at a time, those with the same contexts
together, and everything that is as long as the text or its n-grams lies in unnamed files. The arrays are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import CorpusError
from seqcli.text.spool import Spool, let_go, room
from seqcli.text.vocabulary import EOS

Ids = NDArray[np.int32]
Offsets = NDArray[np.int32]
MOST = 2**31 - 1  # tokens of a text, and n-grams of an order: places are int32
CHUNK = 1 << 22  # tokens, or n-grams, looked at in one go


class Level(NamedTuple):
    """The n-grams of one order, sorted by their tokens.

    words int32 [C]: last tokens. parents int32 [C]: the n-gram of one order less that begins each, suffixes int32 [C]:
    the one that ends it. counts int32 [C]: occurrences.
    """

    words: Ids
    parents: Ids
    suffixes: Ids
    counts: Ids


class Workplace(NamedTuple):
    """Where n-grams are sorted: folder, for unnamed files (None: in memory), and how many of them at a time."""

    folder: str | None = None
    most: int = MOST


IN_MEMORY = Workplace()


def count(ids: Ids, order: int, vocabulary_size: int, place: Workplace = IN_MEMORY) -> list[Level]:
    """Return the n-grams of orders 1 to `order` of a text in which EOS ends every unit.

    Raises CorpusError for a text without tokens, or with more than int32 can number.
    """
    if not 0 < len(ids) <= MOST:
        raise CorpusError(f"The text has {len(ids):,} tokens; n-grams are counted of 1 to {MOST:,}.")
    everything = np.arange(vocabulary_size, dtype=np.int32)
    counts = np.zeros(vocabulary_size, np.int32)
    for some in chunks(len(ids)):
        counts += np.bincount(ids[some], minlength=vocabulary_size).astype(np.int32)
        let_go(ids)
    levels = [Level(everything, np.zeros_like(everything), np.zeros_like(everything), counts)]
    nodes = ids  # [N]: the n-gram of the last order that ends at each token, -1 where it would cross an end
    for _ in range(1, order):
        nodes, level = _longer(ids, nodes, levels[-1].counts, len(levels) == 1, vocabulary_size, place)
        levels.append(level)
    return levels


def chunks(size: int) -> Iterator[slice]:
    """Yield slices of some of `size` numbers, one behind the other."""
    for low in range(0, size, CHUNK):
        yield slice(low, min(low + CHUNK, size))


def _longer(
    ids: Ids, nodes: Ids, counts: Ids, first: bool, vocabulary_size: int, place: Workplace
) -> tuple[Ids, Level]:
    """Return the n-gram that ends at each token, and all of them, of the next order. counts: of this order's."""
    found = room(len(ids), np.int32, place.folder)
    for some in chunks(len(ids)):
        found[some] = -1
        let_go(found)
    spools = [Spool(np.int32, place.folder) for _ in Level._fields]
    for low, high in _ranges(counts, place.most):
        _sort_range(ids, nodes, first, vocabulary_size, (low, high), int(counts[low:high].sum()), found, spools)
    return found, Level(*(spool.array() for spool in spools))


def _ranges(counts: Ids, most: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of contexts that occur `most` times together, but for what the last of them is too many."""
    low = total = 0
    for some in chunks(len(counts)):
        ends = total + np.cumsum(counts[some], dtype=np.int64)
        for cut in (np.flatnonzero(np.diff(ends // most, prepend=total // most)) + some.start + 1).tolist():
            yield low, cut
            low = cut
        total = int(ends[-1])
        let_go(counts)
    if low < len(counts):
        yield low, len(counts)


def _sort_range(
    ids: Ids,
    nodes: Ids,
    first: bool,
    vocabulary_size: int,
    contexts: tuple[int, int],
    size: int,
    found: Ids,
    spools: list[Spool[np.int32]],
) -> None:
    """Sort what follows the contexts of a range, which occur `size` times; write it to found and behind the spools."""
    keys, places = np.empty(size + 1, np.uint64), np.empty(size + 1, np.int32)
    suffixes, filled = np.empty(size + 1, np.int32), 0
    for some in chunks(len(ids)):
        before = _contexts(ids, nodes, some, first)
        chosen = np.flatnonzero((before >= contexts[0]) & (before < contexts[1]))
        room_for = slice(filled, filled + len(chosen))
        keys[room_for] = (before[chosen] - contexts[0]).astype(np.uint64) * np.uint64(vocabulary_size)
        keys[room_for] += ids[some][chosen].astype(np.uint64)
        places[room_for], suffixes[room_for] = chosen + some.start, nodes[some][chosen]
        filled += len(chosen)
        let_go(ids, nodes)
    if not filled:
        return
    keys, order = _sorted(keys[:filled], (contexts[1] - contexts[0]) * vocabulary_size)
    begins = np.ones(filled, np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=begins[1:])
    numbers = np.empty(filled, np.int32)
    numbers[order] = np.cumsum(begins, dtype=np.int32) + np.int32(len(spools[0]) - 1)
    for some in chunks(filled):  # in the order of the text
        found[places[some]] = numbers[some]
        let_go(found)
    starts = np.flatnonzero(begins)
    keys = keys[starts]
    parents = keys // np.uint64(vocabulary_size)
    words = keys - parents * np.uint64(vocabulary_size)
    level = (words, parents + np.uint64(contexts[0]), suffixes[order[starts]], np.diff(starts, append=filled))
    for spool, values in zip(spools, level, strict=True):
        spool.append(values.astype(np.int32))


def _contexts(ids: Ids, nodes: Ids, some: slice, first: bool) -> Ids:
    """Return the n-gram that stands before each of some tokens, -1 where there is none."""
    contexts = np.empty(some.stop - some.start, np.int32)
    begin = max(some.start - 1, 0)
    contexts[begin - some.start + 1 :] = nodes[begin : some.stop - 1]
    if not first:
        contexts[begin - some.start + 1 :][ids[begin : some.stop - 1] == EOS] = -1
    if some.start == 0:
        contexts[0] = EOS if first else -1
    return contexts


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
