"""Shares that were fitted once, kept in the record of a model: the same mixture then needs no numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from seqcli.errors import DamagedError, MisuseError, quoted
from seqcli.language.mixture.settings import parse

if TYPE_CHECKING:
    from typing import Any

    from seqcli.language.mixture.blend import Blend
    from seqcli.session import Session
    from seqcli.store import Record

KEY = "mixtures"  # among the results of a record: what is mixed -> the options that were fitted


def keep(session: Session, blend: Blend) -> None:
    """Write what was fitted into the record of the first model; its files stay as they are."""
    name = blend.records[0].name
    with session.shelf.open(name, resume=True) as draft:
        record = draft.record
        assert record is not None
        known = record.results.get(KEY)
        found = {"weights": list(blend.weights[1:]), "cache": str(blend.cache or "")}
        kept = {**(known if isinstance(known, dict) else {}), _mixed(blend): found}
        draft.amend({**record.results, KEY: kept}, {})
    session.note(f"Kept in {quoted(name)}: the same --mix and --cache need no numbers from now on.")


def check_writable(session: Session, name: str) -> None:
    """Raise ModelError, before the work, for a model that is in use or may not be written."""
    with session.shelf.open(name, resume=True):
        pass


def with_kept(blend: Blend) -> Blend:
    """Return a blend with the shares that were kept for it, in place of those that were not given.

    Raises DamagedError for a record with shares that cannot be.
    """
    known = blend.records[0].results.get(KEY)
    found = known.get(_mixed(blend)) if isinstance(known, dict) else None
    if found is None or blend.free != blend.open:
        return blend
    weights, cache = _shares(blend.records[0], found, len(blend.records) - 1, bool(blend.cache))
    return replace(blend, weights=(1.0 - sum(weights), *weights), cache=cache, free=frozenset())


def check_kept(record: Record) -> None:
    """Raise DamagedError for a record with kept shares, or a cache, that cannot be."""
    for kept in record.results.get(KEY, {}).values():
        _shares(record, kept, len(kept["weights"]), bool(kept["cache"]))


def _shares(record: Record, found: dict[str, Any], count: int, cached: bool) -> tuple[tuple[float, ...], Any]:
    """Return the shares of `count` further models that were kept, and the cache. Raises DamagedError."""
    try:
        weights = tuple(float(weight) for weight in found["weights"])
        cache = parse(found["cache"]) if cached else None
        if len(weights) != count or not all(w > 0 for w in weights) or sum(weights) >= 1:
            raise ValueError
    except (KeyError, TypeError, ValueError, MisuseError) as error:
        name = quoted(record.name)
        raise DamagedError(f"The shares kept in {name} cannot be; fit them again with evaluate --keep.") from error
    return weights, cache


def _mixed(blend: Blend) -> str:
    """Return what is mixed, without numbers."""
    kinds = [blend.cache.kind] if blend.cache else []
    return " + ".join([*(record.name for record in blend.records[1:]), *kinds, *["dynamic"] * blend.dynamic])
