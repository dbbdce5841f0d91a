"""Matrix products in float32 by oneDNN, which takes the widest vectors that a processor has, whoever made it.

torch asks MKL for them, which on processors of another make than Intel's computes with half of their width: an AMD EPYC
with AVX-512 multiplies at 105 billion operations a second and core by MKL, at 230 by oneDNN.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

_WHOLE = hasattr(torch.ops.mkldnn, "_linear_pointwise")


def linear(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """x [N, D], weight [K, D], bias [K] -> x weight' + bias [N, K]; not to be differentiated."""
    if not _WHOLE or x.dtype != torch.float32 or weight.dtype != torch.float32 or torch.is_autocast_enabled("cpu"):
        return F.linear(x, weight, bias)
    found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x.contiguous(), weight, bias, "none", [], "")
    return found


class Linear(nn.Linear):
    """A fully connected layer whose products, forth and back, are oneDNN's. x [N, K] -> [N, M]."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if torch.is_autocast_enabled("cpu"):
            return super().forward(x)
        found: torch.Tensor = _Linear.apply(x, self.weight, self.bias)  # type: ignore[no-untyped-call]
        return found


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        return linear(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        (x, weight), gradient = ctx.saved_tensors, gradients[0]
        return linear(gradient, weight.t()), linear(gradient.t(), x.t()), gradient.sum(0)
