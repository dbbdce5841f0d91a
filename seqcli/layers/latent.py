"""Latent variables: a diagonal Gaussian, its KL, what of it costs nothing, and what makes a decoder need it."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from seqcli.layers.part import batch_mean, drawn_by_row
from seqcli.layers.products import Linear
from seqcli.layers.shapes import WIDEST


class Gaussian(NamedTuple):
    """Normal distributions whose numbers are independent: mean and log of the variance, [..., Z] each."""

    mean: torch.Tensor
    log_variance: torch.Tensor

    def draw(self, noise: torch.Tensor | None = None) -> torch.Tensor:
        """Return a draw that can be differentiated by mean and variance. noise: standard normal, else drawn here.

        Source: Kingma and Welling 2014, section 2.4.
        """
        noise = torch.randn(self.mean.shape).to(self.mean) if noise is None else noise
        return self.mean + torch.exp(0.5 * self.log_variance) * noise

    def log_density(self, z: torch.Tensor) -> torch.Tensor:
        """Return the log of the density of each z [..., Z] -> [...]."""
        squares = (z - self.mean).square() * torch.exp(-self.log_variance)
        return -0.5 * (squares + self.log_variance + math.log(2 * math.pi)).sum(-1)

    def kl(self, prior: Gaussian | None = None) -> torch.Tensor:
        """Return the KL of each number from the prior, None: from the standard normal. -> [..., Z]"""
        mean, log_variance = self if prior is None else self.relative_to(prior)
        return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1.0)

    def relative_to(self, prior: Gaussian) -> Gaussian:
        """Return the distribution in the coordinates in which the prior is a standard normal: the KL stays the same."""
        scale = torch.exp(-0.5 * prior.log_variance)
        return Gaussian((self.mean - prior.mean) * scale, self.log_variance - prior.log_variance)


class GaussianLayer(nn.Module):
    """Tells a distribution from what was read: x [..., D] -> Gaussian [..., Z]."""

    def __init__(self, input_size: int, latent_size: int) -> None:
        super().__init__()
        self.mean = Linear(input_size, latent_size)
        self.log_variance = Linear(input_size, latent_size)

    def forward(self, x: torch.Tensor) -> Gaussian:
        return Gaussian(self.mean(x), self.log_variance(x).clamp(-WIDEST, WIDEST))


def kl_cost(kl: torch.Tensor, weight: float = 1.0, free_bits: float = 0.0, minimum_rate: float = 0.0) -> torch.Tensor:
    """Return what the KL of a batch [B, Z] costs the objective, in nats an item.

    free_bits: nats that each number has for nothing, in the mean of the batch. minimum_rate: nats that all together
    have for nothing: below it the KL is not lowered, so it rises to what the decoder can use. weight: see
    latent.annealing. Source: Kingma et al. 2016, appendix C.8; the rate: Alemi et al. 2018; Pelsmaeker and Aziz 2020.
    """
    means = batch_mean(kl)
    total = (means.clamp(min=free_bits) if free_bits else means).sum()
    return weight * (total.clamp(min=minimum_rate) if minimum_rate else total)


def drop_words(ids: torch.Tensor, share: float, unknown: int) -> torch.Tensor:
    """Return ids [T, B] with a share of those behind the first step replaced by the unknown token's.

    Source: Bowman et al. 2016, section 3.2.
    """
    dropped = drawn_by_row(torch.rand, ids.shape, 1, ids.device) < share
    dropped[0] = False  # there is nothing to guess in the sign of a beginning
    return ids.masked_fill(dropped, unknown)


def bag_of_words_nats(scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return what it costs to tell all words from one distribution an item, summed.

    scores [B, V] before the softmax, targets [T, B]; those below 0 are padding. Source: Zhao et al. 2017, section 3.2.
    """
    wanted = targets.clamp(min=0).t()  # [B, T]
    logs = F.log_softmax(scores.float(), -1).gather(1, wanted)
    return -(logs * (targets.t() >= 0)).sum()
