"""An output layer in two levels: the commonest tokens, and clusters of the rarer ones. Its likelihoods are exact.

A token of a cluster costs what its cluster does among the commonest tokens, and what it does among its cluster's: most
tokens never meet the whole vocabulary. Source: Goodman 2001; Grave et al. 2017, there with narrower clusters.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from seqcli.layers.shapes import cluster_bounds
from seqcli.layers.softmax import full_loss, token_nats

Cost = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


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
        first, first_weight, first_bias = self._first(weight, targets)
        total = full_loss(hidden, first_weight, first_bias, first) * len(targets)
        for places, low, high in self._rest(targets):
            own = targets[places] - low
            total = total + full_loss(hidden[places], weight[low:high], self.bias[low:high], own) * len(places)
        return total / max(len(targets), 1)

    def token_nats(self, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the cost of each target [N], not to be differentiated."""
        first, first_weight, first_bias = self._first(weight, targets)
        found = token_nats(hidden, first_weight, first_bias, first)
        for places, low, high in self._rest(targets):
            found[places] += token_nats(hidden[places], weight[low:high], self.bias[low:high], targets[places] - low)
        return found

    def log_probabilities(self, hidden: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """hidden [N, E] -> natural log of every token's probability [N, V]."""
        head = self.bounds[0]
        _, first_weight, first_bias = self._first(weight, torch.zeros(0, dtype=torch.int64))
        logs = torch.log_softmax(torch.nn.functional.linear(hidden, first_weight, first_bias), -1)
        parts = [logs[:, :head]]
        for i, (low, high) in enumerate(zip(self.bounds, self.bounds[1:], strict=False)):
            own = torch.nn.functional.linear(hidden, weight[low:high], self.bias[low:high])
            parts.append(torch.log_softmax(own, -1) + logs[:, head + i, None])
        return torch.cat(parts, -1)

    def _first(self, weight: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the targets of the first level, and its rows: the commonest tokens', then the clusters'."""
        if self.cluster is None:
            return targets, weight, self.bias
        head = self.bounds[0]
        cluster = torch.bucketize(targets, torch.tensor(self.bounds[1:-1], dtype=torch.int64), right=True)
        first = torch.where(targets < head, targets, head + cluster)
        rows = torch.cat([weight[:head], self.cluster.weight])
        return first, rows, torch.cat([self.bias[:head], self.cluster.bias])

    def _rest(self, targets: torch.Tensor) -> list[tuple[torch.Tensor, int, int]]:
        """Return for each cluster that has targets where they are, and its range of ids."""
        found = []
        for low, high in zip(self.bounds, self.bounds[1:], strict=False):
            places = ((targets >= low) & (targets < high)).nonzero().squeeze(1)
            if len(places):
                found.append((places, low, high))
        return found
