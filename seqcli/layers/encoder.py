"""An encoder: recurrent layers that read texts from both ends."""

from __future__ import annotations

import torch
from torch import nn

from seqcli.layers.recurrent import Recurrent


class Encoder(nn.Module):
    """Reads texts from both ends.

    x [S, B, E], lengths [B] -> states [S, B, 2H]. Each direction has the padding behind its text: it changes nothing
    before it, and no sequence need be packed, which costs more than the padding.
    """

    def __init__(self, onward: Recurrent, returning: Recurrent) -> None:
        super().__init__()
        self.onward, self.returning = onward, returning

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        steps = torch.arange(len(x), device=x.device)[:, None]
        turned = torch.where(steps < lengths, lengths - 1 - steps, steps)  # [S, B]: the text from its end
        onward, _ = self.onward(x)
        back, _ = self.returning(_at(x, turned))
        return torch.cat([onward, _at(back, turned)], -1)


def _at(x: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Return x [S, B, D] with each column's steps taken from places [S, B]."""
    return x.gather(0, places[..., None].expand_as(x))
