"""Translators measured on a test set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seqcli.translation.load import open_translator, translations_of

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.translation.pairs import Pairs
    from seqcli.translation.search import Searching

CHARACTERS = " characters"  # behind the lengths of a part
BUCKETS = 4  # of the same number of sentences, by source length


def measure(session: Session, model: str | None, pairs: Pairs, how: Searching) -> tuple[str, list[str], float]:
    """Return a model's name, its translations of the sources, and its nats per target token."""
    asked = open_translator(session, model)
    translations = translations_of(session, asked, pairs.source, how)
    scored = asked.score(list(zip(pairs.source, pairs.target, strict=True)))
    nats = -sum(float(logs.sum(dtype="float64")) for _, logs in scored)
    return asked.name, translations, nats / sum(len(ids) for ids, _ in scored)


def figures(translations: Sequence[str], references: Sequence[str], cut: str) -> dict[str, Any]:
    """Return BLEU, chrF, TER and BLEU's signature."""
    from seqcli.translation.metrics import quality

    found = quality(translations, references, cut)
    return {"bleu": found.bleu, "chrf": found.chrf, "ter": found.ter, "signature": found.signature}


def chance(first: list[str], other: list[str], pairs: Pairs, cut: str, samples: int) -> float:
    """Return how likely two models' BLEU differ as much as they do by chance."""
    from seqcli.translation.metrics import paired_bootstrap

    return paired_bootstrap(first, other, pairs.target, cut, samples)


def parts_of(pairs: Pairs, by_length: bool) -> list[tuple[str, list[int]]]:
    """Return the parts of a test set to be measured, named by the characters of their sources."""
    parts = [("all", list(range(len(pairs))))]
    if by_length:
        order = sorted(range(len(pairs)), key=lambda i: len(pairs.source[i]))
        for k in range(BUCKETS):
            places = order[len(order) * k // BUCKETS : len(order) * (k + 1) // BUCKETS]
            if places:
                low, high = len(pairs.source[places[0]]), len(pairs.source[places[-1]])
                parts.append((f"{low}-{high}{CHARACTERS}", places))
    return parts
