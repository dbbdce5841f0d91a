"""Models that fill gaps: that no word sees itself, that numpy says what torch says, that figures are exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from seqcli.fill.arrays import FillArrays, fill_table
from seqcli.fill.batches import Segments, Stretches
from seqcli.fill.fit_to_time import WEIGHTS_PER_TOKEN, fit, recurrent_weights
from seqcli.fill.model import FillModel, measured
from seqcli.fill.settings import FillRunSpec, FillSpec, FillTextSpec
from seqcli.text.vocabulary import EOS, UNK
from seqcli.training.held_out import PADDING
from seqcli.training.loop import evaluate
from seqcli.training.plan import Plan

SPEC = FillSpec(embedding_size=12, hidden_size=16, window=3, dropout=0.0, embedding_dropout=0.0, weight_dropout=0.0)
SIZE = 30  # tokens of the vocabulary
MODELS = [
    SPEC,
    replace(SPEC, layers=3),
    replace(SPEC, cell="gru", layers=2),
    replace(SPEC, cell="rnn", window=0),
    replace(SPEC, sides="left"),
    replace(SPEC, sides="right", tied=False),
]


def model_of(spec: FillSpec, seed: int = 1, kind: type[FillModel] = FillModel) -> FillModel:
    """A model with weights that are all drawn, those that begin at zero too."""
    torch.manual_seed(seed)
    model = kind(spec, SIZE)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.4)
    return model.eval()


def texts(count: int, length: int, seed: int = 2) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(2, SIZE, (length, count))


def leaks(log_probabilities: Callable[[torch.Tensor], torch.Tensor], length: int = 9) -> list[int]:
    """Return the places whose prediction changes when the word at that very place does."""
    ids = torch.from_numpy(texts(1, length + 2))
    found = []
    for place in range(length):
        changed = ids.clone()
        changed[place + 1] = 2 + (ids[place + 1] - 1) % (SIZE - 2)
        assert not torch.equal(changed, ids)
        before, after = (log_probabilities(tokens)[place] for tokens in (ids, changed))
        if not torch.equal(before, after):
            found.append(place)
    return found


class Peeking(FillModel):
    """A model made to see its answer: the right side begins at the word itself."""

    def hidden(self, inputs: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        return super().hidden(inputs, wanted) + self.embedding(inputs[1:-1][wanted])


@pytest.mark.parametrize("spec", MODELS, ids=str)
def test_no_word_sees_itself(spec: FillSpec) -> None:
    assert leaks(model_of(spec).log_probabilities) == []


def test_a_model_that_sees_its_answer_is_found_out() -> None:
    assert leaks(model_of(SPEC, kind=Peeking).log_probabilities) == list(range(9))


@pytest.mark.parametrize("spec", MODELS, ids=str)
def test_every_other_word_is_seen(spec: FillSpec) -> None:
    """What is left of a word is seen by the left side alone, and so on: no word of its side is passed over."""
    model, length = model_of(spec), 7
    ids = torch.from_numpy(texts(1, length + 2))
    before = model.log_probabilities(ids)
    for changed in range(length + 2):
        other = ids.clone()
        other[changed] = 2 + (ids[changed] - 1) % (SIZE - 2)
        moved = {t for t in range(length) if not torch.equal(model.log_probabilities(other)[t], before[t])}
        right, left = set(range(changed, length)), set(range(changed - 1))
        assert moved == {"both": left | right, "left": right, "right": left}[spec.sides]


@pytest.mark.parametrize("spec", MODELS, ids=str)
def test_numpy_says_what_torch_says_of_each_text_by_itself(spec: FillSpec) -> None:
    """Whatever stands beside a text in a batch, and behind its end."""
    model = model_of(spec)
    arrays = FillArrays(spec, {name: p.detach().numpy() for name, p in model.named_parameters()})
    lengths = np.array([4, 9, 1, 0, 6])
    ids = texts(9, len(lengths)).clip(2)
    vectors = arrays.vectors(ids, lengths)
    found = arrays.log_probabilities(vectors.reshape(-1, spec.embedding_size)).reshape(*ids.shape, SIZE)
    for row, length in enumerate(lengths):
        assert not vectors[row, length:].any()
        if length:
            alone = torch.tensor([EOS, *ids[row, :length], EOS])[:, None]
            assert np.allclose(found[row, :length], model.log_probabilities(alone)[:, 0].numpy(), atol=1e-5)


def test_scores_of_some_words_are_those_of_all() -> None:
    arrays = FillArrays(SPEC, {name: p.detach().numpy() for name, p in model_of(SPEC).named_parameters()})
    vectors = arrays.vectors(texts(5, 2), np.array([5, 5]))[0]
    some = texts(4, 5)
    logs = np.take_along_axis(arrays.log_probabilities(vectors), some, 1)
    scores = arrays.logits(vectors, some)
    assert np.allclose(scores - scores[:, :1], logs - logs[:, :1], atol=1e-5)


def test_the_table_is_what_the_model_is_made_of() -> None:
    for spec in MODELS:
        made = {name: tuple(p.shape) for name, p in model_of(spec).named_parameters()}
        assert {name: shape for name, (_, shape) in fill_table(spec, SIZE).items()} == made


# -- batches and figures ----------------------------------------------------------------------------------------------


def text_of(units: int, seed: int = 3) -> np.ndarray[Any, Any]:
    """A text of units of some five words."""
    rng = np.random.default_rng(seed)
    parts = [[*rng.integers(2, SIZE, rng.integers(2, 9)), EOS] for _ in range(units)]
    return np.concatenate(parts).astype(np.int32)


@pytest.mark.parametrize("units", [1, 40, 300])
def test_every_word_is_measured_once_whatever_stands_beside(units: int) -> None:
    ids = text_of(units)
    model = model_of(SPEC)
    seen = [piece.targets[piece.targets != PADDING] for piece in Segments(ids, rows=3)]
    assert sorted(np.concatenate(seen)) == sorted(ids[ids != EOS])
    parts: list[dict[str, float]] = [{}, {}]
    found = [evaluate(model, Segments(ids, rows), parts=part) for rows, part in zip((1, 64), parts, strict=True)]
    assert found[0][1] == found[1][1] == (ids != EOS).sum()
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-6) and parts[0] == parts[1]


def test_a_short_text_is_measured_as_it_is_answered() -> None:
    ids = text_of(8)[:-1]
    model = model_of(SPEC)
    nats, tokens = evaluate(model, Segments(ids))
    whole = torch.from_numpy(np.concatenate([[EOS], ids, [EOS]]).astype(np.int64))[:, None]
    logs = model.log_probabilities(whole)[:, 0].double().numpy()[np.arange(len(ids)), ids][ids != EOS]
    assert nats == pytest.approx(-logs.sum(), rel=1e-5) and tokens == len(logs)


def test_training_asks_for_every_word_of_an_epoch_and_for_no_end() -> None:
    ids = text_of(200)
    stretches = Stretches(ids, 4, 16, 1)
    asked = np.zeros(SIZE, np.int64)
    for index in range(stretches.updates_per_epoch):
        inputs, targets = stretches.batch(5, index)
        assert ((targets == PADDING) == (inputs[1:-1] == EOS)).all()
        assert (targets[targets >= 0] == inputs[1:-1][targets >= 0]).all()
        asked += np.bincount(targets[targets >= 0], minlength=SIZE)
    counts = np.bincount(ids, minlength=SIZE)
    counts[EOS] = 0
    assert (asked >= counts).all() and (asked - counts).sum() < 16


def test_some_words_are_read_as_unknown_and_asked_for_all_the_same() -> None:
    ids = text_of(400)
    plain, hiding = (Stretches(ids, 8, 32, 1, share).batch(2, 3) for share in (0.0, 0.25))
    assert (plain[1] == hiding[1]).all()
    changed = plain[0] != hiding[0]
    assert (hiding[0][changed] == UNK).all() and not changed[plain[0] == EOS].any()
    assert 0.15 < changed.mean() < 0.3


def test_of_equally_likely_words_none_is_found_first() -> None:
    hidden, weight, bias = torch.zeros(4, 3), torch.zeros(SIZE, 3), torch.zeros(SIZE)
    nats, ranks = measured(hidden, weight, bias, torch.arange(4))
    assert (ranks == SIZE - 1).all() and nats.tolist() == pytest.approx([np.log(SIZE)] * 4)


# -- fitted to the time -----------------------------------------------------------------------------------------------


def fitted(monkeypatch: pytest.MonkeyPatch, minutes: float, **given: Any) -> tuple[FillSpec, FillRunSpec]:
    """Fit a plan for a million tokens of 10,000 words on a machine of 150 billion operations a second."""
    monkeypatch.setattr("seqcli.fill.fit_to_time._speed", lambda *_: 150e9)
    train, vocabulary = SimpleNamespace(ids=np.zeros(1_000_000, np.int32)), range(10_000)
    corpus: Any = SimpleNamespace(train=train, vocabulary=vocabulary)
    spec_given = {name: value for name, value in given.items() if name in FillSpec.__dataclass_fields__}
    run_given = {name: value for name, value in given.items() if name not in spec_given}
    plan = Plan(FillTextSpec(), FillSpec(**spec_given), FillRunSpec(minutes=minutes, **run_given))
    session: Any = SimpleNamespace(note=lambda line: None)
    found = fit(session, plan, corpus, set(given))
    return found.spec, found.run


def test_more_minutes_give_a_larger_model_that_drops_more(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = fitted(monkeypatch, 1), fitted(monkeypatch, 60)
    assert few[0].hidden_size < many[0].hidden_size and few[0].embedding_size < many[0].embedding_size
    assert few[0].dropout is not None and few[0].dropout < (many[0].dropout or 0)
    assert few[1].learning_rate > many[1].learning_rate
    assert recurrent_weights(many[0]) <= WEIGHTS_PER_TOKEN * 1_000_000


def test_what_is_given_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, run = fitted(monkeypatch, 60, hidden_size=72, dropout=0.11, batch_size=7, learning_rate=0.003)
    assert (spec.hidden_size, spec.dropout, run.batch_size, run.learning_rate) == (72, 0.11, 7, 0.003)
    assert spec.embedding_size == FillSpec.embedding_size and spec.weight_dropout is not None
