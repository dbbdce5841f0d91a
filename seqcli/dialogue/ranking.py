"""Replies ranked by what they say of what was said: answers that fit anything are what a likelihood likes best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from seqcli.dialogue.arrays import DialogueArrays, Heard
from seqcli.dialogue.replies import Found, Speaking
from seqcli.layers.steps import Ids
from seqcli.text.vocabulary import EOS

Doubles = NDArray[np.float64]


def against_any(model: DialogueArrays, found: Sequence[Found], weight: float) -> list[Found]:
    """Return replies by their score, less so much of what they would have if nothing had been said.

    Source: Li et al. 2016, the anti-language model of section 4.2; the text alone is here what the same model says
    where it heard nothing.
    """
    silence = model.hear([], [0])
    alone = log_probabilities(model, silence, [one.ids for one in found])
    pairs = zip(found, alone.tolist(), strict=True)
    return ranked([replace(one, score=one.score - weight * log / (len(one.ids) + 1)) for one, log in pairs])


def with_reverse(
    reverse: DialogueArrays, last: Sequence[Sequence[int]], asked: Sequence[int], found: Sequence[Found], weight: float
) -> list[Found]:
    """Return replies by their score, and so much of how well what was said can be told from them.

    reverse: a model that read dialogues from their end. last: each reply in its ids; asked: the last utterance in them.
    Source: Li et al. 2016, section 4.4.
    """
    scored = []
    for one, ids in zip(found, last, strict=True):
        [log] = log_probabilities(reverse, reverse.hear([[*ids, EOS]], [0, 1]), [asked])
        scored.append(replace(one, score=one.score + weight * float(log) / (len(asked) + 1)))
    return ranked(scored)


def ranked(found: Sequence[Found]) -> list[Found]:
    """Return replies by falling score."""
    return sorted(found, key=lambda one: -one.score)


def log_probabilities(model: DialogueArrays, heard: Heard, texts: Sequence[Sequence[int]]) -> Doubles:
    """Return the log of the probability of each text, EOS left out in it, behind what was heard. -> [texts]"""
    speaking = Speaking(model, heard)
    lengths = np.array([len(text) + 1 for text in texts])
    ids = np.full((len(texts), int(lengths.max())), EOS, np.int64)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = text
    hidden, state = speaking.read([[EOS]] * len(texts))
    total = np.zeros(len(texts))
    rows: Ids = np.arange(len(texts))
    for t in range(ids.shape[1]):
        logs = speaking.log_probabilities(hidden)[rows, ids[:, t]]
        total += np.where(t < lengths, logs, 0.0)
        hidden, state = speaking.step(ids[:, t], state)
    return total
