"""How likely each token of a text is under models that answer as one, and the shares that suit a text best."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from seqcli.language.mixture.blend import Blend
from seqcli.language.mixture.settings import CacheSpec
from seqcli.language.network import network
from seqcli.language.settings import LanguageSpec
from seqcli.threads import processors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seqcli.store import Record

    Ids = NDArray[np.int32]
    Reals = NDArray[np.float64]

Report = Callable[[int], object]
FIT_TOKENS = 100_000  # at most: more of a text would not move weights by much
HALVED = 5  # times that a token's count was halved when it may leave the cache
LEAST = 0.001  # share of a model that is asked at all
THETAS, HALF_LIVES = (5.0, 7.0, 9.0, 12.0), (75.0, 150.0, 300.0)  # tried for a fit; two networks had theirs inside
DOUBTS = (0.3, 1.0, 3.0)  # the same, for one strong network; without vectors one is as good as another


class Parts(NamedTuple):
    """A blend, token by token [N]: logs of the models; chances in the caches, and what all in them counts."""

    models: list[Reals]
    caches: list[tuple[Reals, Reals]]


def token_logs(blend: Blend, ids: Ids, threads: int | None, report: Report) -> Reals:
    """Return the natural log of the probability of each token of a text. report: told the tokens done."""
    import numpy as np

    from seqcli.language.mixture.cache import heard, with_cache
    from seqcli.language.mixture.mixture import mixed

    models, caches = _parts(blend, ids, [blend.cache] if blend.cache else [], threads, report)
    logs = mixed(models, np.log(blend.weights))
    for chances, totals in caches:
        assert blend.cache is not None
        logs = with_cache(logs, chances, blend.cache.weight * heard(totals, blend.cache.doubt))
    return logs


def fitted(blend: Blend, ids: Ids, threads: int | None, report: Report) -> Blend:
    """Return the blend with what was not given chosen so that a text becomes likeliest."""
    import numpy as np

    from seqcli.language.mixture.cache import heard, with_cache
    from seqcli.language.mixture.mixture import fit_weights, mixed

    specs = list(_candidates(blend))
    models, caches = _parts(blend, ids, specs, threads, report)
    weights = None if "weights" in blend.free else np.array(blend.weights)
    if not specs:
        found, _ = fit_weights(models, weights=weights)
        return replace(blend, weights=_shares(found))
    best, lowest = blend, np.inf
    doubts = DOUBTS if "cache" in blend.free and specs[0].kind == "neural" else (specs[0].doubt,)
    for (spec, (chances, totals)), doubt in itertools.product(zip(specs, caches, strict=True), doubts):
        hearing = heard(totals, doubt)
        given = None if "cache weight" in blend.free else spec.weight
        found, share = fit_weights(models, (chances, hearing), weights, given)
        nats = -float(with_cache(mixed(models, np.log(found)), chances, hearing * share).mean())
        if nats < lowest:
            best, lowest = replace(blend, weights=_shares(found), cache=replace(spec, weight=share, doubt=doubt)), nats
    return best


def _shares(weights: Reals) -> tuple[float, ...]:
    """Return weights of which none is nothing, so that they can be typed."""
    least = weights.clip(LEAST)
    return tuple((least / least.sum()).tolist())


def _candidates(blend: Blend) -> Iterator[CacheSpec]:
    if blend.cache is None:
        return
    if "cache" not in blend.free:
        yield blend.cache
        return
    thetas = THETAS if blend.cache.kind == "neural" else (0.0,)
    for theta, half_life in itertools.product(thetas, HALF_LIVES):
        yield replace(blend.cache, theta=theta, half_life=half_life, size=int(HALVED * half_life))


def _parts(blend: Blend, ids: Ids, specs: Sequence[CacheSpec], threads: int | None, report: Report) -> Parts:
    """Measure a text under every model, and look its tokens up in caches of these settings."""
    import numpy as np

    from seqcli.language.mixture.cache import TextCache

    caches = [TextCache(spec) for spec in specs]
    found: list[list[tuple[Reals, Reals]]] = [[] for _ in specs]
    models = []
    for place, record in enumerate(blend.records):
        neural = bool(specs) and specs[0].kind == "neural" and place == blend.network
        logs: list[Reals] = []
        done = 0
        for own, vectors in _stretches(record, ids, threads, neural, blend.dynamic):
            for cache, looked_up in zip(caches if neural else [], found, strict=False):
                looked_up.append(cache.look_up(ids[done : done + len(own)], vectors))
            logs.append(own.astype(np.float64))
            done += len(own)
            report(place * len(ids) + done)
        models.append(np.concatenate(logs))
    if specs and specs[0].kind == "unigram":
        found = [[cache.look_up(ids)] for cache in caches]
    return Parts(models, [(np.concatenate(a), np.concatenate(b)) for a, b in (zip(*own, strict=True) for own in found)])


def _stretches(
    record: Record, ids: Ids, threads: int | None, vectors: bool, dynamic: bool
) -> Iterator[tuple[NDArray[Any], Any]]:
    """Yield what one model makes of a text, in its order."""
    if not isinstance(record.spec, LanguageSpec):
        from seqcli.language.ngram.arrays import NgramArrays

        model = NgramArrays.stored(record, len(record.vocabulary()))
        yield from ((logs, None) for logs in model.text_log_probabilities(ids))
        return
    import torch

    from seqcli.language.token_costs import stretches

    before = torch.get_num_threads()  # another program may have its own use for them
    torch.set_num_threads(threads or processors())
    try:
        if dynamic:
            from seqcli.language.dynamic_evaluation import Adapting
            from seqcli.text.vocabulary import EOS

            yield from Adapting(network(record)).stretches(ids, EOS)
        else:
            yield from stretches(network(record), ids, vectors)
    finally:
        torch.set_num_threads(before)
