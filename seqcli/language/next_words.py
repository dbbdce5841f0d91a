"""Words that are likely to come next behind a text, and the text continued by the likeliest of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqcli.decoding.highest import highest
from seqcli.text.tokens import shown, tokens_of
from seqcli.text.vocabulary import EOS, SPECIALS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seqcli.language.load import Asked


class Prediction(NamedTuple):
    """A word that may come next, and its probability over the whole vocabulary."""

    word: str
    probability: float


class NextWord(NamedTuple):
    """A word that was put behind a text, its probability there, and the text with it."""

    word: str
    probability: float
    text: str


def predictions(asked: Asked, texts: Sequence[str], k: int, exclude_special: bool) -> list[list[Prediction]]:
    """Return the likeliest next words of each text, best first; none for a text without words."""
    places = [i for i, text in enumerate(texts) if text.strip()]
    found: list[list[Prediction]] = [[] for _ in texts]
    if places:
        hidden, _ = asked.model.read([asked.ids(texts[i]) for i in places])
        for i, row in zip(places, np.exp(asked.model.log_probabilities(hidden)), strict=True):
            best = _likeliest(row, k, exclude_special)
            found[i] = [Prediction(shown(asked.vocabulary.tokens[token]), float(row[token])) for token in best]
    return found


def continuation(asked: Asked, text: str, steps: int, exclude_special: bool) -> Iterator[NextWord]:
    """Yield the likeliest words behind a text, each behind those before it; none for a text without words.

    Where special symbols are allowed, the end of a unit ends it.
    """
    if not text.strip():
        return
    hidden, state = asked.model.read([asked.ids(text)])
    words = tokens_of(asked.tokenizer, text)
    for _ in range(steps):
        probabilities = np.exp(asked.model.log_probabilities(hidden))[0]
        token = _likeliest(probabilities, 1, exclude_special)[0]
        words.append(asked.vocabulary.tokens[token])
        yield NextWord(shown(words[-1]), float(probabilities[token]), asked.tokenizer.join(words))
        if token == EOS:
            return
        hidden, state = asked.model.step(np.array([token]), state)


def _likeliest(probabilities: NDArray[np.floating], count: int, exclude_special: bool) -> list[int]:
    """Return the ids of the likeliest tokens, best first; equal ones in the order of the vocabulary."""
    first = len(SPECIALS) if exclude_special else 0
    best: list[int] = (highest(probabilities[first:], count) + first).tolist()
    return best
