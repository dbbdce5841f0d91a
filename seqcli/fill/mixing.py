"""Language models asked beside a model that fills gaps: how likely is the whole sentence with the words in place?

Their logs of probabilities are added up, each times its weight: models that are wrong in different ways. Of language
models that tell the same tokens apart, the probabilities of each token are added up first: what one of them knows of a
word then helps where the others know little, and does not make the rest of the sentence count twice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqcli.errors import DamagedError, MisuseError, quoted
from seqcli.fill.search import Candidate, as_likely, normalised, whole_scores
from seqcli.language.answers import LanguageModel
from seqcli.language.load import Asked, language_record, tokens_told
from seqcli.language.mixture.mixture import Reals, fit_weights, mixed
from seqcli.text.vocabulary import EOS, UNK

if TYPE_CHECKING:
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
        self.tokens = tokens_told(record)

    def token_logs(self, texts: Sequence[str]) -> list[Reals]:
        """Return the natural log of the probability of each token of each text, its end included. -> N arrays [T]"""
        asked = self._opened = self._opened or self._model.asked()
        ids = [[*asked.ids(text), EOS] for text in texts]
        found = asked.model.token_log_probabilities(ids)
        unknown = (np.array(row[1:]) == UNK for row in ids)
        return [logs - self._doubt * unsaid for logs, unsaid in zip(found, unknown, strict=True)]


class Evidence(NamedTuple):
    """What models say of a sentence with each of some candidates in place.

    own: of the model that fills gaps, the log of all words' probabilities [C]. logs: of each language model, for each
    candidate the log of each token's probability [T].
    """

    own: Reals
    logs: list[list[Reals]]


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

    @property
    def groups(self) -> list[list[int]]:
        """The places of the models, those of the same tokens together."""
        found: dict[object, list[int]] = {}
        for place, model in enumerate(self.models):
            found.setdefault(model.tokens, []).append(place)
        return list(found.values())

    def evidence(self, asked: Fill, sentence: Gapped, candidates: Sequence[Candidate]) -> Evidence:
        """Return what every model says of the sentence with each candidate in place."""
        own = whole_scores(asked, sentence, [one.words for one in candidates])
        texts = [sentence.text_with(asked, one.words) for one in candidates]
        return Evidence(np.array([one.score for one in own]), [model.token_logs(texts) for model in self.models])

    def features(self, found: Evidence) -> Reals:
        """Return the log of the sentence's probability by the model itself, and by each group. -> [C, 1 + groups]"""
        others = [self._together(group, found.logs) for group in self.groups]
        return np.stack([found.own, *others], 1)

    def _together(self, group: Sequence[int], logs: Sequence[Sequence[Reals]]) -> Reals:
        weights = np.array([self.weights[1 + place] for place in group])
        shares = np.log(weights / weights.sum())
        rows = zip(*(logs[place] for place in group), strict=True)
        return np.array([mixed(row, shares).sum() for row in rows])

    def shares(self, found: Sequence[Evidence]) -> Reals:
        """Return the share of each model in its group with which the first candidates are likeliest. -> [models]"""
        shares = np.ones(len(self.models))
        for group in self.groups:
            shares[group], _ = fit_weights([np.concatenate([each.logs[place][0] for each in found]) for place in group])
        return shares.clip(LEAST)

    def ranked(self, asked: Fill, sentence: Gapped, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Return candidates by what all models say of them together, best first: the log of each one's share."""
        weights = [self.weights[0], *(sum(self.weights[1 + place] for place in group) for group in self.groups)]
        scores = self.features(self.evidence(asked, sentence, candidates)) @ np.array(weights)
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
