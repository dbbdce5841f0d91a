"""Models of sentences measured on a text: each figure by the name of what it is, bounds and likelihoods apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from seqcli.latent.collapse import mean_estimate
from seqcli.sentences.corpus import sentences
from seqcli.sentences.decode import drawn, greedy
from seqcli.text.variety import distinct
from seqcli.text.vocabulary import EOS, UNK

if TYPE_CHECKING:
    from seqcli.sentences.answer_settings import Measuring
    from seqcli.sentences.load import Asked
    from seqcli.session import Session
    from seqcli.text.form import Form

SHORT = 15  # tokens of the sentences whose reconstruction is told: longer ones stray from their places
COPIED = 8  # tokens in a row that a drawn sentence may have of the training text before it is called a copy
TOGETHER = 256


@dataclass(frozen=True)
class Figures:
    """What is measured of a model; None where a model has no such figure, or it was not asked for.

    importance_weighted_nats_per_sentence: the mean of -log of the mean of `samples` importance weights; its standard
    error is that of what was drawn. Nats per sentence count its end. reconstruction_accuracy: tokens told rightly, of
    all, given the code's mean and the tokens before them; short: of sentences of up to 15 tokens. reconstructed_tokens:
    tokens of such sentences that stand at their place when each is written from its code alone. distinct: different
    n-grams among all, of as many sentences drawn as of the text. copied: drawn sentences with more than 8 tokens in a
    row of the training text; text_copied: as many of the sentences measured on, which nobody drew.
    """

    model: str
    architecture: str
    sentences: int
    tokens: int
    unknown_rate: float
    samples: int | None = None
    importance_weighted_nats_per_sentence: float | None = None
    importance_weighted_standard_error: float | None = None
    importance_weighted_perplexity: float | None = None
    bound_nats_per_sentence: float | None = None
    reconstruction_nats_per_sentence: float | None = None
    kl_per_sentence: float | None = None
    active_units: int | None = None
    mutual_information: float | None = None
    nats_per_sentence: float | None = None
    perplexity: float | None = None
    reconstruction_accuracy: float | None = None
    short_reconstruction_accuracy: float | None = None
    reconstructed_tokens: float | None = None
    distinct_1: float | None = None
    distinct_2: float | None = None
    text_distinct_1: float | None = None
    text_distinct_2: float | None = None
    mean_length: float | None = None
    text_mean_length: float | None = None
    copied: float | None = None
    text_copied: float | None = None

    @property
    def values(self) -> tuple[Any, ...]:
        """The figures in the order of their names."""
        return tuple(getattr(self, f.name) for f in fields(self))


NAMES = tuple(f.name for f in fields(Figures))
LATENT = ("kl_per_sentence", "active_units", "mutual_information")


def figures(
    session: Session,
    asked: Asked,
    test: Sequence[str],
    form: Form,
    how: Measuring,
    text: Sequence[str] = (),
) -> Figures:
    """Return the figures of a model on the sentences of files. text: files that it learned from, to look for copies."""
    unit = asked.record.text.unit
    ids = [row for line in sentences(test, form, unit) if len(row := asked.ids(line)) > 1]
    if how.sentences is not None and how.sentences < len(ids):
        ids = [ids[(2 * k + 1) * len(ids) // (2 * how.sentences)] for k in range(how.sentences)]
    tokens = sum(map(len, ids))
    unknown = sum(row.count(UNK) for row in ids) / tokens
    found: dict[str, float | int | None] = {"sentences": len(ids), "tokens": tokens, "unknown_rate": unknown}
    session.spare.fit_products()
    architecture = asked.record.architecture
    if architecture == "vae":
        found |= _weighted(session, asked, ids, tokens, how)
    elif architecture == "sentence-lm":
        nats = sum(float(costs.sum(dtype="float64")) for costs in _costs(session, asked, ids))
        found |= {"nats_per_sentence": nats / len(ids), "perplexity": math.exp(min(nats / tokens, 700.0))}
    if architecture != "sentence-lm":
        found |= _reconstructed(session, asked, ids)
    if how.drawn and architecture != "autoencoder":
        found |= _of_draws(asked, ids, how, [asked.ids(line) for line in sentences(text, form, unit)] if text else [])
    return Figures(asked.record.name, architecture, **found)  # type: ignore[arg-type]


def _weighted(
    session: Session, asked: Asked, ids: list[list[int]], tokens: int, how: Measuring
) -> dict[str, float | int | None]:
    """Return the importance-weighted estimate, the bound and its parts, and what the code says of its sentence."""
    from seqcli.sentences.likelihood import likelihoods, torch_model

    with session.bar(len(ids), f"measuring {asked.record.name}", "sentence") as bar:
        model = torch_model(asked.record.spec, asked.model.arrays)
        found = likelihoods(model, ids, how.samples, how.seed, bar.to)
    value, error = mean_estimate(found.importance_weighted, found.error)
    reconstruction, kl = float(found.reconstruction.mean()), float(found.kl.mean())
    return {
        "samples": how.samples,
        "importance_weighted_nats_per_sentence": value,
        "importance_weighted_standard_error": error,
        "importance_weighted_perplexity": math.exp(min(value * len(ids) / tokens, 700.0)),
        "bound_nats_per_sentence": reconstruction + kl,
        "reconstruction_nats_per_sentence": reconstruction,
        **found.posteriors.figures("sentence"),
        "kl_per_sentence": kl,
    }


def _costs(session: Session, asked: Asked, ids: list[list[int]]) -> list[np.ndarray]:
    """Return what each token of sentences costs a model without a code."""
    found = []
    with session.bar(len(ids), f"measuring {asked.record.name}", "sentence") as bar:
        for low in range(0, len(ids), TOGETHER):
            found += asked.model.token_nats(ids[low : low + TOGETHER], None)
            bar.to(len(found))
    return found


def _reconstructed(session: Session, asked: Asked, ids: list[list[int]]) -> dict[str, float | int | None]:
    """Return how much of sentences comes back from their codes, and for a point what that costs."""
    right = right_short = placed = short = 0
    nats = 0.0
    with session.bar(len(ids), f"reconstructing by {asked.record.name}", "sentence") as bar:
        for low in range(0, len(ids), TOGETHER):
            some = ids[low : low + TOGETHER]
            codes = asked.model.encode(some).mean
            told = asked.model.told(some, codes)
            right += sum(count for _, count in told)
            nats += sum(float(costs.sum(dtype="float64")) for costs, _ in told)
            brief = [i for i, row in enumerate(some) if len(row) - 1 <= SHORT]
            right_short += sum(told[i][1] for i in brief)
            if brief:
                written, _, _ = greedy(asked.model, codes[brief], unknown=True, longest=asked.longest)
                rows = [([*one.ids, EOS], some[i]) for one, i in zip(written, brief, strict=True)]
                placed += sum(a == b for one, row in rows for a, b in zip(one, row, strict=False))
                short += sum(len(row) for _, row in rows)
            bar.to(low + len(some))
    found: dict[str, float | int | None] = {"reconstruction_accuracy": right / sum(map(len, ids))}
    if asked.record.architecture == "autoencoder":
        found["reconstruction_nats_per_sentence"] = nats / len(ids)
    shares = {"short_reconstruction_accuracy": right_short, "reconstructed_tokens": placed}
    return {**found, **{name: count / short if short else None for name, count in shares.items()}}


def _of_draws(
    asked: Asked, ids: list[list[int]], how: Measuring, text: list[list[int]]
) -> dict[str, float | int | None]:
    """Return how drawn sentences differ from as many of the text: distinct n-grams, length, and copies."""
    count = min(how.drawn, len(ids))
    rng = np.random.default_rng(how.seed)
    z = None
    if asked.record.architecture == "vae":
        z = rng.standard_normal((count, asked.record.spec.latent_size), np.float32)
    made = drawn(asked.model, z, count, 1.0, rng, unknown=True, longest=asked.longest)
    real = [ids[(2 * k + 1) * len(ids) // (2 * count)][:-1] for k in range(count)]
    return {
        "distinct_1": distinct(made, 1),
        "distinct_2": distinct(made, 2),
        "text_distinct_1": distinct(real, 1),
        "text_distinct_2": distinct(real, 2),
        "mean_length": sum(map(len, made)) / count,
        "text_mean_length": sum(map(len, real)) / count,
        "copied": copied(made, text) if text else None,
        "text_copied": copied(real, text) if text else None,
    }


def copied(rows: Sequence[Sequence[int]], text: Sequence[Sequence[int]]) -> float:
    """Return the share of sentences that have more than COPIED tokens in a row of a text's sentences."""
    size = COPIED + 1
    grams = {tuple(row[i : i + size]) for row in text for i in range(len(row) - size)}  # their end is none of them
    found = [any(tuple(row[i : i + size]) in grams for i in range(len(row) - COPIED)) for row in rows]
    return sum(found) / max(len(rows), 1)
