"""Answers from stored arrays with numpy: the same numbers as torch, and of one text whatever stands beside it."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_language_models import CELLS, VOCABULARY, model_of, spec_of, tokens

from seqcli.errors import DamagedError
from seqcli.language import arrays as inference
from seqcli.language.arrays import LanguageArrays, language_table
from seqcli.language.batches import Segments
from seqcli.language.model import LanguageModel
from seqcli.language.settings import LanguageSpec
from seqcli.training.loop import evaluate

SIZES = [(6, 6, True), (5, 7, True), (5, 7, False)]  # embedding, hidden, tied: shared, by a projection, apart
SPECS = [
    spec_of(cell, embedding_size=embedding, hidden_size=hidden, tied=tied, layers=layers)
    for cell, (embedding, hidden, tied), layers in itertools.product(CELLS, SIZES, (1, 2, 3))
] + [spec_of(layers=2, attention=3), spec_of(("gru", "tanh"), tied=False, attention=40)]
TEXTS = [[1, 5, 6, 7, 2, 3], [1, 9], [1, 4, 4, 4, 4, 4, 4, 4, 8], [1], [1, 12, 3]]


def name_of(spec: LanguageSpec) -> str:
    tied = "untied" if not spec.tied else "tied" if spec.embedding_size == spec.hidden_size else "projected"
    return f"{spec.architecture}-{spec.activation}-{tied}-{spec.layers}" + "-attention" * bool(spec.attention)


def stored(model: LanguageModel) -> LanguageArrays:
    """Return a model as predict-word sees it."""
    return LanguageArrays(model.spec, {name: p.detach().numpy() for name, p in model.named_parameters()})


every_spec = pytest.mark.parametrize("spec", SPECS, ids=name_of)
every_cell = pytest.mark.parametrize("spec", [*(spec_of(cell, layers=2) for cell in CELLS), SPECS[-1]], ids=name_of)


@every_spec
def test_numpy_answers_as_torch_does(spec: LanguageSpec) -> None:
    model = model_of(spec)
    arrays, inputs = stored(model), tokens(12, 3)
    expected = model.log_probabilities(inputs).numpy()
    state = arrays.start(3)
    for t, ids in enumerate(inputs.numpy()):
        hidden, state = arrays.step(ids, state)
        np.testing.assert_allclose(arrays.log_probabilities(hidden), expected[t], rtol=0, atol=2e-5)


@every_spec
def test_the_table_lists_exactly_what_a_model_is_made_of(spec: LanguageSpec) -> None:
    model = LanguageModel(spec, VOCABULARY)
    found = {name: ("F32", tuple(p.shape)) for name, p in model.named_parameters()}
    assert language_table(spec, VOCABULARY) == found
    assert set(model.state_dict()) == set(found), "evaluate loads the stored arrays and nothing else"


@every_cell
def test_an_answer_does_not_depend_on_its_neighbours(spec: LanguageSpec) -> None:
    arrays = stored(model_of(spec))
    together, states = arrays.read(TEXTS)
    for i, text in enumerate(TEXTS):
        alone, state = arrays.read([text])
        np.testing.assert_allclose(together[i], alone[0], rtol=0, atol=1e-6)
        for layer, own in zip(states, state, strict=True):
            for whole, one in zip(layer, own, strict=True):
                np.testing.assert_allclose(whole[i], one[0], rtol=0, atol=1e-6)
    turned, _ = arrays.read(TEXTS[::-1])
    np.testing.assert_allclose(turned[::-1], together, rtol=0, atol=1e-6)


@every_cell
def test_probabilities_sum_to_one(spec: LanguageSpec) -> None:
    arrays = stored(model_of(spec))
    rng = np.random.default_rng(3)
    hidden, _ = arrays.read([[1, *rng.integers(0, VOCABULARY, n)] for n in rng.integers(0, 12, 1000)])
    logs = arrays.log_probabilities(hidden)
    assert logs.max() <= 0.0
    np.testing.assert_allclose(np.exp(logs, dtype=np.float64).sum(1), 1.0, rtol=0, atol=1e-6)


def scaled(model: LanguageModel, factor: float) -> LanguageArrays:
    return LanguageArrays(model.spec, {name: p.detach().numpy() * factor for name, p in model.named_parameters()})


@every_cell
def test_large_scores_do_not_overflow(spec: LanguageSpec) -> None:
    huge = scaled(model_of(spec), 1e2 if spec.activation == "relu" else 1e4)
    hidden, _ = huge.read(TEXTS[:3])
    logs = huge.log_probabilities(hidden)
    assert np.isfinite(logs).all() and logs.min() < -1e3
    np.testing.assert_allclose(np.exp(logs, dtype=np.float64).sum(1), 1.0, rtol=0, atol=1e-6)


@pytest.mark.filterwarnings("error")
def test_weights_too_large_to_compute_with_are_refused() -> None:
    huge = scaled(model_of(spec_of(("rnn", "relu"))), 1e20)  # finite, every one of them
    hidden, _ = huge.read(TEXTS)
    with pytest.raises(DamagedError, match="too large to compute with"):
        huge.log_probabilities(hidden)
    with pytest.raises(DamagedError, match="too large to compute with"):
        huge.token_log_probabilities(TEXTS)


@every_cell
@pytest.mark.parametrize("rows", [6, 10**6])  # whose scores are found together: of some steps, of all
def test_the_scores_of_tokens_sum_to_what_evaluate_measures(
    spec: LanguageSpec, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference, "SCORES", rows * VOCABULARY)
    model = model_of(spec)
    units = [text for text in TEXTS if len(text) > 1]
    scores = stored(model).token_log_probabilities(units)
    assert [len(score) for score in scores] == [len(text) - 1 for text in units]
    for text, score in zip(units, scores, strict=True):
        nats, count = evaluate(model, Segments(np.array(text[1:], np.int32)))
        assert count == len(score)
        assert -float(score.sum(dtype=np.float64)) == pytest.approx(nats, rel=1e-5)
        alone = stored(model).token_log_probabilities([text])[0]
        np.testing.assert_allclose(score, alone, rtol=0, atol=1e-5)


def test_reading_goes_on_where_it_stopped() -> None:
    arrays = stored(model_of(spec_of(layers=2)))
    hidden, state = arrays.read([[1, 5, 6]])
    after, _ = arrays.step(np.array([7]), state)
    np.testing.assert_allclose(after, arrays.read([[1, 5, 6, 7]])[0], rtol=0, atol=1e-6)
    assert not np.allclose(after, hidden)


def test_settings_of_training_change_no_answer() -> None:
    model = model_of(spec_of(layers=2))
    other = model_of(replace(model.spec, dropout=0.9, output="sampled", samples=2))
    with torch.no_grad():
        assert torch.equal(model.log_probabilities(tokens(5, 2)), other.log_probabilities(tokens(5, 2)))
