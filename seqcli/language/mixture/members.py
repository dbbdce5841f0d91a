"""The models of a mixture opened to answer as one."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from seqcli.language.load import stored_model
from seqcli.language.settings import LanguageSpec

if TYPE_CHECKING:
    from seqcli.answering import Answering
    from seqcli.language.mixture.blend import Blend
    from seqcli.store import Record


def members_of(blend: Blend, vocabulary_size: int) -> list[Any]:
    """Read the models of a blend: as arrays that answer, and as networks where they are to learn."""
    return [_member(record, vocabulary_size, blend.dynamic) for record in blend.records]


def answering(blend: Blend, members: Sequence[Any], remembers: bool = False) -> Answering:
    """Return the models as one; remembers: cache and learning go on from one scored text to the next.

    What learns or remembers is new each time, so that no answer depends on those asked for beside it.
    """
    opened = [_learning(blend, i, member, remembers) for i, member in enumerate(members)]
    if len(opened) == 1 and blend.cache is None:
        return opened[0]
    from seqcli.language.mixture.cache import Cached
    from seqcli.language.mixture.mixture import Mixture

    mixture = Mixture(opened, blend.weights)
    if blend.cache is None:
        return mixture
    network = blend.network if blend.cache.kind == "neural" else None
    return Cached(mixture, blend.cache, network, remembers)


def _member(record: Record, size: int, dynamic: bool) -> Any:
    if dynamic and isinstance(record.spec, LanguageSpec):
        from seqcli.language.network import network

        return network(record)
    return stored_model(record, size)


def _learning(blend: Blend, place: int, member: Any, remembers: bool) -> Answering:
    """Return a member as it answers: a network by a copy that learns."""
    spec = blend.records[place].spec
    if not (blend.dynamic and isinstance(spec, LanguageSpec)):
        model: Answering = member
        return model
    from seqcli.language.arrays import LanguageArrays
    from seqcli.language.dynamic_evaluation import Learning

    return Learning(copy.deepcopy(member), partial(LanguageArrays, spec), remembers)
