"""The weights of models that judge a sentence together: those with which missing words of a text are found best.

A word of each sentence is taken out, and its place offered to it and to others that are about as frequent. The weights
are those of a conditional logit: they make the words that stood there likeliest among what was offered. Language models
of the same tokens first get the shares that make the sentences as they stood likeliest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqcli.errors import CorpusError
from seqcli.fill.gaps import Gap, Gapped
from seqcli.fill.mixing import LEAST, Evidence, Mix
from seqcli.fill.search import Candidate, answerable
from seqcli.text.files import named
from seqcli.text.reading import lines_of, read_blocks
from seqcli.text.sentences import sentences_of
from seqcli.text.tokens import tokens_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seqcli.fill.load import Fill
    from seqcli.session import Session
    from seqcli.text.form import Form

QUESTIONS = 500  # at most: weights are then certain to a few hundredths
FEWEST = 10  # fewer say nothing of weights
OFFERED = 4  # words beside the one that stood there
LENGTHS = (6, 40)  # tokens of a sentence that is asked about
COMMON = 200  # words, or a tenth of the vocabulary, that are not asked for: particles, which every model finds
NEAR, NEAREST = 1.5, 10  # times, or a part of, the rank of a word: those that are offered beside it; at least so many
ROUNDS = 50  # of Newton's method, which needs a handful
RIDGE = 1e-3  # keeps weights finite where the questions are all answered


class Question(NamedTuple):
    """A sentence with a gap, and what is offered for it; the first is right."""

    sentence: Gapped
    offered: list[Candidate]


def fitted(session: Session, asked: Fill, mix: Mix, files: Sequence[str], form: Form) -> Mix:
    """Return what is mixed with the weights that suit a text. Raises CorpusError for one with too few sentences."""
    sentences = list(_sentences(asked, files, form))
    rng = np.random.default_rng(1)
    usable = np.flatnonzero(answerable(asked))
    asked_for = (_question(asked, tokens, usable, rng) for tokens in _spread(sentences, rng))
    questions = [question for question in asked_for if question is not None][:QUESTIONS]
    if len(questions) < FEWEST:
        raise CorpusError(f"There are too few sentences to fit weights to in {named(*files)}; give more text.")
    found = []
    with session.bar(len(questions), "fitting", "sentence") as bar:
        for question in questions:
            found.append(mix.evidence(asked, *question))
            bar.to(len(found))
    mix = replace(mix, weights=_weights(mix, found), free=False)
    session.note(f"Fitted on {len(questions):,} sentences; the same ranks again: {mix.typed}")
    return mix


def _weights(mix: Mix, found: Sequence[Evidence]) -> tuple[float, ...]:
    """Return the weights of the models that suit what they say of some questions, of which the first answer is right.

    One above 1 would say only how sure they are together: the largest is 1.
    """
    shares = mix.shares(found)
    shared = replace(mix, weights=(1.0, *shares))
    by_group = conditional_logit(np.stack([shared.features(each) for each in found]))
    by_group = by_group / max(float(by_group.max()), 1.0)
    weights = shares.copy()
    for group, weight in zip(mix.groups, by_group[1:], strict=True):
        weights[group] *= weight / shares[group].sum()
    return tuple(map(float, np.array([by_group[0], *weights]).clip(LEAST)))


def _sentences(asked: Fill, files: Sequence[str], form: Form) -> Iterator[list[str]]:
    """Yield the sentences of a text as tokens; lines belong together up to an empty one, as in wrapped prose."""
    paragraph: list[str] = []
    for line in [*lines_of(read_blocks(files, form), named(*files)), ""]:
        if line.strip() and asked.unit == "paragraph":
            paragraph.append(line)
            continue
        text = " ".join([*paragraph, line])
        paragraph = []
        for span in sentences_of(text):
            tokens = tokens_of(asked.tokenizer, text[slice(*span)])
            if LENGTHS[0] <= len(tokens) <= LENGTHS[1]:
                yield tokens


def _spread(sentences: list[list[str]], rng: np.random.Generator) -> Iterator[list[str]]:
    yield from (sentences[i] for i in rng.permutation(len(sentences)))


def _question(asked: Fill, tokens: list[str], usable: NDArray[np.int64], rng: np.random.Generator) -> Question | None:
    """Take a word out of a sentence; None where it has no word to ask for."""
    ids = np.array(asked.vocabulary.encode(tokens))
    ranks = np.searchsorted(usable, ids)  # by falling count
    known = usable[ranks.clip(max=len(usable) - 1)] == ids
    places = np.flatnonzero(known & (ranks >= min(COMMON, len(usable) // 10)))
    if not len(places) or len(usable) <= OFFERED:
        return None
    place = int(rng.choice(places))
    rank = int(ranks[place])
    low, high = min(int(rank / NEAR), rank - NEAREST), max(int(rank * NEAR), rank + NEAREST) + 1
    others = usable[max(low, 0) : high]
    others = others[others != ids[place]]
    words = [tokens[place], *(asked.vocabulary.tokens[i] for i in rng.choice(others, OFFERED, replace=False))]
    gap = Gap(free=False, glued=False)
    parts: list[str | Gap] = [*tokens[:place], gap, *tokens[place + 1 :]]
    return Question(Gapped("", tuple(parts)), [Candidate(((word,),), 0.0) for word in words])


def conditional_logit(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights, none below 0, that make the first of each question's answers likeliest. [Q, C, M] -> [M]

    Newton's method; a weight that would be negative is 0 and the others are found anew.
    """
    scale = features.std()
    differences = (features - features[:, :1]) / max(float(scale), 1e-9)
    used = np.arange(features.shape[2])
    while True:
        weights = _newton(differences[:, :, used])
        weights = weights.clip(0) if len(used) == 1 else weights
        if len(used) == 1 or (weights > 0).all():
            break
        used = used[weights > 0] if (weights > 0).any() else used[:1]
    found = np.zeros(features.shape[2])
    found[used] = weights / max(float(scale), 1e-9)
    return found


def _newton(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """x [Q, C, M]: each answer's features less those of the right one."""
    weights = np.zeros(x.shape[2])
    for _ in range(ROUNDS):
        scores = x @ weights
        shares = np.exp(scores - scores.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        mean = np.einsum("qc,qcm->qm", shares, x)
        slope = mean.sum(0) + RIDGE * weights
        curve = np.einsum("qc,qcm,qcn->mn", shares, x, x) - mean.T @ mean + RIDGE * np.eye(len(weights))
        step = np.linalg.solve(curve, slope)
        weights = weights - step
        if np.abs(step).max() < 1e-6:
            break
    return weights
