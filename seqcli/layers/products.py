"""Matrix products by oneDNN on a CPU, which takes the widest vectors that a processor has, whoever made it.

torch asks MKL for them, which on processors of another make than Intel's computes with half of their width: an AMD EPYC
with AVX-512 multiplies at 105 billion operations a second and core by MKL, at 230 by oneDNN.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

_WHOLE = hasattr(torch.ops.mkldnn, "_linear_pointwise")


def rounded(rows: int) -> int:
    """Return so many rows or a few more, of numbers that are met again.

    oneDNN writes a kernel for each number of rows, for as long as a product of some hundred takes, and keeps 1,024.
    """
    step = 8 if rows <= 64 else 32 if rows <= 256 else 128 if rows <= 1024 else 256
    return -(-rows // step) * step


def linear(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """x [N, D], weight [K, D], bias [K] -> x weight' + bias [N, K]; not to be differentiated.

    Of weights in bfloat16 the product is rounded to it, and float32 again.
    """
    if weight.dtype == torch.bfloat16:
        found = _whole(x.bfloat16(), weight).float()
        return found if bias is None else found.add_(bias)
    if weight.dtype == torch.float32:
        return _whole(x.float(), weight, bias)
    return F.linear(x, weight, bias)


def _whole(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    if not _WHOLE or x.device.type != "cpu":
        return F.linear(x, weight, bias)
    found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x.contiguous(), weight, bias, "none", [], "")
    return found


def rough(weight: torch.Tensor) -> torch.Tensor:
    """Return weights in the numbers that products are to be computed in here: as they are, or in bfloat16."""
    return (
        weight.bfloat16() if torch.is_autocast_enabled(weight.device.type) and weight.dtype == torch.float32 else weight
    )


def product(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """x [N, D], weight [K, D], bias [K] -> x weight' + bias [N, K], to be differentiated: oneDNN's, forth and back."""
    found: torch.Tensor = _Product.apply(x, weight, bias)  # type: ignore[no-untyped-call]
    return found


class Linear(nn.Linear):
    """A fully connected layer whose products are `product`. x [..., D] -> [..., K]."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return product(x.flatten(0, -2), self.weight, self.bias).view(*x.shape[:-1], -1)


class _Product(torch.autograd.Function):
    """Rows of zeros make their number one that was met before: x [N, D] -> [N, K]."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        ctx.kind, rows, weight = x.dtype, len(x), rough(weight)
        x = padded(x).to(weight.dtype)
        ctx.save_for_backward(x, weight)
        return linear(x, weight, bias)[:rows]

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (x, weight), wanted = ctx.saved_tensors, ctx.needs_input_grad
        gradient, rows = padded(gradients[0]).to(weight.dtype), len(gradients[0])
        return (
            linear(gradient, weight.t())[:rows].to(ctx.kind) if wanted[0] else None,
            linear(gradient.t(), x.t()) if wanted[1] else None,
            gradients[0].sum(0) if wanted[2] else None,
        )


def padded(x: torch.Tensor) -> torch.Tensor:
    """x [N, D] -> [rounded(N), D], zeros behind it."""
    missing = rounded(len(x)) - len(x)
    return F.pad(x, (0, 0, 0, missing)) if missing else x
