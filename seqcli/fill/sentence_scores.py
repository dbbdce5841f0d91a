"""How well words fit their sentence: the log-probability of every word, each from all the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqcli.text.vocabulary import UNK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seqcli.fill.load import Fill
    from seqcli.layers.steps import Array, Ids

SCORES = 1 << 22  # at a time: 16 MB


def padded(rows: Sequence[Sequence[int]]) -> tuple[Ids, Ids]:
    """Return ids of several texts as one array [B, T], and their lengths [B]."""
    lengths = np.array([len(row) for row in rows], np.int64)
    ids = np.zeros((len(rows), max(int(lengths.max(initial=0)), 1)), np.int64)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = row
    return ids, lengths


def vectors_at(asked: Fill, rows: Sequence[Sequence[int]], places: Sequence[int]) -> Array:
    """Return what both sides say of one place of each text. -> [B, E]"""
    ids, lengths = padded(rows)
    found: Array = asked.arrays.vectors(ids, lengths)[np.arange(len(rows)), np.array(places)]
    return found


def word_scores(asked: Fill, rows: Sequence[Sequence[int]]) -> list[NDArray[np.float64]]:
    """Return for each text the natural log of the probability of each of its words, given all the others.

    The probability of the unknown word is divided among the words that may be meant.
    """
    ids, lengths = padded(rows)
    vectors = asked.arrays.vectors(ids, lengths)
    inside = np.arange(ids.shape[1]) < lengths[:, None]
    flat, wanted = vectors[inside], ids[inside]
    logs = np.zeros(len(flat), np.float64)
    step = max(SCORES // len(asked.vocabulary), 1)
    for i in range(0, len(flat), step):
        logs[i : i + step] = asked.arrays.log_probabilities_of(flat[i : i + step], wanted[i : i + step])
    logs[wanted == UNK] -= math.log(asked.unseen)
    return [logs[end - length : end] for end, length in zip(np.cumsum(lengths), lengths, strict=True)]
