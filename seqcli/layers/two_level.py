"""An output layer in two levels: the commonest tokens, and clusters of the rarer ones. Its likelihoods are exact.

A token of a cluster costs what its cluster does among the commonest tokens, and what it does among its cluster's: most
tokens never meet the whole vocabulary. Source: Goodman 2001; Grave et al. 2017, there with narrower clusters.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import nn

from seqcli.layers.products import linear
from seqcli.layers.shapes import cluster_bounds
from seqcli.layers.softmax import full_loss, token_nats

Rows = tuple[torch.Tensor, torch.Tensor]  # weights [K, E] and biases [K]


class TwoLevel(nn.Module):
    """The clusters' rows; those of the tokens are the embedding's, which is handed in.

    Token ids go by falling count, so that a cluster is a range of them.
    """

    def __init__(self, vocabulary_size: int, width: int) -> None:
        super().__init__()
        self.bounds = cluster_bounds(vocabulary_size)
        self.bias = nn.Parameter(torch.zeros(vocabulary_size))
        clusters = len(self.bounds) - 1
        self.cluster = nn.Linear(width, clusters) if clusters else None

    def mean_nats(self, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """hidden [N, E], weight [V, E], targets [N] -> their mean cost, to differentiate."""
        first, levels = self._levels(weight, targets)
        total = full_loss(hidden, *levels[0], first) * len(targets)
        for places, low, rows in self._rest(targets, levels):
            total = total + full_loss(hidden[places], *rows, targets[places] - low) * len(places)
        return total / max(len(targets), 1)

    def token_nats(self, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the cost of each target [N], not to be differentiated."""
        first, levels = self._levels(weight, targets)
        found = token_nats(hidden, *levels[0], first)
        for places, low, rows in self._rest(targets, levels):
            found[places] += token_nats(hidden[places], *rows, targets[places] - low)
        return found

    def same_target_nats(self, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """hidden [T, S, E], targets [T]: the same for all S -> the cost of each [T, S], not to be differentiated."""
        first, levels = self._levels(weight, targets)
        rest = {int(t): (low, rows) for places, low, rows in self._rest(targets, levels) for t in places}
        found = hidden.new_empty(hidden.shape[:2])
        for t, states in enumerate(hidden):
            found[t] = _cost(states, *levels[0], int(first[t]))
            if t in rest:
                low, rows = rest[t]
                found[t] += _cost(states, *rows, int(targets[t]) - low)
        return found

    def log_probabilities(self, hidden: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """hidden [N, E] -> natural log of every token's probability [N, V]."""
        head = self.bounds[0]
        _, levels = self._levels(weight, weight.new_zeros(0, dtype=torch.int64))
        logs = [torch.log_softmax(F.linear(hidden, *rows), -1) for rows in levels]
        clusters = [own + logs[0][:, head + i, None] for i, own in enumerate(logs[1:])]
        return torch.cat([logs[0][:, :head], *clusters], -1)

    def _levels(self, weight: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, list[Rows]]:
        """Return the targets of the first level, and the rows of all: the commonest tokens' and the clusters', ...

        ... then those of each cluster. They are split, not sliced: a slice's gradient is a whole table.
        """
        if self.cluster is None:
            return targets, [(weight, self.bias)]
        sizes = [self.bounds[0], *(high - low for low, high in itertools.pairwise(self.bounds))]
        (head, *rest), (head_bias, *biases) = torch.split(weight, sizes), torch.split(self.bias, sizes)
        cluster = torch.bucketize(targets, targets.new_tensor(self.bounds[1:-1]), right=True)
        first = torch.where(targets < sizes[0], targets, sizes[0] + cluster)
        both = torch.cat([head, self.cluster.weight]), torch.cat([head_bias, self.cluster.bias])
        return first, [both, *zip(rest, biases, strict=True)]

    def _rest(self, targets: torch.Tensor, levels: list[Rows]) -> Iterator[tuple[torch.Tensor, int, Rows]]:
        """Yield for each cluster that has targets where they are, its first id, and its rows."""
        for (low, high), rows in zip(itertools.pairwise(self.bounds), levels[1:], strict=True):
            places = ((targets >= low) & (targets < high)).nonzero().squeeze(1)
            if len(places):
                yield places, low, rows


def _cost(hidden: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, target: int) -> torch.Tensor:
    """hidden [S, E], weight [K, E], bias [K] -> what the target costs under the softmax over the rows, [S]."""
    scores = linear(hidden, weight, bias)
    wanted = scores[:, target].clone()
    top = scores.amax(1, keepdim=True)
    return scores.sub_(top).exp_().sum(1).log_().add_(top[:, 0]).sub_(wanted)
