"""Latent variables: formulas against draws, schedules, and figures that say whether one is used."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from seqcli.latent.annealing import is_annealed, kl_weight
from seqcli.latent.collapse import (
    Posteriors,
    active_units,
    alarm,
    importance_weighted,
    kl,
    mean_estimate,
    mutual_information,
)
from seqcli.latent.settings import LatentSpec
from seqcli.layers.latent import Gaussian, GaussianLayer, bag_of_words_nats, drop_words, kl_cost


def gaussian(seed: int, rows: int = 3, size: int = 4) -> Gaussian:
    torch.manual_seed(seed)
    return Gaussian(torch.randn(rows, size), 0.7 * torch.randn(rows, size))


@pytest.mark.parametrize("with_prior", [False, True])
def test_the_formula_of_the_kl_is_what_draws_say(with_prior: bool) -> None:
    posterior = gaussian(1)
    prior = gaussian(2) if with_prior else None
    other = prior or Gaussian(torch.zeros(3, 4), torch.zeros(3, 4))
    z = posterior.draw(torch.randn(400_000, 3, 4))
    drawn = (posterior.log_density(z) - other.log_density(z)).double().mean(0)
    assert torch.allclose(posterior.kl(prior).sum(-1).double(), drawn, rtol=0.01)


def test_numpy_and_torch_have_the_same_kl() -> None:
    posterior, prior = gaussian(1), gaussian(2)
    assert np.allclose(kl(posterior.mean.numpy(), posterior.log_variance.numpy()), posterior.kl().numpy(), atol=1e-5)
    seen = posterior.relative_to(prior)
    assert np.allclose(kl(seen.mean.numpy(), seen.log_variance.numpy()), posterior.kl(prior).numpy(), atol=1e-4)


def test_a_distribution_is_nothing_away_from_itself() -> None:
    assert torch.allclose(gaussian(1).kl(gaussian(1)), torch.zeros(3, 4), atol=1e-6)


def test_draws_have_the_mean_and_the_variance_and_can_be_differentiated() -> None:
    posterior = Gaussian(torch.tensor([1.0], requires_grad=True), torch.tensor([math.log(4.0)], requires_grad=True))
    z = posterior.draw(torch.randn(200_000, 1))
    assert float(z.detach().mean()) == pytest.approx(1.0, abs=0.02) and float(z.detach().var()) == pytest.approx(
        4.0, rel=0.02
    )
    posterior.draw(torch.tensor([0.5])).sum().backward()
    assert posterior.mean.grad is not None and float(posterior.mean.grad) == 1.0
    assert posterior.log_variance.grad is not None and float(posterior.log_variance.grad) == pytest.approx(0.5)


def test_a_layer_never_tells_a_variance_without_a_number() -> None:
    layer = GaussianLayer(2, 3)
    found = layer(torch.full((1, 2), 1e6))
    assert torch.isfinite(found.kl()).all() and torch.isfinite(found.draw()).all()


def test_free_bits_and_a_minimum_rate_cost_nothing_and_teach_nothing() -> None:
    kl_of = torch.tensor([[0.1, 2.0], [0.3, 2.0]], requires_grad=True)  # means .2 and 2
    assert float(kl_cost(kl_of)) == pytest.approx(2.2)
    assert float(kl_cost(kl_of, 0.5)) == pytest.approx(1.1)
    cost = kl_cost(kl_of, free_bits=0.5)
    assert float(cost) == pytest.approx(2.5)
    cost.backward()
    assert kl_of.grad is not None and kl_of.grad.tolist() == [[0.0, 0.5], [0.0, 0.5]]
    kl_of.grad = None
    cost = kl_cost(kl_of, minimum_rate=3.0)
    assert float(cost) == 3.0
    cost.backward()
    assert kl_of.grad.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert float(kl_cost(kl_of, minimum_rate=1.0)) == pytest.approx(2.2)


def test_word_dropout_spares_the_beginning() -> None:
    torch.manual_seed(1)
    ids = torch.full((50, 40), 7)
    kept = drop_words(ids, 0.3, 0)
    assert (kept[0] == 7).all()
    assert float((kept[1:] == 0).float().mean()) == pytest.approx(0.3, abs=0.03)
    assert torch.equal(drop_words(ids, 0.0, 0), ids)


def test_a_bag_of_words_is_told_without_padding_and_in_any_order() -> None:
    scores = torch.log(torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]]))
    targets = torch.tensor([[0, 2], [1, -1]])
    wanted = -math.log(0.5) - math.log(0.25) - math.log(0.8)
    assert float(bag_of_words_nats(scores, targets)) == pytest.approx(wanted, rel=1e-5)
    assert float(bag_of_words_nats(scores, targets[[1, 0]])) == pytest.approx(wanted, rel=1e-5)


def test_the_weight_rises_once_or_in_cycles() -> None:
    linear = LatentSpec(annealing="linear", annealing_share=0.5, kl_weight=2.0)
    assert [kl_weight(linear, done) for done in (0.0, 0.25, 0.5, 1.0)] == [0.0, 1.0, 2.0, 2.0]
    assert not is_annealed(linear, 0.4) and is_annealed(linear, 0.6)
    cyclical = LatentSpec(annealing="cyclical", annealing_share=0.5, annealing_cycles=2)
    assert [kl_weight(cyclical, done) for done in (0.0, 0.125, 0.25, 0.49, 0.5, 0.625, 1.0)] == [
        0,
        0.5,
        1,
        1,
        0,
        0.5,
        1,
    ]
    assert kl_weight(LatentSpec(annealing="none"), 0.0) == 1.0


def toy(samples: int, seed: int) -> np.ndarray:
    """Return log-weights of x = 1, x|z ~ N(z, 1), z ~ N(0, 1), q = N(0, 1): p(x) is N(0, 2)."""
    z = np.random.default_rng(seed).standard_normal((2_000, samples))
    found: np.ndarray = -0.5 * ((1.0 - z) ** 2 + math.log(2 * math.pi))
    return found


def test_the_importance_weighted_bound_rises_with_samples_to_the_likelihood() -> None:
    exact = -0.5 * (1.0 / 2.0 + math.log(2 * math.pi * 2.0))
    means = [mean_estimate(*importance_weighted(toy(samples, 1))).mean for samples in (1, 5, 50, 2_000)]
    assert means == sorted(means) and means[-1] < exact + 1e-3
    assert means[-1] == pytest.approx(exact, abs=2e-3)
    assert means[0] == pytest.approx(float(toy(1, 1).mean()))


def test_the_standard_error_is_what_repeated_estimates_scatter_by() -> None:
    values, errors = importance_weighted(toy(500, 2))
    assert float(errors.mean()) == pytest.approx(float(values.std()), rel=0.05)


def test_units_are_active_whose_means_differ() -> None:
    rng = np.random.default_rng(1)
    mean = rng.standard_normal((500, 4)).astype(np.float32) * np.array([1.0, 0.5, 0.05, 0.0], np.float32)
    assert active_units(mean) == 2


def test_mutual_information_is_that_of_a_known_channel() -> None:
    rng = np.random.default_rng(1)
    mean = (math.sqrt(0.75) * rng.standard_normal((4_000, 2))).astype(np.float32)
    log_variance = np.full_like(mean, math.log(0.25))  # each number: a Gaussian channel of capacity ½ log 4
    assert mutual_information(mean, log_variance) == pytest.approx(math.log(4.0), rel=0.05)
    assert mutual_information(np.zeros((500, 2), np.float32), np.zeros((500, 2), np.float32)) == 0.0
    apart = 100.0 * np.arange(300, dtype=np.float32)[:, None]
    assert mutual_information(apart, np.zeros_like(apart)) == pytest.approx(math.log(300.0), abs=1e-6)


def test_what_of_the_free_nats_is_not_used_is_what_the_cost_adds() -> None:
    posterior = gaussian(1, rows=50)
    found = Posteriors()
    found.add(posterior.mean.numpy(), posterior.log_variance.numpy())
    total = float(posterior.kl().sum(-1).mean())
    for free, rate in ((0.0, 0.0), (0.9, 0.0), (0.0, 20.0), (1.0, 3.0)):
        wanted = float(kl_cost(posterior.kl(), 1.0, free, rate)) - total
        assert found.unused(free, rate) == pytest.approx(wanted, abs=1e-4)


def test_the_alarm_tells_a_latent_variable_that_is_ignored_from_one_that_is_used() -> None:
    rng = np.random.default_rng(1)
    used, ignored = Posteriors(), Posteriors()
    used.add(2.0 * rng.standard_normal((400, 3)).astype(np.float32), np.full((400, 3), -3.0, np.float32))
    ignored.add(np.zeros((400, 3), np.float32), np.zeros((400, 3), np.float32))
    assert alarm(used.figures("sentence")) is None
    said = alarm(ignored.figures("utterance"))
    assert said is not None and "KL per utterance 0 (limit 1)" in said and "--minimum-rate" in said
    assert "active units 0 (limit 2)" in said and "mutual information 0 (limit 0.5)" in said
    assert Posteriors().figures("sentence") == {} and alarm({}) is None
