"""Stacks of recurrent layers with carried state and locked dropout."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

State = list[Any]  # a layer: h [1, B, H], or (h, c) for an LSTM


class LockedDropout(nn.Module):
    """Dropout whose mask is drawn once for all steps of a batch, and so costs next to nothing to draw.

    x [T, B, D] -> [T, B, D]. Source: Gal and Ghahramani 2016; Merity et al. 2018, section 4.1.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.share == 0.0:
            return x
        kept = torch.rand(1, *x.shape[1:]) >= self.share
        return x * kept.to(x.dtype).div_(1.0 - self.share)


class Recurrent(nn.Module):
    """Elman, GRU or LSTM layers, one after the other, dropout between them.

    x [T, B, E], state of the step before (None: zeros) -> y [T, B, H], state. A whole layer is one call, which for an
    LSTM is oneDNN's: several times as fast as a loop over the steps.
    """

    def __init__(
        self, architecture: str, activation: str, input_size: int, hidden_size: int, layers: int, dropout: float
    ) -> None:
        super().__init__()
        sizes = [input_size, *[hidden_size] * (layers - 1)]
        self.layers = nn.ModuleList(_layer(architecture, activation, size, hidden_size) for size in sizes)
        self.drop = LockedDropout(dropout)

    def forward(self, x: torch.Tensor, state: State | None = None) -> tuple[torch.Tensor, State]:
        after: State = []
        for i, layer in enumerate(self.layers):
            x, carried = layer(self.drop(x) if i else x, state[i] if state else None)
            after.append(carried)
        return x, after


def _layer(architecture: str, activation: str, input_size: int, hidden_size: int) -> nn.Module:
    if architecture == "rnn":
        return nn.RNN(input_size, hidden_size, nonlinearity=activation)
    layers: dict[str, type[nn.Module]] = {"gru": nn.GRU, "lstm": nn.LSTM}
    return layers[architecture](input_size, hidden_size)


def detach(state: State) -> State:
    """Return the state cut off from its history (truncated BPTT), as float32 whatever the precision of the step."""
    return [
        tuple(s.detach().float() for s in layer) if isinstance(layer, tuple) else layer.detach().float()
        for layer in state
    ]
