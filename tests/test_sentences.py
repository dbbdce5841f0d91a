"""Models of sentences: numpy = torch, figures that batching cannot change, estimates, answers that keep to rules."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from tiny_sentences import VOCABULARY, arrays_of, model_of, sentences, spec_of

from seqcli.latent.collapse import mean_estimate
from seqcli.layers.latent import Gaussian
from seqcli.sentences.arrays import sentences_table
from seqcli.sentences.batches import HeldOutSentences, SentenceBatches, Sentences
from seqcli.sentences.corpus import unit_of
from seqcli.sentences.decode import completed, drawn, greedy, searched
from seqcli.sentences.evaluation import copied
from seqcli.sentences.likelihood import likelihoods
from seqcli.text.variety import distinct
from seqcli.text.vocabulary import EOS, UNK
from seqcli.training.held_out import padded
from seqcli.training.loop import evaluate

CODED = ("vae", "autoencoder", "rotary vae", "rotary autoencoder")
KINDS = (*CODED, "sentence-lm")


def batch_of(rows: list[list[int]]) -> torch.Tensor:
    return torch.from_numpy(padded([[EOS, *row] for row in rows]))


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_lists_every_weight(kind: str) -> None:
    for spec in (spec_of(kind), *([spec_of(kind, bag_of_words=1.0)] if kind == "vae" else [])):
        shapes = {name: tuple(p.shape) for name, p in model_of(spec).named_parameters()}
        assert shapes == {name: shape for name, (_, shape) in sentences_table(spec, VOCABULARY).items()}


@pytest.mark.parametrize("kind", CODED)
def test_numpy_encodes_as_torch_does(kind: str) -> None:
    model, rows = model_of(spec_of(kind)), sentences(9)
    targets = batch_of(rows)[1:]
    with torch.no_grad():
        wanted = model.encode(model.embedding(targets.clamp(min=0)), targets >= 0)
    found = arrays_of(model).encode(rows)
    assert np.allclose(found.mean, wanted.mean.numpy(), atol=1e-5)
    assert np.allclose(found.log_variance, wanted.log_variance.numpy(), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_numpy_finds_the_nats_that_torch_does(kind: str) -> None:
    model, rows = model_of(spec_of(kind)), sentences(9)
    arrays, z = arrays_of(model), None
    if kind != "sentence-lm":
        z = arrays.encode(rows).mean
    with torch.no_grad():
        batch = batch_of(rows)
        words = model.embedding(batch[:-1].clamp(min=0))
        hidden = model.decoder(words, None if z is None else torch.from_numpy(z))
        real = batch[1:] >= 0
        nats = model.decoder.output.token_nats(hidden[real], model.embedding.weight, batch[1:][real])
    assert sum(float(one.sum()) for one in arrays.token_nats(rows, z)) == pytest.approx(float(nats.sum()), rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_held_out_figures_do_not_depend_on_batches(kind: str) -> None:
    model, rows = model_of(spec_of(kind)), sentences(30)
    ids = np.array([i for row in rows for i in row], np.int32)
    whole, tokens = evaluate(model, HeldOutSentences(Sentences(ids)))
    assert tokens == len(ids)
    alone = sum(evaluate(model, HeldOutSentences(Sentences(np.array(row, np.int32))))[0] for row in rows)
    assert whole == pytest.approx(alone, rel=1e-6)
    again, _ = evaluate(model, HeldOutSentences(Sentences(ids)))
    assert whole == again
    if kind == "vae":
        figures = model.posteriors.figures("sentence")
        kl = sum(float(model_kl(model, row)) for row in rows)
        assert len(model.posteriors) == 30 and figures["kl_per_sentence"] == pytest.approx(kl / 30, rel=1e-5)


def model_kl(model: object, row: list[int]) -> torch.Tensor:
    with torch.no_grad():
        targets = torch.tensor(row)[:, None]
        return model.encode(model.embedding(targets), targets >= 0).kl().sum()  # type: ignore[attr-defined, no-any-return]


def test_batches_hold_every_sentence_once_and_about_as_many_tokens() -> None:
    rows = sentences(500, longest=30)
    ids = np.array([i for row in rows for i in row], np.int32)
    batches = SentenceBatches(Sentences(ids), 10, 100, seed=1)
    found = [batches.batch(3, i) for i in range(batches.updates_per_epoch)]
    columns = [tuple(column[1:][column[1:] >= 0].tolist()) for batch in found for column in batch.T]
    assert sorted(columns) == sorted(map(tuple, rows)) and all((batch[0] == EOS).all() for batch in found)
    tokens = [int((batch[1:] >= 0).sum()) for batch in found]
    assert max(tokens) < 1.5 * np.mean(tokens) and all(batch.shape[1] for batch in found)
    again = SentenceBatches(Sentences(ids), 10, 100, seed=1)
    assert np.array_equal(again.batch(3, 2), found[2])
    assert not np.array_equal(np.sort(again.batch(4, 2), None), np.sort(found[2], None))
    short = SentenceBatches(Sentences(ids), 10, 8, seed=1)
    assert max(short.batch(0, i).shape[0] for i in range(short.updates_per_epoch)) == 10  # EOS, 8 tokens, EOS


@pytest.mark.parametrize("rotary", [0, 3])
def test_the_importance_weighted_estimate_is_the_likelihood(rotary: int) -> None:
    """A code of two numbers is summed over a fine grid; the estimate with many samples comes to the same."""
    model = model_of(spec_of("vae", latent_size=2, rotary=rotary), size=40)
    rows = sentences(3, size=40, longest=4)
    step = 0.05
    grid = np.arange(-7.0, 7.0, step)
    z = torch.tensor(list(itertools.product(grid, grid)), dtype=torch.float32)
    prior = Gaussian(torch.zeros(1, 2), torch.zeros(1, 2))
    exact = []
    with torch.no_grad():
        for row in rows:
            batch = batch_of([row] * len(z))
            hidden = model.decoder(model.embedding(batch[:-1]), z)
            logs = model.decoder.output.log_probabilities(hidden.flatten(0, 1), model.embedding.weight)
            own = logs.gather(1, batch[1:].reshape(-1, 1)).view(len(row), len(z)).double().sum(0)
            exact.append(-float(torch.logsumexp(own + prior.log_density(z).double(), 0)) - 2 * math.log(step))
    found = likelihoods(model, rows, samples=4_000)
    assert np.allclose(found.importance_weighted, exact, atol=np.maximum(5 * found.error.max(), 0.01))
    assert (found.importance_weighted < found.reconstruction + found.kl).all(), "the bound lies above"
    one, some = (likelihoods(model, sentences(40, size=40), samples) for samples in (1, 50))
    assert mean_estimate(some.importance_weighted, some.error).mean < one.importance_weighted.mean()


def test_what_is_drawn_for_a_sentence_does_not_depend_on_the_others() -> None:
    model, rows = model_of(spec_of("vae")), sentences(4)
    whole, first = likelihoods(model, rows, 20), likelihoods(model, rows[:2], 20)
    assert np.array_equal(whole.importance_weighted[:2], first.importance_weighted)


def test_draws_follow_the_probabilities_of_both_levels() -> None:
    arrays = arrays_of(model_of(spec_of("vae")))
    hidden = np.random.default_rng(1).standard_normal((1, 6)).astype(np.float32)
    wanted = np.exp(arrays.log_probabilities(hidden))[0]
    assert wanted.sum() == pytest.approx(1.0, abs=1e-4)
    chances = np.random.default_rng(2).random((60_000, 2), np.float32)
    found = np.bincount(arrays.draw(np.repeat(hidden, len(chances), 0), chances, unknown=True), minlength=VOCABULARY)
    likely = np.argsort(-wanted)[:20]
    assert np.allclose(found[likely] / len(chances), wanted[likely], atol=0.01)
    assert found[1024:].sum() / len(chances) == pytest.approx(wanted[1024:].sum(), abs=0.01)


def test_sentences_are_drawn_without_unknown_words() -> None:
    arrays = arrays_of(model_of(spec_of("vae"), size=12))
    for temperature in (0.0, 0.7, 1.0):
        z = np.random.default_rng(1).standard_normal((40, 3)).astype(np.float32)
        found = drawn(arrays, z, 40, temperature, np.random.default_rng(1))
        assert not any({UNK, EOS} & set(row) for row in found)
        assert found == drawn(arrays, z, 40, temperature, np.random.default_rng(1))
    assert [row.ids for row in greedy(arrays, z)[0]] == drawn(arrays, z, 40, 0.0, np.random.default_rng(3))


def test_a_beam_of_one_is_greedy_and_a_wide_one_is_exact() -> None:
    arrays = arrays_of(model_of(spec_of("vae"), size=6))
    z = np.random.default_rng(1).standard_normal((5, 3)).astype(np.float32)
    for one, best in zip(greedy(arrays, z)[0], searched(arrays, z, 1), strict=True):
        if len(one.ids) < 100:
            assert best[0].ids == one.ids
    found = searched(arrays, z[:1], 200, (0, 3))[0]
    every = [list(row) for n in range(4) for row in itertools.product(range(2, 6), repeat=n)]
    costs = arrays.token_nats([[*row, EOS] for row in every], np.repeat(z[:1], len(every), 0))
    logs = {tuple(row): -float(cost.sum()) for row, cost in zip(every, costs, strict=True)}
    best = max(every, key=lambda row: logs[tuple(row)] / (len(row) + 1) ** 0.7)
    assert found[0].ids == best and found[0].log_probability == pytest.approx(logs[tuple(best)], rel=1e-4)


def test_a_sentence_does_not_end_in_its_midst_where_going_on_is_likelier() -> None:
    """The ninth token ends it for sure; before, its end is half as likely as another word, and scores better."""

    class Scripted:
        def start(self, z: np.ndarray, rows: int) -> np.ndarray:
            return np.zeros(rows, int)

        def step(self, ids: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return state, state + 1

        def log_probabilities(self, hidden: np.ndarray) -> np.ndarray:
            logs = np.log(np.full((len(hidden), 16), 0.5 / 14))
            logs[:, 5], logs[:, EOS] = np.log(0.3), np.log(0.15)
            logs[hidden == 9, EOS] = 0.0
            return logs

    [[best]] = searched(Scripted(), np.zeros((1, 1)), 1)  # type: ignore[arg-type]
    assert best.ids == [5] * 9


def test_what_is_searched_keeps_to_its_lengths() -> None:
    arrays = arrays_of(model_of(spec_of("vae"), size=12))
    z = np.random.default_rng(1).standard_normal((6, 3)).astype(np.float32)
    for best in searched(arrays, z, 5, (3, 4)):
        assert best and all(3 <= len(one.ids) <= 4 for one in best)
        assert len({tuple(one.ids) for one in best}) == len(best)


def test_a_sentence_is_completed_behind_what_is_given() -> None:
    arrays = arrays_of(model_of(spec_of("vae"), size=12))
    z = np.random.default_rng(1).standard_normal(3).astype(np.float32)
    found = completed(arrays, z, [5, 7])
    assert found.ids[:2] == [5, 7]
    if len(found.ids) < 100:
        [costs] = arrays.token_nats([[*found.ids, EOS]], z[None])
        assert found.log_probability == pytest.approx(-float(costs.sum()), rel=1e-4)


def test_only_the_encoder_learns_in_the_updates_between() -> None:
    model = model_of(spec_of("vae", encoder_updates=3, encoder_share=0.5))
    model.train()
    batch = batch_of(sentences(5))

    def learned(step: int) -> set[str]:
        model.zero_grad(set_to_none=True)
        model.loss(batch, None, step)[0].objective.backward()
        return {name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None}

    model.done = lambda: 0.2
    assert learned(0) == {"embedding", "encoder", "posterior", "decoder"}
    assert learned(1) == learned(2) == {"encoder", "posterior"}
    assert "decoder" in learned(3)
    model.done = lambda: 0.6
    assert "decoder" in learned(1)


def test_a_code_that_costs_nothing_has_no_weight_in_the_objective() -> None:
    """What --minimum-rate leaves free, and what annealing weighs 0, is not learned from, but told."""
    batch = batch_of(sentences(5))
    for changes in ({"minimum_rate": 1e3, "annealing": "none"}, {"minimum_rate": 0.0, "annealing": "linear"}):
        model = model_of(spec_of("vae", **changes))
        model.done = lambda: 0.0
        model.train()
        torch.manual_seed(1)
        loss, _ = model.loss(batch)
        free = 1e3 * 5 / loss.tokens if changes["minimum_rate"] else 0.0
        told = (float(loss.nats) - loss.parts["kl"]) / loss.tokens
        assert float(loss.objective.detach()) - free == pytest.approx(told, rel=1e-4) and loss.parts["kl"] > 0


def test_what_a_sentence_is_shows_in_the_lines() -> None:
    assert unit_of(["the cat sat", "no it was n't black monday"] * 50) == "line"
    assert unit_of(["He came. He saw. He went.", "It rained. It was late."] * 50) == "sentence"
    assert unit_of(["He came home late and", "slept.", "", "It rained all night and", "day."] * 50) == "sentence"
    assert unit_of(["彼は来た。見た。勝った。"] * 50) == "sentence"


def test_distinct_n_grams_and_copies_are_counted() -> None:
    assert distinct([[1, 2, 1, 2], [1, 2]], 2) == pytest.approx(2 / 4)
    text = [[*range(10, 25), EOS]]
    assert copied([list(range(10, 19)), list(range(10, 18)), [5] * 20], text) == pytest.approx(1 / 3)
