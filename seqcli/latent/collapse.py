"""Whether a latent variable is used: KL, active units, mutual information, the importance-weighted estimate; the alarm.

All are figures of a diagonal Gaussian posterior beside a standard normal prior. Where the prior is conditional, give
the posterior as the prior sees it (layers.latent.Gaussian.relative_to): the KL stays what it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Doubles = NDArray[np.float64]
ACTIVE = (
    0.01  # variance of a posterior mean over the items from which its unit is active: Burda et al. 2016, appendix C
)
MOST_ITEMS = 4_096  # that mutual information is estimated from: the square of them is summed
ROWS = 256  # items at a time in that sum
LEAST_KL, LEAST_UNITS, LEAST_INFORMATION = 1.0, 2, 0.5  # nats an item, units, nats: less of any says nothing of a text


class Estimate(NamedTuple):
    """A mean over items, in nats each, and its Monte-Carlo standard error: of the draws, not of the items."""

    mean: float
    standard_error: float


class Posteriors:
    """The posteriors of many items, gathered as they are measured."""

    def __init__(self) -> None:
        self._means: list[Array] = []
        self._log_variances: list[Array] = []

    def add(self, mean: Array, log_variance: Array) -> None:
        """Take in the posteriors of some items, [B, Z] each."""
        self._means.append(np.array(mean, np.float32))
        self._log_variances.append(np.array(log_variance, np.float32))

    def __len__(self) -> int:
        return sum(map(len, self._means))

    def unused(self, free_bits: float, minimum_rate: float) -> float:
        """Return the nats an item that the KL has for nothing (layers.latent.kl_cost), and does not use."""
        if not len(self):
            return 0.0
        means = kl(np.concatenate(self._means), np.concatenate(self._log_variances)).mean(0)
        return float(max(np.maximum(means, free_bits).sum(), minimum_rate) - means.sum())

    def figures(self, item: str) -> dict[str, float]:
        """Return the figures of the latent variable, none where there is nothing. item: what one stands for."""
        if not len(self):
            return {}
        mean, log_variance = np.concatenate(self._means), np.concatenate(self._log_variances)
        return {
            f"kl_per_{item}": float(kl(mean, log_variance).sum(1).mean()),
            "active_units": active_units(mean),
            "mutual_information": mutual_information(mean, log_variance),
        }


def kl(mean: Array, log_variance: Array) -> Doubles:
    """Return the KL of each posterior's numbers from the standard normal prior, [N, Z]."""
    m, v = mean.astype(np.float64), log_variance.astype(np.float64)
    found: Doubles = 0.5 * (m * m + np.exp(v) - v - 1.0)
    return found


def active_units(mean: Array) -> int:
    """Return how many numbers of the latent variable have a posterior mean [N, Z] that depends on the item."""
    return int((mean.astype(np.float64).var(0) > ACTIVE).sum())


def mutual_information(mean: Array, log_variance: Array, seed: int = 0) -> float:
    """Return the nats that the latent variable says of which item it stands for: between 0 and the log of the items.

    The mean of log q(z|x) - log q(z), one z drawn for each item, q(z) the mean of the posteriors of all of them, its
    own among them, without which the estimate could be anything. Chance may take it a little below 0, which no mutual
    information is: 0 is returned. Source: Hoffman and Johnson 2016.
    """
    step = -(-len(mean) // MOST_ITEMS)
    m, v = mean[::step].astype(np.float64), log_variance[::step].astype(np.float64)
    z = m + np.exp(0.5 * v) * np.random.default_rng(seed).standard_normal(m.shape)
    precision = np.exp(-v)
    constant = (m * m * precision + v).sum(1)  # [N]: what does not depend on z
    found = 0.0
    for low in range(0, len(z), ROWS):
        some = z[low : low + ROWS]
        logs = (some @ (m * precision).T) - 0.5 * ((some * some) @ precision.T + constant)  # [R, N]
        own = logs[np.arange(len(some)), np.arange(low, low + len(some))]
        found += float((own - log_mean_exp(logs)).sum())
    return max(found / len(z), 0.0)


def log_mean_exp(logs: Doubles) -> Doubles:
    """Return the log of the mean of exponentials over the last axis."""
    top = logs.max(-1, keepdims=True)
    found: Doubles = np.log(np.exp(logs - top).mean(-1)) + top[..., 0]
    return found


def importance_weighted(log_weights: Doubles) -> tuple[Doubles, Doubles]:
    """Return each item's estimate of its log-likelihood, and the standard error of that. log_weights [N, S]

    log_weights: log p(x|z) + log p(z) - log q(z|x) of S draws from q. The log of their mean lies below the
    log-likelihood in expectation and rises to it with S; with S = 1 it is the bound. The standard error is that of the
    mean, carried through the logarithm. Source: Burda et al. 2016.
    """
    found = log_mean_exp(log_weights)
    relative = np.exp(log_weights - found[:, None])  # of mean 1
    return found, relative.std(-1, ddof=min(1, log_weights.shape[1] - 1)) / math.sqrt(log_weights.shape[1])


def mean_estimate(values: Doubles, errors: Doubles) -> Estimate:
    """Return the mean of the items' estimates [N], with the standard error of what was drawn for each."""
    return Estimate(float(values.mean()), float(np.sqrt((errors * errors).sum()) / len(values)))


def alarm(figures: Mapping[str, float]) -> str | None:
    """Return in a sentence what shows that the latent variable is ignored, and what to try; None where it is used.

    figures: as Posteriors.figures returns them.
    """
    limits = {"active_units": LEAST_UNITS, "mutual_information": LEAST_INFORMATION}
    limits |= {name: LEAST_KL for name in figures if name.startswith("kl_per_")}
    low = [name for name in (*figures,) if name in limits and figures[name] < limits[name]]
    if not low:
        return None
    shown = ", ".join(f"{_words(name)} {figures[name]:.2g} (limit {limits[name]:g})" for name in low)
    return (
        f"Warning: the latent variable has collapsed: {shown}. The decoder ignores it; try --minimum-rate 5, "
        "--free-bits 0.2, a longer --annealing-share, or more --word-dropout."
    )


def _words(name: str) -> str:
    """Return the name of a figure as a person reads it: KL per sentence."""
    return name.replace("_", " ").replace("kl ", "KL ")
