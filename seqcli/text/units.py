"""Where a text may be cut: the ends of its lines or paragraphs, and the part of it that is held out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcli.text.compiled import compiled
from seqcli.text.interning import LINE
from seqcli.text.pieces import Pieces

Ranges = list[tuple[int, int]]  # positions in the text, in order, none overlapping
HELD_OUT_RUNS = 20  # the held-out part is taken from all over the text: the last chapter alone is not the book
HELD_OUT_MOST = 100_000  # positions: enough for a perplexity to 1 %, and an evaluation stays short
WRAPPED_LINE = 120  # characters: a text with blank lines and no line longer than this has its paragraphs wrapped
CUTS = 1 << 16  # places to cut that are kept: fine enough for 20 runs, and few in a text of any length


def is_paragraphs(pieces: Pieces, unit: str) -> bool:
    """Tell whether <eos> ends paragraphs: asked for, or blank lines stand between wrapped lines."""
    return unit == "paragraph" or (unit == "auto" and pieces.blank_share > 0.02 and pieces.longest_line <= WRAPPED_LINE)


def cut_held_out(pieces: Pieces, paragraphs: bool, share: float) -> tuple[Ranges, Ranges]:
    """Return (training part, held-out part) as ranges of positions, cut at the ends of units.

    The held-out part is up to 20 runs of whole units, spread evenly. Where whole units would take more than a quarter
    of the text (it may be one line), its end is held out, cut between two pieces: better a unit in two than no measure.
    """
    size = len(pieces.spool)
    want = min(max(int(size * share), 1), HELD_OUT_MOST)
    cuts = places_to_cut(pieces, paragraphs)
    units = len(cuts) - 1
    runs = min(max(want * units // max(size, 1), 1), HELD_OUT_RUNS, max(units, 1))
    held: Ranges = []
    for k in range(runs):
        first = max(int(np.searchsorted(cuts, (k + 0.5) / runs * size)), int(np.searchsorted(cuts, _end(held))))
        first = min(first, units - 1)
        start = max(int(cuts[first]), _end(held))
        last = int(np.searchsorted(cuts, start + want / runs, side="right")) - 1  # the last whole unit that fits
        stop = int(cuts[min(max(last, first + 1), units)])
        if stop > start:
            held.append((start, stop))
    if sum(stop - start for start, stop in held) > size * max(0.25, share):
        cut = max(size - max(want, 2), 1)
        return [(0, cut)], [(cut, size)]
    edges = [0, *(edge for run in held for edge in run), size]
    train = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]
    return train, held


def as_written(pieces: Pieces, part: Ranges) -> str:
    """Return a part of a text as it was written, but for its runs of white space: one space each."""
    ids = np.concatenate([pieces.ids[low:high] for low, high in part]) if part else np.zeros(0, np.uint32)
    distinct, places = np.unique(ids, return_inverse=True)
    texts = ["\n" if piece == LINE else pieces.text(piece) for piece in distinct.tolist()]
    return " ".join([texts[i] for i in places.tolist()]).replace(" \n ", "\n").replace("\n ", "\n").replace(" \n", "\n")


def places_to_cut(pieces: Pieces, paragraphs: bool) -> NDArray[np.int64]:
    """Return positions between two units, both ends of the text among them: all of them, or 65,536 evenly spread."""
    size = len(pieces.spool)
    cuts = np.zeros(min(CUTS, size) + 2, np.int64)
    state = np.array([0, 1, 0], np.int64)
    for part in pieces.spool.parts():
        _find_cuts(part, paragraphs, size // CUTS + 1, cuts, state)
    found = int(state[1])
    if cuts[found - 1] != size:
        cuts[found] = size
        found += 1
    return cuts[:found]


def unit_characters(pieces: Pieces, paragraphs: bool) -> NDArray[np.int64]:
    """Return the characters of each unit, one for each space and for its end among them. -> int64 [units]"""
    lengths = np.fromiter(map(len, pieces.texts()), np.int64, len(pieces)) + 1
    ids = pieces.ids
    ends = ids == LINE
    if paragraphs:
        ends[1:] &= ends[:-1].copy()  # a line without a word
        ends[:1] = False
    words = np.flatnonzero(ids != LINE)
    characters = np.bincount(np.cumsum(ends)[words], lengths[ids[words]])
    return characters[characters > 0].astype(np.int64)


def _end(ranges: Ranges) -> int:
    return ranges[-1][1] if ranges else 0


@compiled
def _find_cuts(ids, paragraphs, apart, cuts, state):  # type: ignore[no-untyped-def]
    """Note the places behind a line (behind a blank line for paragraphs) that are far enough from the one before.

    state: position, places found, line ends in a row. Carried from one part of the text to the next.
    """
    position, found, ends = state
    for p in ids:
        position += 1
        if p != LINE:
            ends = 0
            continue
        ends += 1
        if (ends == 2 if paragraphs else ends == 1) and position - cuts[found - 1] >= apart:
            cuts[found] = position
            found += 1
    state[0], state[1], state[2] = position, found, ends
