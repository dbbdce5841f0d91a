"""Words spelled nearly like another one: exact edit distances to 100,000 words in hundredths of a second."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SHOWN = 5  # suggestions: more are not read
LONGEST = 64  # characters: nobody misspells longer words, and the time grows with the square
WORDS = 2_000_000  # of the commonest words are searched: beyond that a suggestion would cost seconds


def near_spellings(word: str, words: Sequence[str], most: int = SHOWN) -> list[str]:
    """Return the words at the least edit distance, up to a third of the letters; equal distances keep their order.

    The distance counts letters put in, left out, changed, and neighbours swapped (optimal string alignment); the case
    of letters does not count.
    """
    if not 0 < len(word) <= LONGEST:
        return []
    allowed = max(1, min(len(word) // 3, 3))
    target = np.frombuffer(word.lower().encode("utf-32-le", "surrogatepass"), np.uint32)
    table, lengths, rows = _letters(words[:WORDS], len(target) - allowed, len(target) + allowed)
    distances = _distances(target, table, lengths)
    near = np.flatnonzero(distances <= allowed)
    order = near[np.argsort(distances[near], kind="stable")]
    return [words[int(rows[i])] for i in order if words[int(rows[i])] != word][:most]


def _letters(
    words: Sequence[str], shortest: int, longest: int
) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.int64]]:
    """Return (code points [N, longest], lengths [N], places [N]) of the words of shortest..longest letters."""
    text = "\n".join(words).lower() + "\n"
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    ends = np.flatnonzero(codes == ord("\n"))
    if len(ends) != len(words):  # a word holds a line end: no place would be right
        return np.zeros((0, longest), np.uint32), np.zeros(0, np.int64), np.zeros(0, np.int64)
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts
    rows = np.flatnonzero((lengths >= max(shortest, 1)) & (lengths <= longest))
    places = np.minimum(starts[rows, None] + np.arange(longest), len(codes) - 1)
    table = np.where(np.arange(longest) < lengths[rows, None], codes[places], 0)
    return table, lengths[rows], rows


def _distances(target: NDArray[np.uint32], table: NDArray[np.uint32], lengths: NDArray[np.int64]) -> NDArray[np.int16]:
    """Return the distance of the target [T] to every word of the table [N, L]. -> [N]

    One dynamic programme for all words: before[j] and last[j] are rows i - 2 and i - 1, [L + 1, N] each.
    """
    columns = np.ascontiguousarray(table.T)
    count, size = columns.shape[1], len(columns)
    last = np.repeat(np.arange(size + 1, dtype=np.int16)[:, None], count, axis=1)
    before = last
    for i, letter in enumerate(target):
        row = np.empty_like(last)
        row[0] = i + 1
        other = columns != letter
        for j in range(size):
            row[j + 1] = np.minimum(np.minimum(last[j + 1], row[j]) + 1, last[j] + other[j])
            if i and j:
                swapped = (columns[j - 1] == letter) & (columns[j] == target[i - 1])
                np.minimum(row[j + 1], before[j - 1] + 1, out=row[j + 1], where=swapped)
        before, last = last, row
    return last[lengths, np.arange(count)]
