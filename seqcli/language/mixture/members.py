"""The models of a mixture opened to answer as one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from seqcli.language.load import stored_model
from seqcli.language.settings import LanguageSpec

if TYPE_CHECKING:
    from seqcli.answering import Answering
    from seqcli.language.mixture.blend import Blend
    from seqcli.store import Record


def answering(blend: Blend, remembers: bool = False) -> Answering:
    """Return the models as one; remembers: cache and learning go on from one scored text to the next."""
    size = len(blend.records[0].vocabulary())
    members = [_member(record, size, blend.dynamic, remembers) for record in blend.records]
    if len(members) == 1 and blend.cache is None:
        return members[0]
    from seqcli.language.mixture.cache import Cached
    from seqcli.language.mixture.mixture import Mixture

    mixture = Mixture(members, blend.weights)
    if blend.cache is None:
        return mixture
    network = blend.network if blend.cache.kind == "neural" else None
    return Cached(mixture, blend.cache, network, remembers)


def _member(record: Record, size: int, dynamic: bool, remembers: bool) -> Answering:
    if dynamic and isinstance(record.spec, LanguageSpec):
        from seqcli.language.arrays import LanguageArrays
        from seqcli.language.dynamic_evaluation import Learning
        from seqcli.language.network import network

        return Learning(network(record), partial(LanguageArrays, record.spec), remembers)
    return stored_model(record, size)
