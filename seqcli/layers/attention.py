"""Attention: how much a state looks at each state of a source, or of its own past."""

from __future__ import annotations

import torch
from torch import nn

from seqcli.layers.shapes import PAST_KEYS


class Attention(nn.Module):
    """Weighs the states of a source by their fit to each query.

    queries [B, T, Q], states [B, S, D], real [B, S] (False: padding) -> weights [B, T, S].
    Source: multiplicative: Luong et al. 2015, "general"; additive: Bahdanau et al. 2015, with a layer as wide as the
    query.
    """

    def __init__(self, kind: str, query_size: int, state_size: int) -> None:
        super().__init__()
        self.keys = nn.Linear(state_size, query_size, bias=False)
        self.query = nn.Linear(query_size, query_size) if kind == "additive" else None
        self.energy = nn.Linear(query_size, 1, bias=False) if kind == "additive" else None

    def forward(self, queries: torch.Tensor, states: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        keys = self.keys(states)
        if self.query is None or self.energy is None:
            scores = torch.bmm(queries, keys.transpose(1, 2))
        else:
            sums = self.query(queries)[:, :, None] + keys[:, None]  # [B, T, S, Q]
            scores = self.energy(torch.tanh(sums)).squeeze(-1)
        return torch.softmax(scores.float().masked_fill(~real[:, None], -torch.inf), -1).to(states.dtype)


class PastAttention(nn.Module):
    """Lets every state of a text look back at the `window` states before it, and adds what it saw to it.

    y [T, B, H], past (None: nothing was read) -> y [T, B, H], past. The past is the last `window` states [W, B, H] and
    which of them are real [W, B]. A state may look at nothing, whose score is 0. Source: the idea is that of Daniluk et
    al. 2017, with keys and queries of PAST_KEYS numbers and the states themselves for values.
    """

    def __init__(self, hidden_size: int, window: int) -> None:
        super().__init__()
        self.window = window
        self.query = nn.Linear(hidden_size, PAST_KEYS, bias=False)
        self.key = nn.Linear(hidden_size, PAST_KEYS, bias=False)
        self.output = nn.Linear(hidden_size, hidden_size, bias=False)
        nn.init.zeros_(self.output.weight)  # a model begins as it would be without

    def forward(
        self, y: torch.Tensor, past: tuple[torch.Tensor, torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        steps, batch, size = y.shape
        before, real = past if past else (y.new_zeros(self.window, batch, size), y.new_zeros(self.window, batch))
        states = torch.cat([before, y]).transpose(0, 1)  # [B, W + T, H]
        real = torch.cat([real, real.new_ones(steps, batch)])
        scores = torch.bmm(self.query(y).transpose(0, 1), self.key(states).transpose(1, 2)) * PAST_KEYS**-0.5
        places = torch.arange(self.window + steps, device=y.device)
        ahead = places - places[:steps, None]  # [T, W + T]: 0 to W - 1 is the window
        seen = ((ahead >= 0) & (ahead < self.window)) & (real.t()[:, None] > 0)
        scores = torch.cat([scores.float().masked_fill(~seen, -torch.inf), scores.new_zeros(batch, steps, 1)], -1)
        weights = torch.softmax(scores, -1)[..., :-1].to(y.dtype)
        context = torch.bmm(weights, states).transpose(0, 1)
        return y + self.output(context), (states.transpose(0, 1)[steps:], real[steps:])
