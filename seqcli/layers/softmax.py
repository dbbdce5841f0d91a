"""Output layers: over all tokens, or over a sample of them while training."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F

from seqcli.layers.part import Occurring, occurring
from seqcli.layers.products import linear, rough

CHUNK = 1 << 22  # logits at a time in evaluation: 16 MB, of sizes tried the one that the caches like best
TRAINED = 1 << 20  # logits at a time in training: 4 MB, which two cores keep near


def full_nats(hidden: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the summed cost of the targets under a softmax over all tokens, float64, in bounded memory."""
    return token_nats(hidden, weight, bias, targets).double().sum()


def token_nats(hidden: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the cost of each target under a softmax over all tokens, in bounded memory.

    hidden [N, D], weight [V, D], bias [V], targets [N] -> nats [N]. Not to be differentiated: every chunk of logits is
    written over the one before it.
    """
    rows = max(min(CHUNK // len(weight), len(hidden)), 1)
    scratch, factors = hidden.new_empty(rows, len(weight)), bias.exp()
    found = hidden.new_empty(len(hidden))
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
    return smoothed_loss(hidden, weight, bias, targets, 0.0)[0]


def training_loss(
    hidden: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor,
    targets: torch.Tensor,
    share: torch.Tensor,
    samples: int,
) -> torch.Tensor:
    """Return the mean cost, to differentiate: under a sample where that is smaller than the vocabulary, else under all.

    samples: tokens drawn beside the targets; 0: under all. What else is given is as for `sampled_loss`.
    """
    if samples:
        sample = sample_of(targets, len(weight), samples)
        if samples + sample.targets < len(weight):
            return sampled_loss(sample, hidden, weight, bias, share, samples)
    return full_loss(hidden, weight, bias, targets)


def sample_of(targets: torch.Tensor, vocabulary_size: int, samples: int) -> Occurring:
    """Return the batch's own targets and `samples` tokens drawn uniformly."""
    return occurring(targets, torch.randint(vocabulary_size, (samples,)).to(targets.device))


def sampled_loss(
    sample: Occurring,
    hidden: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor,
    share: torch.Tensor,
    samples: int,
) -> torch.Tensor:
    """Return the mean cost under a softmax over a sample: the batch's own targets and `samples` drawn uniformly.

    hidden [N, D], weight [V, D], bias [V], share [V] (each token's share of the text, float64). Every logit is lowered
    by the log of its token's chance to be in the sample, which makes the sampled sum an unbiased estimate of the full
    one. Source: Jean et al. 2015, section 3; Bengio and Senecal 2008.
    """
    chosen = sample.chosen
    missed = sample.targets * torch.log1p(-share[chosen]) + samples * math.log1p(-1.0 / len(weight))
    chance = torch.log(-torch.expm1(missed)).float()
    return full_loss(hidden, F.embedding(chosen, weight), bias[chosen] - chance, sample.places)


def smoothed_loss(
    hidden: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, targets: torch.Tensor, smoothing: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mean cost, to differentiate, with a share of every target spread over all tokens; and without it.

    hidden [N, D], weight [V, D], bias [V], targets [N]. Source: Szegedy et al. 2016, section 7.
    """
    objective, mean = _Softmax.apply(hidden, weight, bias, targets, smoothing)  # type: ignore[no-untyped-call]
    return objective, mean


class _Softmax(torch.autograd.Function):
    """The cost of targets under a softmax, and at once its gradient: a chunk of the scores never leaves the caches.

    The gradient of the scores is what the softmax says less what was wanted. What smoothing wants of all tokens alike
    needs no score: it is the mean row of the weights, and the mean of what is read.
    """

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor,
        targets: torch.Tensor,
        smoothing: float,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        count, size = len(targets), len(weight)
        nats, wanted, by_hidden = [], [], []
        by_weight, by_bias, rows = torch.zeros_like(weight), torch.zeros_like(bias), rough(weight)
        for h, y in zip(*(torch.split(part, max(TRAINED // size, 1)) for part in (hidden, targets)), strict=True):
            scores = linear(h, rows, bias)
            wanted.append(scores.gather(1, y[:, None]))
            top = scores.amax(1, keepdim=True)
            total = scores.sub_(top).exp_().sum(1, keepdim=True)
            nats.append(total.log().add_(top).sub_(wanted[-1]))
            scores.div_(total.mul_(count)).scatter_add_(
                1, y[:, None], scores.new_full((len(y), 1), (smoothing - 1) / count)
            )
            by_hidden.append(linear(scores, rows.t()))
            by_weight += linear(scores.t(), h.to(rows.dtype).t())
            by_bias += scores.sum(0)
        mean, anywhere = torch.cat(nats).mean(), (hidden.mean(0) @ weight.mean(0) + bias.mean()).float()
        moved = torch.cat(by_hidden).to(hidden.dtype)
        if smoothing:
            moved -= smoothing / count * weight.mean(0)
            by_weight -= smoothing / size * hidden.mean(0)
            by_bias -= smoothing / size
        ctx.save_for_backward(moved, by_weight, by_bias)
        ctx.mark_non_differentiable(mean)
        return mean + smoothing * (torch.cat(wanted).mean() - anywhere), mean

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        by_hidden, by_weight, by_bias = ctx.saved_tensors
        return by_hidden * gradients[0], by_weight * gradients[0], by_bias * gradients[0], None, None
