"""Which models are mixed, and in which shares: what was asked for, checked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from seqcli.errors import MisuseError, quoted
from seqcli.language.answer_settings import Mixing
from seqcli.language.load import language_record, tokens_told
from seqcli.language.mixture.blend import Blend
from seqcli.language.mixture.kept_shares import with_kept
from seqcli.language.mixture.settings import AUTO, parse
from seqcli.store.tokenizer import tokenizer_of

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store import Record


def blend_of(session: Session, record: Record, asked: Mixing, use_kept: bool = True) -> Blend:
    """Return a model with what is mixed in, in the shares that are kept for it, unless others are given.

    Raises MisuseError where vocabularies differ, weights leave nothing for the model, or there is no network to adapt.
    """
    others = [_name_and_weight(text) for text in asked.mix]
    records = (record, *(language_record(session, other) for other, _ in others))
    for other in records[1:]:
        _check_same_tokens(record, other)
    given = [weight for _, weight in others if weight is not None]
    if given and len(given) < len(others):
        raise MisuseError("Give a weight to every --mix, or to none.")
    if sum(given) >= 1.0:
        raise MisuseError(f"The weights of --mix sum up to {sum(given):g}; leave something for {quoted(record.name)}.")
    weights = (1.0 - sum(given), *given) if given else (1.0 / len(records),) * len(records)
    blend = Blend(records, weights, dynamic=asked.dynamic)
    if asked.dynamic and blend.network is None:
        raise MisuseError(f"--dynamic adapts a network; {quoted(record.name)} is an {record.architecture} model.")
    blend, free = _with_cache(blend, asked.cache)
    blend = replace(blend, free=free | (frozenset({"weights"}) if others and not given else frozenset()))
    return with_kept(blend) if use_kept else blend


def _with_cache(blend: Blend, asked: str | None) -> tuple[Blend, frozenset[str]]:
    if asked is None:
        return blend, frozenset()
    kind, _, settings = asked.partition(":")
    kind = ("unigram" if blend.network is None else "neural") if kind == AUTO else kind
    cache = parse(f"{kind}:{settings}")
    if cache.kind == "neural" and blend.network is None:
        raise MisuseError(
            f"--cache neural compares the vectors of a network, and {quoted(blend.records[0].name)} has none; "
            "use --cache unigram."
        )
    free = {"cache weight"} if "weight=" not in settings else set()
    return replace(blend, cache=cache), frozenset(free if settings else {"cache", "cache weight"})


def _name_and_weight(text: str) -> tuple[str, float | None]:
    name, colon, number = text.partition(":")
    if not colon:
        return name, None
    try:
        weight = float(number)
    except ValueError:
        weight = 0.0
    if not 0.0 < weight < 1.0:
        raise MisuseError(f"--mix {quoted(text, 60)}: the weight of {quoted(name, 40)} is a number between 0 and 1.")
    return name, weight


def _check_same_tokens(first: Record, second: Record) -> None:
    """Raise MisuseError unless two models cut text into the same tokens and number them alike."""
    if tokens_told(first) == tokens_told(second):
        return
    from seqcli.text.tokens import shown

    names = f"{quoted(first.name)} and {quoted(second.name)}"
    one, two = first.vocabulary(), second.vocabulary()
    if one.tokens != two.tokens:
        more = f"{len(one):,} and {len(two):,} tokens"
        if len(one) == len(two):
            at = next(i for i, (a, b) in enumerate(zip(one.tokens, two.tokens, strict=True)) if a != b)
            told = [quoted(shown(some.tokens[at]), 40) for some in (one, two)]
            more = f"token {at:,} is {told[0]} in one and {told[1]} in the other"
        raise MisuseError(
            f"{names} have different vocabularies ({more}); only models of the same can be mixed: train them on the "
            "same text with the same settings of Text."
        )
    cut = [(r.text.tokenizer, r.text.lowercase, tokenizer_of(r).model) for r in (first, second)]
    if cut[0] != cut[1]:
        raise MisuseError(f"{names} cut text differently; only models of the same --tokenizer can be mixed.")
