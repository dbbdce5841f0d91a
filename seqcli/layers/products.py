"""Matrix products in float32 by oneDNN, which takes the widest vectors that a processor has, whoever made it.

torch asks MKL for them, which on processors of another make than Intel's computes with half of their width: an AMD EPYC
with AVX-512 multiplies at 105 billion operations a second and core by MKL, at 230 by oneDNN.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

_WHOLE = hasattr(torch.ops.mkldnn, "_linear_pointwise")


def linear(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """x [N, D], weight [K, D], bias [K] -> x weight' + bias [N, K]; not to be differentiated."""
    if not _WHOLE or x.dtype != torch.float32 or weight.dtype != torch.float32 or torch.is_autocast_enabled("cpu"):
        return F.linear(x, weight, bias)
    found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x.contiguous(), weight, bias, "none", [], "")
    return found
