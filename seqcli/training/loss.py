"""What the loop asks of a model: one method, `loss`. This is the whole contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import torch


class Loss(NamedTuple):
    """What one batch cost.

    objective: scalar to differentiate. nats: their sum over the predicted tokens, float64, of the distribution that
    `loss` used (all tokens in evaluation, the sampled ones in training). parts: named extras, already summed.
    """

    objective: torch.Tensor
    nats: torch.Tensor
    tokens: int
    parts: dict[str, float] = {}  # noqa: RUF012  (never written to)


class Model(Protocol):
    """What the trainer needs of a model; every nn.Module with a `loss` fits."""

    def loss(self, batch: Any, state: Any = None, step: int = 0) -> tuple[Loss, Any]:
        """Return the cost of a batch and the state to carry to the next; step serves annealing."""
        ...

    def train(self, mode: bool = True) -> Any:
        """Turn dropout and sampling on or off."""
        ...

    def to(self, device: torch.device) -> Any:
        """Compute on a device from now on."""
        ...

    def named_parameters(self) -> Any:
        """Yield (name, parameter)."""
        ...
