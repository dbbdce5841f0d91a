"""A language model that writes on: several texts side by side from one beginning, drawn or searched for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcli.answering import Answering, select
from seqcli.decoding.copies import Copies
from seqcli.decoding.sampling import Ids, Reals, draw, forbid, shaped
from seqcli.decoding.settings import Sampling


@dataclass(frozen=True)
class Limits:
    """What a text must not hold: tokens never written, and stretches of another text."""

    never: tuple[int, ...] = ()
    copies: Copies | None = None

    def forbidden(self, text: list[int]) -> list[int]:
        """Return the tokens that may not come next."""
        return [*self.never, *(self.copies.forbidden(text) if self.copies else [])]


class Writer:
    """Texts drawn token by token, each with its own random numbers: none depends on how many are written beside it."""

    def __init__(
        self,
        model: Answering,
        text: Sequence[int],
        seeds: Sequence[Sequence[int]],
        how: Sampling,
        limits: Limits,
        begun: tuple[Any, Any] | None = None,
    ) -> None:
        """text: what is written on, EOS first; seeds: one for each text to write.

        begun: hidden and state of each text, where they do not all begin alike.
        """
        self._model, self._how, self._limits = model, how, limits
        self.texts = [list(text) for _ in seeds]
        self._chances = [np.random.default_rng(list(seed)) for seed in seeds]
        if begun is None:
            rows = np.zeros(len(seeds), np.int64)
            begun = select(model.read([text]), rows)
        self._hidden, self._state = begun

    def logs(self) -> NDArray[Any]:
        """Return the log of every token's probability to be written next. -> [B, V]"""
        return self._model.log_probabilities(self._hidden)

    def step(self) -> tuple[Ids, Reals]:
        """Write a token of each text. -> ids [B], and natural logs of their probabilities under the model [B]"""
        logs = self.logs()
        allowed = forbid(logs, [self._limits.forbidden(text) for text in self.texts])
        ids = draw(shaped(allowed, self._how), np.array([chances.random() for chances in self._chances]))
        for text, token in zip(self.texts, ids.tolist(), strict=True):
            text.append(token)
        self._hidden, self._state = self._model.step(ids, self._state)
        return ids, logs[np.arange(len(ids)), ids].astype(np.float64)

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these texts only."""
        self.texts, self._chances = [self.texts[i] for i in rows], [self._chances[i] for i in rows]
        kept = np.array(rows, np.int64)
        self._hidden, self._state = select(self._hidden, kept), select(self._state, kept)


@dataclass(frozen=True)
class Found:
    """A text of a search: what was written, and the natural log of the probability of each of its tokens."""

    ids: list[int]
    logs: list[float]

    @property
    def score(self) -> float:
        """The mean: a sum would prefer the shortest."""
        return sum(self.logs) / max(len(self.logs), 1)


def search(
    model: Answering, text: Sequence[int], beam: int, limits: Limits, ended: Callable[[list[int]], bool]
) -> list[Found]:
    """Return up to `beam` likely texts that go on from one, the likeliest token by token first.

    ended: whether a text that was written, without what it goes on from, is at its end.
    """
    hidden, state = model.read([text])
    before = text[-limits.copies.longest :] if limits.copies else []  # more is never looked at
    going, done = [Found([], [])], list[Found]()
    while going and len(done) < beam:
        logs = model.log_probabilities(hidden)
        allowed = forbid(logs, [limits.forbidden([*before, *found.ids]) for found in going])
        totals = allowed + np.array([sum(found.logs) for found in going])[:, None]
        best = np.argsort(-totals, axis=None, kind="stable")[: beam - len(done)]
        rows, ids = np.unravel_index(best[np.isfinite(totals.flat[best])], totals.shape)
        grown = [
            Found([*going[row].ids, int(token)], [*going[row].logs, float(logs[row, token])])
            for row, token in zip(rows.tolist(), ids.tolist(), strict=True)
        ]
        ends = np.array([ended(found.ids) for found in grown], np.bool_)
        done += [found for found, end in zip(grown, ends, strict=True) if end]
        going = [found for found, end in zip(grown, ends, strict=True) if not end]
        if going:
            hidden, state = model.step(ids[~ends], select(state, rows[~ends]))
    return sorted(done, key=lambda found: -found.score)
