"""Sentences and the log-probabilities of their tokens, as score shows, ranks and draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from seqcli.language.asked import Asked

if TYPE_CHECKING:
    from numpy.typing import NDArray

HIGHEST = 700.0  # a power of e that is still a number


class Scored(NamedTuple):
    """Tokens, and the natural log of the probability of each given all before it; an empty text has none."""

    ids: list[int]
    logs: NDArray[Any]

    @property
    def total(self) -> float:
        """The log of the probability of them all."""
        return float(self.logs.sum(dtype="float64"))

    @property
    def nats_per_token(self) -> float:
        """The mean cost of a token."""
        return -self.total / max(len(self.ids), 1)

    @property
    def unknown(self) -> int:
        """How many of them the model never learned."""
        from seqcli.text.vocabulary import UNK

        return self.ids.count(UNK)

    @property
    def bits(self) -> list[float]:
        """The surprisal of each token."""
        return [-float(value) / math.log(2) for value in self.logs]


def scored(asked: Asked, texts: Sequence[str]) -> list[Scored | None]:
    """Score each text by itself, from its beginning to its end; None for one without words."""
    from seqcli.text.vocabulary import EOS

    return _scored(asked, [[*asked.ids(text), EOS] if text.strip() else [] for text in texts], [1] * len(texts))


def scored_behind(asked: Asked, prompt: str, texts: Sequence[str]) -> list[Scored | None]:
    """Score each text as it goes on behind a prompt; its end is not scored."""
    before = asked.ids(prompt)
    ids = [[*before, *asked.ids(text)[1:]] if text.strip() else [] for text in texts]
    return _scored(asked, ids, [len(before)] * len(texts))


def _scored(asked: Asked, ids: Sequence[list[int]], starts: Sequence[int]) -> list[Scored | None]:
    """ids of each text, the first EOS, scored from a place on; none for an empty one."""
    places = [i for i, tokens in enumerate(ids) if tokens]
    found: list[Scored | None] = [None] * len(ids)
    logs = asked.model.token_log_probabilities([ids[i] for i in places]) if places else ()
    for i, values in zip(places, logs, strict=True):
        found[i] = Scored(ids[i][starts[i] :], values[starts[i] - 1 :])
    return found
