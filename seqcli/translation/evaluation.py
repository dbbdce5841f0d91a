"""Translators measured on a test set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from seqcli.translation.figures import bleu_tokenizer
from seqcli.translation.load import translations_of
from seqcli.translation.metrics import paired_bootstrap, quality
from seqcli.translation.search import Searching

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.translation.evaluation_settings import Measuring
    from seqcli.translation.lines import LineTranslator
    from seqcli.translation.pairs import Pairs

WHOLE = "all"
CHARACTERS = " characters"  # behind the lengths of a part
BUCKETS = 4  # of the same number of sentences, by source length


class Figure(NamedTuple):
    """The figures of a translator on a test set, or on a part of it, by the lengths of its sources.

    nats_per_token: of the references, and of the whole only; p_value: how likely chance alone makes its BLEU differ so
    from the first translator's.
    """

    model: str
    part: str
    pairs: int
    bleu: float
    chrf: float
    ter: float
    nats_per_token: float | None
    p_value: float | None
    signature: str


def figures(session: Session, translators: Sequence[LineTranslator], pairs: Pairs, how: Measuring) -> Iterator[Figure]:
    """Yield the figures of each translator on the whole and, where that is asked for, on the parts of a test set."""
    search = Searching(how.beam, how.length_penalty, how.coverage)
    cut = how.bleu_tokenizer or bleu_tokenizer(pairs.target)
    first: list[str] | None = None
    for one in translators:
        translations = translations_of(session, one, pairs.source, search)
        nats = _nats_per_token(one, pairs)
        chance = paired_bootstrap(first, translations, pairs.target, cut, how.samples) if first is not None else None
        first = translations if first is None else first
        for part, places in _parts_of(pairs, how.by_length):
            found = quality([translations[i] for i in places], [pairs.target[i] for i in places], cut)
            scores = (found.bleu, found.chrf, found.ter)
            cost, p_value = (nats, chance) if part == WHOLE else (None, None)
            yield Figure(one.name, part, len(places), *scores, cost, p_value, found.signature)


def _nats_per_token(asked: LineTranslator, pairs: Pairs) -> float:
    scored = asked.score(list(zip(pairs.source, pairs.target, strict=True)))
    nats = -sum(float(logs.sum(dtype="float64")) for _, logs in scored)
    return nats / sum(len(ids) for ids, _ in scored)


def _parts_of(pairs: Pairs, by_length: bool) -> list[tuple[str, list[int]]]:
    """Return the parts of a test set to be measured, named by the characters of their sources."""
    parts = [(WHOLE, list(range(len(pairs))))]
    if by_length:
        order = sorted(range(len(pairs)), key=lambda i: len(pairs.source[i]))
        for k in range(BUCKETS):
            places = order[len(order) * k // BUCKETS : len(order) * (k + 1) // BUCKETS]
            if places:
                low, high = len(pairs.source[places[0]]), len(pairs.source[places[-1]])
                parts.append((f"{low}-{high}{CHARACTERS}", places))
    return parts
