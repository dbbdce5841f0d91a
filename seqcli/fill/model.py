"""The model that fills gaps: what stands left and right of a word says which word it is."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from seqcli.fill.settings import FillSpec
from seqcli.layers.dropout import LockedDropout, embed
from seqcli.layers.products import Linear, linear
from seqcli.layers.recurrent import Recurrent
from seqcli.layers.softmax import training_loss
from seqcli.training.loss import Loss

Batch = tuple[torch.Tensor, torch.Tensor]  # inputs [T + 2, B], targets [T, B]: those between; below 0: not wanted
CHUNK = 1 << 22  # scores at a time in evaluation: 16 MB
TOP = (1, 5, 10)  # a word counts as found when it is among so many


class FillModel(nn.Module):
    """Two stacks of recurrent layers that meet at a word neither of them has read.

    Onward, the state behind the words up to t - 1; returning, the state behind those from the end down to t + 1. Both
    are concatenated and go through a fully connected layer, to which the embeddings of the nearest words are added,
    each weighed by its distance. Every layer of a stack reads its own side alone: no depth lets a word see itself.
    Source: Schuster and Paliwal 1997; Melamud et al. 2016; the direct words: Mnih and Kavukcuoglu 2013.
    """

    share: torch.Tensor  # [V] float64: each token's share of what is predicted in the training text

    def __init__(self, spec: FillSpec, vocabulary_size: int, counts: torch.Tensor | None = None) -> None:
        """counts [V]: how often each token stands in the training text; only a sampled training needs them."""
        super().__init__()
        self.spec = spec
        share = torch.full((vocabulary_size,), 1.0 / vocabulary_size) if counts is None else counts / counts.sum()
        self.register_buffer("share", share.double().clamp(max=0.999), persistent=False)
        width, dropped = spec.embedding_size, spec.dropout or 0.0
        self.embedding = nn.Embedding(vocabulary_size, width)
        self.stacks = nn.ModuleDict({name: _stack(spec) for name in spec.stacks})
        self.join = Linear(len(spec.stacks) * spec.hidden_size, spec.joined_size)
        self.project = Linear(spec.joined_size, width)
        self.near = nn.ParameterDict({name: torch.zeros(spec.window, width) for name in spec.stacks if spec.window})
        self.output = None if spec.tied else nn.Linear(width, vocabulary_size, bias=False)
        self.output_bias = nn.Parameter(torch.zeros(vocabulary_size))
        self.drop = LockedDropout(dropped)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)  # small, so that the tied output layer begins near uniform

    @property
    def output_weight(self) -> torch.Tensor:
        """The rows that score each token, [V, E]."""
        return self.embedding.weight if self.output is None else self.output.weight

    def hidden(self, inputs: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        """inputs [T + 2, B], wanted [T, B] -> what the output layer reads where a word is wanted [N, E]."""
        x = self.drop(embed(self.embedding, inputs, self.spec.embedding_dropout or 0.0))
        places = wanted.flatten().nonzero().squeeze(1)
        sides, direct = [], None
        for name, stack in self.stacks.items():
            read = x[:-2] if name == "onward" else x[2:].flip(0)
            y, _ = stack(read)
            y = y if name == "onward" else y.flip(0)
            sides.append(self.drop(y).flatten(0, 1).index_select(0, places))
            if self.spec.window:
                seen = self._near(x if name == "onward" else x.flip(0), self.near[name])
                seen = seen if name == "onward" else seen.flip(0)
                direct = seen if direct is None else direct + seen
        y = self.project(F.relu(self.join(torch.cat(sides, 1))))
        if direct is not None:
            y = y + direct.flatten(0, 1).index_select(0, places)
        return self.drop.of_each(y)

    def _near(self, x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """x [T + 2, B, E], weights [W, E] -> the W words before each place between, weighed and summed [T, B, E]."""
        return _Near.apply(x, weights)  # type: ignore[no-untyped-call, no-any-return]

    def loss(self, batch: Batch, state: Any = None, step: int = 0) -> tuple[Loss, None]:
        """Return the cost of a batch. Sampled while training (where the sample is smaller than the vocabulary)."""
        inputs, targets = batch
        wanted = targets >= 0
        hidden, targets = self.hidden(inputs, wanted), targets[wanted]
        weight, bias, count = self.output_weight, self.output_bias, len(targets)
        if not self.training:
            nats, ranks = measured(hidden, weight, bias, targets)
            parts = {f"accuracy_{top}": float((ranks < top).sum()) for top in TOP}
            total = nats.double().sum()
            return Loss(total / max(count, 1), total, count, parts), None
        samples = self.spec.samples if self.spec.output == "sampled" else 0
        objective = training_loss(hidden, weight, bias, targets, self.share, samples)
        return Loss(objective, objective.detach().double() * count, count), None

    @torch.no_grad()
    def log_probabilities(self, inputs: torch.Tensor) -> torch.Tensor:
        """inputs [T + 2, B] -> natural log of each token's probability at each place between, [T, B, V]."""
        wanted = inputs.new_ones(len(inputs) - 2, inputs.shape[1], dtype=torch.bool)
        scores = F.linear(self.hidden(inputs, wanted), self.output_weight, self.output_bias)
        return F.log_softmax(scores.float(), -1).view(*wanted.shape, -1)


class _Near(torch.autograd.Function):
    """The W embeddings before each place, weighed by distance, number by number, and summed in place.

    x [T + 2, B, E], weights [W, E] -> [T, B, E]. Written out because a convolution of one channel a group is slower.
    """

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x, weights)
        places = len(x) - 2
        out = x.new_zeros(places, *x.shape[1:])
        for back, weight in enumerate(weights[:places]):
            out[back:].addcmul_(x[: places - back], weight)
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x, weights = ctx.saved_tensors
        places, gradient = len(x) - 2, gradients[0]
        by_x, by_weights = torch.zeros_like(x), torch.zeros_like(weights)
        for back, weight in enumerate(weights[:places]):
            by_x[: places - back].addcmul_(gradient[back:], weight)
            by_weights[back] = (gradient[back:] * x[: places - back]).sum((0, 1))  # einsum takes 90 times as long
        return by_x, by_weights


def _stack(spec: FillSpec) -> Recurrent:
    dropped = spec.dropout or 0.0, spec.weight_dropout or 0.0
    return Recurrent(spec.cell, "tanh", spec.embedding_size, spec.hidden_size, spec.layers, *dropped)


def measured(
    hidden: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, targets: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the cost of each target under a softmax over all tokens, and how many tokens are as likely or likelier.

    hidden [N, E], weight [V, E], bias [V], targets [N] -> nats [N], ranks [N] from 0. In bounded memory.
    """
    rows = max(min(CHUNK // len(weight), len(hidden)), 1)
    nats, ranks = [], []
    for h, y in zip(torch.split(hidden, rows), torch.split(targets, rows), strict=True):
        scores = linear(h, weight, bias)
        wanted = scores.gather(1, y[:, None])
        ranks.append((scores >= wanted).sum(1) - 1)  # of equals the target is the last: sameness is no knowledge
        nats.append(scores.logsumexp(1) - wanted.squeeze(1))
    return torch.cat(nats), torch.cat(ranks)
