"""What training leaves out by chance: activations, weights, tokens."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from seqcli.layers.part import drawn_by_row, own_chance


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
        kept = drawn_by_row(torch.rand, (1, *x.shape[1:]), 1, x.device) >= self.share
        return x * kept.to(x.dtype).div_(1.0 - self.share)

    def of_each(self, x: torch.Tensor) -> torch.Tensor:
        """Drop of each of x [N, D] numbers of its own: they are of no row of a batch more than of another."""
        if not self.training or self.share == 0.0:
            return x
        kept = torch.rand(x.shape, generator=own_chance()).to(x.device) >= self.share
        return x * kept.to(x.dtype).div_(1.0 - self.share)


def kept(size: tuple[int, ...], share: float, device: torch.device) -> torch.Tensor:
    """Return a mask of a dropout: 0 for about a share of the places, else 1 / (1 - share).

    Drawn byte by byte, so the share is a multiple of 1/256: a matrix of weights has a million places, and torch's own
    dropout takes a fifth of an update to draw them.
    """
    seed = int(torch.randint(2**62, ()))
    drawn = np.random.Generator(np.random.SFC64(seed)).integers(0, 256, size, np.uint8)
    least = round(share * 256)
    return torch.from_numpy(drawn >= least).to(device).float().mul_(256 / (256 - least))


def embed(embedding: nn.Embedding, ids: torch.Tensor, share: float) -> torch.Tensor:
    """Return the embeddings of ids [...] -> [..., E]; a share of the vocabulary is read as nothing.

    Source: Gal and Ghahramani 2016, section 4.3; Merity et al. 2018, section 4.3.
    """
    x: torch.Tensor = embedding(ids)
    return x * kept((len(embedding.weight), 1), share, x.device)[ids] if share and embedding.training else x
