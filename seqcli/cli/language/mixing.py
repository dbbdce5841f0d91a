"""Models of one vocabulary that answer as one, with a cache: what was asked for, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from seqcli.cli.language.keeping import with_kept
from seqcli.cli.opening import language_record, stored_model, tokenizer_of
from seqcli.cli.options import Session
from seqcli.errors import MisuseError, quoted
from seqcli.mixing.settings import AUTO, CacheSpec, parse
from seqcli.spec import LanguageSpec

if TYPE_CHECKING:
    from seqcli.inference import Answering
    from seqcli.store import Record


@dataclass(frozen=True)
class Blend:
    """Models and their shares, a cache or none; `free` names what was not given: weights, cache, cache weight."""

    records: tuple[Record, ...]
    weights: tuple[float, ...]
    cache: CacheSpec | None = None
    dynamic: bool = False
    free: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """What it is called in results: the models, and what is added."""
        added = [*["dynamic"] * self.dynamic, *["cache"] * (self.cache is not None)]
        return " + ".join([*(record.name for record in self.records), *added])

    @property
    def network(self) -> int | None:
        """The place of the first recurrent model."""
        return next((i for i, record in enumerate(self.records) if isinstance(record.spec, LanguageSpec)), None)

    @property
    def open(self) -> frozenset[str]:
        """All that might be left open of such a blend."""
        weights = {"weights"} if len(self.records) > 1 else set()
        return frozenset(weights | ({"cache", "cache weight"} if self.cache else set()))

    @property
    def typed(self) -> str:
        """The options that give the same again."""
        parts = [f"--mix {r.name}:{w:.4f}" for r, w in zip(self.records[1:], self.weights[1:], strict=True)]
        return " ".join([*parts, *["--dynamic"] * self.dynamic, *([f"--cache {self.cache}"] if self.cache else [])])


def blend_of(session: Session, name: str | None, use_kept: bool = True) -> Blend:
    """Return a model with what Session.mixing adds to it, in the shares that are kept for it, unless others are given.

    Raises MisuseError where vocabularies differ, weights leave nothing for the model, or there is no network to adapt.
    """
    record = language_record(session, name)
    asked = session.mixing
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


def answering(blend: Blend, remembers: bool = False) -> Answering:
    """Return the models as one; remembers: cache and learning go on from one scored text to the next."""
    size = len(blend.records[0].vocabulary())
    members = [_member(record, size, blend.dynamic, remembers) for record in blend.records]
    if len(members) == 1 and blend.cache is None:
        return members[0]
    from seqcli.mixing.cache import Cached
    from seqcli.mixing.mixture import Mixture

    mixture = Mixture(members, blend.weights)
    if blend.cache is None:
        return mixture
    network = blend.network if blend.cache.kind == "neural" else None
    return Cached(mixture, blend.cache, network, remembers)


def _member(record: Record, size: int, dynamic: bool, remembers: bool) -> Answering:
    if dynamic and isinstance(record.spec, LanguageSpec):
        from seqcli.cli.language.measuring import network
        from seqcli.dynamic import Learning
        from seqcli.inference import LanguageArrays

        return Learning(network(record), partial(LanguageArrays, record.spec), remembers)
    return stored_model(record, size)
