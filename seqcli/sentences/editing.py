"""The nearest sentence with a given word, searched for among codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqcli.errors import MisuseError, quoted
from seqcli.sentences.decode import Found, completed, greedy
from seqcli.text.vocabulary import EOS

if TYPE_CHECKING:
    from seqcli.layers.steps import Array
    from seqcli.sentences.answer_settings import Searching
    from seqcli.sentences.load import Asked

ELITE = 8  # codes of a round that the next one begins at
NARROWER = 0.7  # times as far from them the next round looks
FAR = 0.5  # nats that a code may cost for each unit of squared distance: what it does under the prior


class Edited(NamedTuple):
    """A sentence with a word, and the distance of its code from that of the sentence it was asked for."""

    sentence: str
    distance: float


def edited(asked: Asked, text: str, word: str, how: Searching) -> Edited:
    """Return a sentence with a word in it, and how far its code is from that of the text.

    The search begins at the codes of the text with the word put in each of its places, and beside them; each round
    looks about the best of the one before. What is written from a code with the word in it, and is nearest, wins; where
    no code has the word written by itself, it is put where it is likeliest, and the sentence goes on from there.
    Raises MisuseError for a word that the model does not know.
    """
    ids = asked.ids(text)[:-1]
    if len(known := asked.ids(word)[:-1]) != 1 or known[0] not in range(2, len(asked.vocabulary)):
        raise MisuseError(f"{quoted(word)} is no word that the model knows; give one of its vocabulary.")
    if not 0 < len(ids) <= asked.longest:
        raise MisuseError(f"The sentence has {len(ids):,} tokens; give one of 1 to {asked.longest}.")
    search = _Search(asked, ids, known[0], how)
    best = search.run()
    return Edited(asked.text(best.ids), search.distance(best))


class _Search:
    """Rounds of looking about the best codes so far."""

    def __init__(self, asked: Asked, ids: list[int], word: int, how: Searching) -> None:
        self._model, self._word, self._how = asked.model, word, how
        variants = [[*ids[:i], word, *ids[j:], EOS] for i in range(len(ids) + 1) for j in (i, i + 1) if j <= len(ids)]
        codes = asked.model.encode([[*ids, EOS], *variants]).mean
        self._from, self._begin = codes[0], codes[1:]

    def run(self) -> Found:
        """Return the nearest sentence with the word."""
        rng = np.random.default_rng(self._how.seed)
        codes = np.concatenate([self._from[None], self._begin])
        reach = float(np.sqrt(((self._begin - self._from) ** 2).mean()))
        best: tuple[float, Found] | None = None
        for _ in range(self._how.rounds):
            found, logs, _ = greedy(self._model, codes, self._word)
            costs = FAR * ((codes - self._from) ** 2).sum(1)
            having = [i for i, one in enumerate(found) if self._word in one.ids]
            for i in having:
                if best is None or costs[i] < best[0]:
                    best = float(costs[i]), found[i]
            values = np.where([self._word in one.ids for one in found], 0.0, logs) - costs
            elite = codes[np.argsort(-values, kind="stable")[:ELITE]]
            chosen = elite[rng.integers(len(elite), size=self._how.tries)]
            nearer = self._from + rng.random((self._how.tries, 1), np.float32) * (chosen - self._from)
            codes = np.where(rng.random((len(chosen), 1)) < 0.5, nearer, chosen)
            codes = (codes + reach * rng.standard_normal(chosen.shape)).astype(np.float32)
            codes[: len(elite)] = elite[: len(codes)]
            reach *= NARROWER
        return best[1] if best is not None else self._put_in(elite)

    def _put_in(self, codes: Array) -> Found:
        """Return the likeliest sentence of some codes in which the word is put where it is likeliest."""
        found, _, places = greedy(self._model, codes, self._word)
        some = [
            completed(self._model, z, [*one.ids[:place], self._word])
            for z, one, place in zip(codes, found, places, strict=True)
        ]
        return max(some, key=lambda one: one.score)

    def distance(self, found: Found) -> float:
        """Return how far the code of what was found is from that of the sentence that was asked for."""
        [code] = self._model.encode([[*found.ids, EOS]]).mean
        return float(np.linalg.norm(code - self._from))
