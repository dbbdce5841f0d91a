"""Stacks of recurrent layers with carried state."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.func import functional_call

from seqcli.layers.dropout import LockedDropout, kept

State = list[Any]  # a layer: h [1, B, H], or (h, c) for an LSTM; behind them the past, where there is attention


class Recurrent(nn.Module):
    """Elman, GRU or LSTM layers, one after the other, dropout between them and on their recurrent weights.

    x [T, B, E], state of the step before (None: zeros) -> y [T, B, H], state. A whole layer is one call, which for an
    LSTM is oneDNN's: several times as fast as a loop over the steps. Dropping weights, one mask for all steps, keeps it
    so, which dropping parts of the state would not. Source: Merity et al. 2018, section 2 (DropConnect).
    """

    def __init__(
        self,
        architecture: str,
        activation: str,
        input_size: int,
        hidden_size: int,
        layers: int,
        dropout: float,
        weight_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        sizes = [input_size, *[hidden_size] * (layers - 1)]
        self.layers = nn.ModuleList(_layer(architecture, activation, size, hidden_size) for size in sizes)
        self.drop = LockedDropout(dropout)
        self.weight_dropout = weight_dropout

    def forward(self, x: torch.Tensor, state: State | None = None) -> tuple[torch.Tensor, State]:
        after: State = []
        for i, layer in enumerate(self.layers):
            weights = {}
            if self.training and self.weight_dropout:
                weight = layer.get_parameter("weight_hh_l0")
                weights["weight_hh_l0"] = weight * kept(tuple(weight.shape), self.weight_dropout, weight.device)
            x, carried = functional_call(layer, weights, (self.drop(x) if i else x, state[i] if state else None))
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
