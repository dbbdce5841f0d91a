"""Replies to what was said: drawn or searched for, different ones, the best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcli.decoding.continuation import Limits, Writer, search
from seqcli.decoding.settings import Sampling
from seqcli.dialogue.answer_settings import Replying
from seqcli.dialogue.arrays import DialogueArrays, Heard
from seqcli.layers.steps import Array, Ids
from seqcli.text.vocabulary import EOS, UNK

MEANING = 1  # behind a seed: words and what is meant are drawn apart
MORE = 3  # times as many are drawn as are wanted, until enough are different


@dataclass(frozen=True)
class Found:
    """A reply in ids, EOS left out, the natural log of its probability, its end included, and what it is ranked by."""

    ids: tuple[int, ...]
    log_probability: float
    score: float


class Speaking:
    """A model about to reply to what it heard: as `decoding` takes one that goes on with a text.

    A text is EOS and what was said of the reply so far; state is [R, H], and what is told at each step [R, E].
    """

    def __init__(self, model: DialogueArrays, heard: Heard, noise: Array | None = None) -> None:
        """noise [R, Z]: what is meant by each of R replies is drawn by; None: what is most likely meant."""
        self._model, self._heard, self._noise = model, heard, noise

    def read(self, texts: Sequence[Sequence[int]]) -> tuple[Any, Any]:
        """Return hidden and state behind the last token of each text, all of one length."""
        begun = self._model.start(self._heard, len(texts), self._noise)
        hidden: Array = np.zeros(0, np.float32)
        state = (begun.state, begun.told)
        for ids in np.array(texts, np.int64).T:
            hidden, state = self.step(ids, state)
        return hidden, state

    def step(self, ids: Ids, state: Any) -> tuple[Any, Any]:
        """Return hidden and state after one more token for each text: ids [R]."""
        hidden, after, _ = self._model.step(ids, state[0], state[1], self._heard)
        return hidden, (after, state[1])

    def log_probabilities(self, hidden: Any) -> NDArray[Any]:
        """Return the log of every token's probability to come next. -> [R, V]"""
        return self._model.log_probabilities(hidden)

    def token_log_probabilities(self, texts: Sequence[Sequence[int]]) -> Sequence[NDArray[Any]]:
        """Return the log of the probability of each token of each text but its first, given those before it."""
        found = []
        for text in texts:
            hidden, state = self.read([text[:1]])
            logs = []
            for token in text[1:]:
                logs.append(float(self.log_probabilities(hidden)[0, token]))
                hidden, state = self.step(np.array([token]), state)
            found.append(np.array(logs))
        return found


def replies(model: DialogueArrays, heard: Heard, how: Replying, seed: Sequence[int] = ()) -> list[Found]:
    """Return up to n different replies, the likeliest a token first; one where n is not given. seed: of this question.

    With a weight for ranking, several are made of which the best are returned: see dialogue.ranking.
    """
    found = _searched(model, heard, how) if how.beam is not None else _drawn(model, heard, how, seed)
    return sorted(found, key=lambda one: -one.score)


def _searched(model: DialogueArrays, heard: Heard, how: Replying) -> list[Found]:
    def ended(ids: list[int]) -> bool:
        return ids[-1] == EOS or len(ids) >= how.longest

    beam = max(how.beam or 1, how.made)
    found = search(Speaking(model, heard), [EOS], beam, _Spoken((UNK,)), ended)
    return [_found([*one.ids], float(sum(one.logs))) for one in found][: how.made]


def _drawn(model: DialogueArrays, heard: Heard, how: Replying, seed: Sequence[int]) -> list[Found]:
    different: dict[tuple[int, ...], Found] = {}
    drawn = 0
    while len(different) < how.made and drawn < MORE * how.made:
        count = how.made - len(different)
        seeds = [(how.seed, *seed, number) for number in range(drawn, drawn + count)]
        for one in draw(model, heard, how, seeds):
            different.setdefault(one.ids, one)
        drawn += count
    return [*different.values()]


def _found(text: Sequence[int], log_probability: float) -> Found:
    ids = tuple(i for i in text if i != EOS)
    return Found(ids, log_probability, log_probability / (len(ids) + 1))


def draw(model: DialogueArrays, heard: Heard, how: Replying, seeds: Sequence[Sequence[int]]) -> list[Found]:
    """Draw a reply for each seed, whatever is drawn beside it; first what is meant, where that is a latent variable."""
    noise = None
    if model.spec.latent:
        noise = np.stack([_meant(seed).standard_normal(model.spec.latent_size, np.float32) for seed in seeds])
    sampling, speaking = Sampling(how.temperature, how.top_k, how.top_p, how.typical), Speaking(model, heard, noise)
    begun = speaking.read([[EOS]] * len(seeds)) if noise is not None else None
    writer = Writer(speaking, [EOS], seeds, sampling, _Spoken((UNK,)), begun)
    totals, going = [0.0] * len(seeds), list(range(len(seeds)))
    found: dict[int, Found] = {}
    while going:
        ids, logs = writer.step()
        for row, place in enumerate(going):
            totals[place] += float(logs[row])
            text = writer.texts[row]
            if ids[row] == EOS or len(text) > how.longest:
                found[place] = _found(text, totals[place])
        rows = [row for row, place in enumerate(going) if place not in found]
        if len(rows) < len(going):
            writer.keep(rows)
            going = [going[row] for row in rows]
    return [found[place] for place in range(len(seeds))]


def _meant(seed: Sequence[int]) -> np.random.Generator:
    return np.random.default_rng([*seed, MEANING])


class _Spoken(Limits):
    """Something is said in every reply."""

    def forbidden(self, text: list[int]) -> list[int]:
        """Return the tokens that may not come next: an end at once is one. text: with the EOS that it begins with."""
        return [*super().forbidden(text), *([EOS] if len(text) <= 1 else [])]
