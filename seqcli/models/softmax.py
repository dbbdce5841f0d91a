"""Output layers: over all tokens, or over a sample of them while training."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

CHUNK = 1 << 22  # logits at a time in evaluation: 16 MB, of sizes tried the one that the caches like best


def full_nats(hidden: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the summed cost of the targets under a softmax over all tokens, float64, in bounded memory."""
    return token_nats(hidden, weight, bias, targets).double().sum()


def token_nats(hidden: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the cost of each target under a softmax over all tokens, in bounded memory.

    hidden [N, D], weight [V, D], bias [V], targets [N] -> nats [N]. Not to be differentiated: every chunk of logits is
    written over the one before it.
    """
    rows = max(min(CHUNK // len(weight), len(hidden)), 1)
    scratch, factors = torch.empty(rows, len(weight)), bias.exp()
    found = torch.empty(len(hidden))
    for out, h, y in zip(*(torch.split(part, rows) for part in (found, hidden, targets)), strict=True):
        logits = torch.mm(h, weight.t(), out=scratch[: len(h)])  # without the bias, which the sum takes in as a factor
        wanted = logits.gather(1, y[:, None]).squeeze(1) + bias[y]
        total = (logits.exp_() @ factors).log()  # as they are: to take the highest away first would take a tenth longer
        if not bool(torch.isfinite(total).all()):
            total = torch.addmm(bias, h, weight.t()).logsumexp(1)
        out.copy_(total - wanted)
    return found


def full_loss(hidden: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean cost under a softmax over all tokens, to differentiate."""
    return F.cross_entropy(F.linear(hidden, weight, bias).float(), targets)


def sampled_loss(
    hidden: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor,
    targets: torch.Tensor,
    share: torch.Tensor,
    samples: int,
) -> torch.Tensor:
    """Return the mean cost under a softmax over a sample: the batch's own targets and `samples` drawn uniformly.

    hidden [N, D], weight [V, D], bias [V], targets [N], share [V] (each token's share of the text, float64). Every
    logit is lowered by the log of its token's chance to be in the sample, which makes the sampled sum an unbiased
    estimate of the full one. Source: Jean et al. 2015, section 3; Bengio and Senecal 2008.
    """
    drawn = torch.randint(len(weight), (samples,))
    chosen, places = torch.unique(torch.cat([targets, drawn]), return_inverse=True)
    missed = len(targets) * torch.log1p(-share[chosen]) + samples * math.log1p(-1.0 / len(weight))
    chance = torch.log(-torch.expm1(missed)).float()
    logits = F.linear(hidden, F.embedding(chosen, weight)).float() + (bias[chosen] - chance)
    return F.cross_entropy(logits, places[: len(targets)])


def smoothed_loss(
    hidden: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, targets: torch.Tensor, smoothing: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mean cost, to differentiate, with a share of every target spread over all tokens; and without it.

    The logits are read once, by their logarithm of the sum of exponentials: the mean over all tokens is a product with
    the mean row of the weights, and the target's own logit one with its row. Source: Szegedy et al. 2016, section 7.
    """
    total = torch.logsumexp(F.linear(hidden, weight, bias).float(), -1).mean()
    wanted = ((hidden * F.embedding(targets, weight)).sum(-1) + bias[targets]).float().mean()
    anywhere = (hidden.mean(0) @ weight.mean(0) + bias.mean()).float()
    return total - (1.0 - smoothing) * wanted - smoothing * anywhere, total - wanted
