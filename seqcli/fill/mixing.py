"""Language models asked beside a model that fills gaps: how likely is the whole sentence with the words in place?

Their logs of probabilities are added up, each times its weight: models that are wrong in different ways.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from seqcli.errors import DamagedError, MisuseError, quoted
from seqcli.fill.search import Candidate, as_likely, normalised, whole_scores
from seqcli.language.answers import LanguageModel
from seqcli.language.load import Asked, language_record
from seqcli.text.vocabulary import EOS, UNK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seqcli.fill.gaps import Gapped
    from seqcli.fill.load import Fill
    from seqcli.session import Session
    from seqcli.store import Record

KEY = "mixtures"  # among the results of a record: what is mixed -> the weights that were fitted
LEAST = 0.001  # of a weight that is kept, so that it can be typed


class Beside:
    """A language model that judges whole sentences. What it does not know is one of the words that it left out."""

    def __init__(self, session: Session, record: Record) -> None:
        self.name, self._model = record.name, LanguageModel(session, record)
        self._opened: Asked | None = None
        left_out = record.corpus.get("unknown_rate", 0.0) * record.corpus["tokens"]
        self._doubt = math.log(max(float(left_out), 1.0))

    def scores(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the natural log of the probability of each text, its end included. -> [N]"""
        asked = self._opened = self._opened or self._model.asked()
        ids = [[*asked.ids(text), EOS] for text in texts]
        found = asked.model.token_log_probabilities(ids)
        unknown = np.array([row[1:].count(UNK) for row in ids])
        return np.array([logs.sum(dtype=np.float64) for logs in found]) - self._doubt * unknown


@dataclass(frozen=True)
class Mix:
    """Language models beside a model that fills gaps. weights: its own first; free: they were not given or kept."""

    models: tuple[Beside, ...]
    weights: tuple[float, ...]
    free: bool

    @property
    def name(self) -> str:
        """What is mixed in, without numbers."""
        return " + ".join(model.name for model in self.models)

    @property
    def typed(self) -> str:
        """The options that give the same ranks again."""
        total = sum(self.weights)
        shares = zip(self.models, self.weights[1:], strict=True)
        return " ".join(f"--mix {model.name}:{weight / total:.4f}" for model, weight in shares)

    def features(self, asked: Fill, sentence: Gapped, candidates: Sequence[Candidate]) -> NDArray[np.float64]:
        """Return what each model says of the sentence with each candidate in place. -> [candidates, models]"""
        own = whole_scores(asked, sentence, [one.words for one in candidates])
        texts = [sentence.text_with(asked, one.words) for one in candidates]
        others = [model.scores(texts) for model in self.models]
        return np.stack([np.array([one.score for one in own]), *others], 1)

    def ranked(self, asked: Fill, sentence: Gapped, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Return candidates by what all models say of them together, best first: the log of each one's share."""
        scores = self.features(asked, sentence, candidates) @ np.array(self.weights)
        return normalised([Candidate(one.words, float(s)) for one, s in zip(candidates, scores, strict=True)])

    def again(self, asked: Fill, sentence: Gapped, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Return the model's own answers ranked anew; together they stay as likely as they were."""
        return as_likely(self.ranked(asked, sentence, candidates), candidates)


def mix_of(session: Session, record: Record, typed: Sequence[str]) -> Mix | None:
    """Return what is mixed in, NAME or NAME:WEIGHT each: with kept weights, or even ones, where none are given.

    Raises MisuseError for weights that leave nothing for the model itself, DamagedError for kept ones that cannot be.
    """
    if not typed:
        return None
    parts = [text.partition(":") for text in typed]
    models = tuple(Beside(session, language_record(session, name)) for name, _, _ in parts)
    numbers = [_weight(text, number) for text, (_, colon, number) in zip(typed, parts, strict=True) if colon]
    if numbers and len(numbers) < len(parts):
        raise MisuseError("Give a weight to every --mix, or to none.")
    if sum(numbers) >= 1.0:
        raise MisuseError(
            f"The weights of --mix sum up to {sum(numbers):g}; leave something for {quoted(record.name)}."
        )
    if numbers:
        return Mix(models, (1.0 - sum(numbers), *numbers), free=False)
    mix = Mix(models, (1.0 / (len(models) + 1),) * (len(models) + 1), free=True)
    return _with_kept(mix, record)


def _weight(text: str, number: str) -> float:
    try:
        found = float(number)
    except ValueError:
        found = 0.0
    if not 0.0 < found < 1.0:
        raise MisuseError(f"--mix {quoted(text, 60)}: a weight is a number between 0 and 1.")
    return found


def _with_kept(mix: Mix, record: Record) -> Mix:
    """Return what is mixed with the weights that were kept for it, if any."""
    kept = record.results.get(KEY, {}).get(mix.name)
    if kept is None:
        return mix
    weights = tuple(kept["weights"])
    if len(weights) != len(mix.weights) or not all(weights):
        name = quoted(record.name)
        raise DamagedError(f"The weights kept in {name} cannot be; fit them again with --fit-on FILE --keep.")
    return replace(mix, weights=weights, free=False)


def keep(session: Session, name: str, mix: Mix) -> None:
    """Write fitted weights into the record of a model; its files stay as they are."""
    with session.shelf.open(name, resume=True) as draft:
        record = draft.record
        assert record is not None
        kept = {**record.results.get(KEY, {}), mix.name: {"weights": list(mix.weights), "cache": ""}}
        draft.amend({**record.results, KEY: kept}, {})
    session.note(f"Kept in {quoted(name)}: the same --mix needs no numbers from now on.")
