"""Several models that answer as one: a weighted sum of their probabilities, and the weights that suit a text best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcli.answering import Answering

Reals = NDArray[np.float64]
Ids = NDArray[np.int64]
ROUNDS, CLOSE = 500, 1e-5  # of EM, and the change of a weight below which it ends
TINY = float(np.finfo(np.float64).tiny)


class Mixture:
    """Language models of one vocabulary, their probabilities added up with fixed weights."""

    def __init__(self, members: Sequence[Answering], weights: Sequence[float]) -> None:
        """weights: positive, of sum 1, one for each member."""
        self.members = list(members)
        self._log_weights = np.log(np.array(weights, np.float64))

    def read(self, texts: Sequence[Sequence[int]]) -> tuple[Any, Any]:
        """Return hidden and state behind the last token of each text: a tuple with those of each member."""
        found = [member.read(texts) for member in self.members]
        return tuple(hidden for hidden, _ in found), tuple(state for _, state in found)

    def step(self, ids: Ids, state: Any) -> tuple[Any, Any]:
        """Return hidden and state after one more token for each text: ids [B]."""
        found = [member.step(ids, before) for member, before in zip(self.members, state, strict=True)]
        return tuple(hidden for hidden, _ in found), tuple(state for _, state in found)

    def log_probabilities(self, hidden: Any) -> Reals:
        """Return the log of every token's probability to come next. -> [B, V]"""
        members = zip(self.members, hidden, strict=True)
        return self._mixed([member.log_probabilities(own) for member, own in members])

    def token_log_probabilities(self, texts: Sequence[Sequence[int]]) -> list[Reals]:
        """Return the log of the probability of each token of each text but its first, given those before it."""
        found = [member.token_log_probabilities(texts) for member in self.members]
        return [self._mixed(list(logs)) for logs in zip(*found, strict=True)]

    def _mixed(self, logs: Sequence[NDArray[Any]]) -> Reals:
        return mixed(logs, self._log_weights)


def mixed(logs: Sequence[NDArray[Any]], log_weights: Reals) -> Reals:
    """Return the log of a weighted sum of probabilities, given their logs."""
    total: Reals = logs[0] + log_weights[0]  # the weight is a float64, so the sum is one too
    for more, log_weight in zip(logs[1:], log_weights[1:], strict=True):
        np.logaddexp(total, more + log_weight, out=total)
    return total


def fit_weights(
    logs: Sequence[NDArray[Any]],
    cache: tuple[Reals, Reals] | None = None,
    weights: Reals | None = None,
    share: float | None = None,
) -> tuple[Reals, float]:
    """Return the models' weights and the cache's share that make a text likeliest: expectation-maximisation.

    logs: for each model the log of each token's probability [N]; cache: each token's probability in it, and how far it
    is heard [N]; where it is not, the models answer alone. weights, share: those that stay as they are.
    """
    chances = np.exp(np.stack(logs).astype(np.float64))
    now = np.full(len(logs), 1.0 / len(logs)) if weights is None else weights
    part = 0.0 if cache is None else 0.1 if share is None else share
    seen, heard = (np.zeros(chances.shape[1]), np.zeros(chances.shape[1])) if cache is None else cache
    for _ in range(ROUNDS):
        models = np.maximum(now @ chances, TINY)
        taken = part * heard * seen / (part * heard * seen + (1.0 - part * heard) * models)  # by the cache's own tokens
        new, new_part = now, part
        if weights is None:
            new = now * (chances @ ((1.0 - taken) / models))
            new /= new.sum()
        if cache is not None and share is None:
            unheard = part * (1.0 - heard) / (1.0 - part * heard)  # of what the models gave: the cache's, but unheard
            new_part = float((taken + (1.0 - taken) * unheard).mean())
        change = max(float(np.abs(new - now).max()), abs(new_part - part))
        now, part = new, new_part
        if change < CLOSE:
            break
    return now, part
