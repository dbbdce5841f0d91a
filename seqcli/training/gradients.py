"""Gradients of several processes made one, in buckets that travel while the backward pass still runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

BUCKET = 1 << 20  # numbers summed at a time: 4 MB, large enough that a network is busy with bytes, not with asking


class Buckets:
    """The parameters of a model in buckets, from the last to the first: about as their gradients come.

    begin: begins to sum a tensor over all processes; its result is waited for. Every process sums the same buckets in
    the same order, whichever gradient comes first.
    """

    def __init__(self, parameters: Sequence[torch.Tensor], begin: Callable[[torch.Tensor], Any]) -> None:
        self._begin, self._buckets = begin, _buckets(parameters)
        self._place = {id(p): i for i, bucket in enumerate(self._buckets) for p in bucket}
        self._sending, self._missing = False, list[int]()  # gradients that each bucket waits for
        self._sent: list[tuple[list[torch.Tensor], torch.Tensor, Any]] = []
        self._hooks: list[Any] = [p.register_post_accumulate_grad_hook(self._arrived) for p in parameters]  # type: ignore[no-untyped-call]

    def backward(self, objective: torch.Tensor, last: bool) -> None:
        """Add to the gradients; with the last, begin to sum them as they come."""
        self._sending, self._sent = last, []
        self._missing = [sum(p.requires_grad for p in bucket) for bucket in self._buckets]
        torch.autograd.backward(objective)
        while last and len(self._sent) < len(self._buckets):  # one that the objective does not depend on here is zero
            self._send()

    def divide(self, by: float) -> None:
        """Wait for the sums, and let each parameter have its own, divided."""
        for parameters, flat, work in self._sent:
            work.wait()
            flat.div_(by)
            for p, part in zip(parameters, torch.split(flat, [p.numel() for p in parameters]), strict=True):
                p.grad = part.view_as(p)
        self._sent = []

    def remove(self) -> None:
        """Hear of no gradient any more."""
        for hook in self._hooks:
            hook.remove()

    def _arrived(self, parameter: torch.Tensor) -> None:
        self._missing[self._place[id(parameter)]] -= 1
        while self._sending and len(self._sent) < len(self._buckets) and self._missing[len(self._sent)] <= 0:
            self._send()

    def _send(self) -> None:
        parameters = [p for p in self._buckets[len(self._sent)] if p.requires_grad]  # others learn nothing just now
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients] or [torch.zeros(1)])
        self._sent.append((parameters, flat, self._begin(flat)))


def _buckets(parameters: Sequence[torch.Tensor]) -> list[list[torch.Tensor]]:
    found: list[list[torch.Tensor]] = [[]]
    size = 0
    for p in reversed(parameters):
        if size and size + p.numel() > BUCKET:
            found.append([])
            size = 0
        found[-1].append(p)
        size += p.numel()
    return found
