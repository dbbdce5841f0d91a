"""An output layer in two levels: one distribution, whatever way its likelihoods are found."""

from __future__ import annotations

import pytest
import torch

from seqcli.layers.products import linear, product, rough
from seqcli.layers.shapes import cluster_bounds
from seqcli.layers.two_level import TwoLevel


@pytest.mark.parametrize("size", [3, 1_500, 1_600, 10_000, 30_000, 200_000])
def test_clusters_reach_from_the_commonest_to_the_last_token(size: int) -> None:
    bounds = cluster_bounds(size)
    assert bounds == sorted(set(bounds)) and bounds[-1] == size
    assert len(bounds) == 1 or bounds[0] == 1_024


@pytest.mark.parametrize("size", [50, 1_600, 9_000])
def test_what_a_target_costs_is_its_part_of_one_distribution(size: int) -> None:
    torch.manual_seed(1)
    layer, weight, hidden = TwoLevel(size, 8), 0.5 * torch.randn(size, 8), torch.randn(40, 8)
    torch.nn.init.normal_(layer.bias)
    targets = torch.cat([torch.randint(min(size, 1_024), (20,)), torch.randint(size, (20,))])
    with torch.no_grad():
        logs = layer.log_probabilities(hidden, weight)
        wanted = -logs.gather(1, targets[:, None]).squeeze(1)
        assert torch.allclose(logs.exp().sum(1), torch.ones(40), atol=1e-4)
        assert torch.allclose(layer.token_nats(hidden, weight, targets), wanted, atol=1e-4)
    assert float(layer.mean_nats(hidden, weight, targets)) == pytest.approx(float(wanted.mean()), rel=1e-5)


def test_its_gradients_are_those_of_the_distribution() -> None:
    torch.manual_seed(1)
    layer, hidden, targets = TwoLevel(2_000, 8), torch.randn(30, 8), torch.randint(2_000, (30,))
    weight = (0.5 * torch.randn(2_000, 8)).requires_grad_()
    found = torch.autograd.grad(layer.mean_nats(hidden, weight, targets), [weight, layer.bias])
    logs = layer.log_probabilities(hidden, weight)
    wanted = torch.autograd.grad(-logs.gather(1, targets[:, None]).mean(), [weight, layer.bias])
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(found, wanted, strict=True))


def test_products_are_those_of_torch() -> None:
    torch.manual_seed(1)
    x, weight, bias = torch.randn(30, 7), torch.randn(5, 7), torch.randn(5)
    wanted = torch.nn.functional.linear(x, weight, bias)
    assert torch.allclose(linear(x, weight, bias), wanted, atol=1e-6)
    assert torch.allclose(linear(x.t().contiguous().t(), weight.t().contiguous().t(), bias), wanted, atol=1e-6)
    assert torch.allclose(linear(x, weight), wanted - bias, atol=1e-6)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = linear(x, rough(weight), bias)
    assert rounded.dtype == torch.float32 and 0 < (rounded - wanted).abs().max() < 0.1, "as rough as was asked for"


@pytest.mark.parametrize("rows", [1, 8, 33, 300])
@pytest.mark.parametrize("with_bias", [False, True])
def test_gradients_of_products_are_those_of_torch(rows: int, with_bias: bool) -> None:
    torch.manual_seed(1)
    x, weight, bias = (torch.randn(*shape, requires_grad=True) for shape in ((rows, 7), (5, 7), (5,)))
    given = (x, weight, bias) if with_bias else (x, weight)
    wanted = torch.nn.functional.linear(*given)
    found, by = product(*given), torch.randn(rows, 5)
    assert torch.allclose(found, wanted, atol=1e-5)
    for mine, theirs in zip(torch.autograd.grad(found, given, by), torch.autograd.grad(wanted, given, by), strict=True):
        assert torch.allclose(mine, theirs, rtol=1e-4, atol=1e-4)
