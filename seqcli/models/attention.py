"""Attention: how much of each source state a decoder's state looks at."""

from __future__ import annotations

import torch
from torch import nn


class Attention(nn.Module):
    """Weighs the states of a source by their fit to each query.

    queries [B, T, Q], states [B, S, D], real [B, S] (False: padding) -> contexts [B, T, D], weights [B, T, S].
    Source: multiplicative: Luong et al. 2015, "general"; additive: Bahdanau et al. 2015, with a layer as wide as the
    query.
    """

    def __init__(self, kind: str, query_size: int, state_size: int) -> None:
        super().__init__()
        self.keys = nn.Linear(state_size, query_size, bias=False)
        self.query = nn.Linear(query_size, query_size) if kind == "additive" else None
        self.energy = nn.Linear(query_size, 1, bias=False) if kind == "additive" else None

    def forward(
        self, queries: torch.Tensor, states: torch.Tensor, real: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        keys = self.keys(states)
        if self.query is None or self.energy is None:
            scores = torch.bmm(queries, keys.transpose(1, 2))
        else:
            sums = self.query(queries)[:, :, None] + keys[:, None]  # [B, T, S, Q]
            scores = self.energy(torch.tanh(sums)).squeeze(-1)
        weights = torch.softmax(scores.float().masked_fill(~real[:, None], -torch.inf), -1).to(states.dtype)
        return torch.bmm(weights, states), weights
