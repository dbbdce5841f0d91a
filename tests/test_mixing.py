"""Mixtures and caches: what evaluate finds in a whole text is what the models answer token by token."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiny_language_models import VOCABULARY, model_of, spec_of

from seqcli.errors import MisuseError
from seqcli.language.arrays import LanguageArrays
from seqcli.language.batches import SEGMENT, Segments
from seqcli.language.mixture.cache import Cached, TextCache, heard, with_cache
from seqcli.language.mixture.mixture import Mixture, fit_weights, mixed
from seqcli.language.mixture.settings import DEFAULTS, CacheSpec, parse
from seqcli.language.token_costs import stretches
from seqcli.training.loop import evaluate

IDS = np.random.default_rng(4).integers(0, VOCABULARY, 700).astype(np.int32)  # longer than a part of a cache, and ...
NEURAL = CacheSpec("neural", 0.3, 300, 40.0, 2.0, 5.0)  # ... than the cache itself
UNIGRAM = CacheSpec("unigram", 0.2, 300, 40.0)


def network(seed: int) -> tuple[LanguageArrays, np.ndarray, np.ndarray]:
    """Return a network that answers in numpy, and what torch makes of IDS: logs [N], vectors [N, D]."""
    model = model_of(spec_of(attention=8 * (seed - 1)), seed=seed)  # the second looks back too
    arrays = LanguageArrays(model.spec, {name: p.detach().numpy() for name, p in model.named_parameters()})
    parts = list(stretches(model, IDS, vectors=True))
    vectors = [part for _, part in parts if part is not None]
    return arrays, np.concatenate([logs for logs, _ in parts]).astype(np.float64), np.concatenate(vectors)


def test_a_long_text_comes_back_in_its_order() -> None:
    model = model_of(spec_of(), seed=1)
    ids = np.random.default_rng(6).integers(0, VOCABULARY, 3 * SEGMENT + 100).astype(np.int32)
    parts = list(stretches(model, ids, vectors=True))
    logs = np.concatenate([logs for logs, _ in parts])
    assert [len(part) for part, _ in parts] == [SEGMENT, 2 * SEGMENT + 100]
    assert -logs.sum(dtype=float) == pytest.approx(evaluate(model, Segments(ids))[0], rel=1e-5)
    (expected,) = network(1)[0].token_log_probabilities([[1, *ids.tolist()]])
    np.testing.assert_allclose(logs, expected, rtol=0, atol=1e-3)  # 256 tokens of context are as good as all
    assert all(vectors is not None and len(vectors) == len(part) for part, vectors in parts)


@pytest.mark.parametrize("spec", [NEURAL, UNIGRAM], ids=["neural", "unigram"])
def test_a_text_measured_at_once_is_as_likely_as_token_by_token(spec: CacheSpec) -> None:
    (first, logs, vectors), (second, others, _) = network(1), network(2)
    neural = spec.kind == "neural"
    chances, totals = TextCache(spec).look_up(IDS, vectors if neural else None)
    shares = spec.weight * heard(totals, spec.doubt)
    expected = with_cache(mixed([logs, others], np.log([0.7, 0.3])), chances, shares)
    model = Cached(Mixture([first, second], [0.7, 0.3]), spec, 0 if neural else None)
    text = [1, *IDS.tolist()]
    np.testing.assert_allclose(model.token_log_probabilities([text])[0], expected, rtol=0, atol=1e-4)
    hidden, state = model.read([text[:1]])
    for token, log in zip(text[1:], expected, strict=True):
        found = model.log_probabilities(hidden)
        assert found[0, token] == pytest.approx(log, abs=1e-4)
        assert np.exp(found).sum() == pytest.approx(1.0, abs=1e-6)
        hidden, state = model.step(np.array([token]), state)


@pytest.mark.parametrize("spec", [NEURAL, UNIGRAM, None], ids=["neural", "unigram", "none"])
def test_an_answer_does_not_depend_on_its_neighbours(spec: CacheSpec | None) -> None:
    mixture = Mixture([network(1)[0], network(2)[0]], [0.5, 0.5])
    model = mixture if spec is None else Cached(mixture, replace(spec, weight=0.9), 0 if spec is NEURAL else None)
    texts = [[1, 5, 6, 7, 2, 3], [1], [1, 4, 4, 4, 8, 4, 4, 4, 4, 4], [1, 9]]
    together = model.log_probabilities(model.read(texts)[0])
    scored = model.token_log_probabilities(texts)
    for text, row, logs in zip(texts, together, scored, strict=True):
        np.testing.assert_allclose(row, model.log_probabilities(model.read([text])[0])[0], rtol=0, atol=1e-5)
        np.testing.assert_allclose(logs, model.token_log_probabilities([text])[0], rtol=0, atol=1e-5)


def test_a_cache_makes_likelier_what_was_read_and_remembers_only_where_it_shall() -> None:
    mixture = Mixture([network(1)[0]], [1.0])
    plain = mixture.token_log_probabilities([[1, 5, 5]])[0]
    forgets, remembers = (Cached(mixture, UNIGRAM, remembers=flag) for flag in (False, True))
    for model in (forgets, remembers):
        assert model.token_log_probabilities([[1, 5, 5]])[0][1] > plain[1]
    for text in ([1, 5, 5], [1, 5]):
        assert forgets.token_log_probabilities([text])[0][0] == pytest.approx(plain[0])
        assert remembers.token_log_probabilities([text])[0][0] > plain[0]


def test_a_cache_is_heard_more_where_it_knows_a_place_like_this_one() -> None:
    vectors = np.eye(4, dtype=np.float32)[[0, 1, 0, 2]]  # the third place is like the first, the last like none
    _, totals = TextCache(replace(NEURAL, theta=20.0)).look_up(np.array([5, 6, 5, 7]), vectors)
    shares = heard(totals, NEURAL.doubt)
    assert shares[0] == 0.0
    assert 0.2 < shares[2] < 1.0
    assert shares[3] < 1e-6


def test_the_whole_text_may_come_in_stretches() -> None:
    _, _, vectors = network(1)
    whole = TextCache(NEURAL).look_up(IDS, vectors)
    cache = TextCache(NEURAL)
    parts = [cache.look_up(IDS[a:b], vectors[a:b]) for a, b in ((0, 3), (3, 400), (400, 700))]
    for i in (0, 1):
        np.testing.assert_allclose(np.concatenate([part[i] for part in parts]), whole[i], rtol=0, atol=1e-6)


def test_weights_that_are_fitted_are_those_that_made_the_text() -> None:
    rng = np.random.default_rng(5)
    tables = rng.dirichlet(np.ones(50) * 0.3, 3)  # two models and a cache, as distributions
    hearing = rng.uniform(0.2, 1.0, 60_000)
    models, cached = rng.choice(3, 60_000, p=[0.5, 0.3, 0.2]), rng.uniform(size=60_000)
    source = np.where((models == 2) & (cached > hearing), np.where(rng.uniform(size=60_000) < 0.625, 0, 1), models)
    text = (tables.cumsum(1)[source] < rng.uniform(size=(60_000, 1))).sum(1)
    logs = list(np.log(tables[:2, text]))
    weights, share = fit_weights(logs, (tables[2, text], hearing))
    np.testing.assert_allclose(weights, [0.625, 0.375], atol=0.02)
    assert share == pytest.approx(0.2, abs=0.02)
    assert fit_weights(logs, weights=np.array([0.9, 0.1]))[0].tolist() == [0.9, 0.1]
    assert fit_weights(logs, (tables[2, text], hearing), share=0.7)[1] == 0.7


def test_a_cache_is_typed_as_it_is_printed() -> None:
    for spec in (*DEFAULTS.values(), NEURAL, UNIGRAM):
        assert parse(str(spec)) == spec
    assert parse("neural:theta=3,size=7") == replace(DEFAULTS["neural"], theta=3.0, size=7)


@pytest.mark.parametrize(
    "text", ["some of them", "neural:theta", "neural:color=1", "unigram:size=0", "neural:weight=2"]
)
def test_what_is_no_cache_is_refused(text: str) -> None:
    with pytest.raises(MisuseError):
        parse(text)
