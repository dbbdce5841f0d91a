"""A network with the weights that a model stores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import torch

N = TypeVar("N", bound=torch.nn.Module)


def with_weights(network: N, arrays: Mapping[str, Any]) -> N:
    """Return a network whose parameters hold the arrays of their names, numpy's, of the same shapes."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(torch.tensor(arrays[name]))
    return network
