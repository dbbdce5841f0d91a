"""Gradients of several processes made one, in buckets that travel while the backward pass still runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import torch

BUCKET = 1 << 20  # numbers summed at a time: 4 MB, large enough that a network is busy with bytes, not with asking


class Buckets:
    """The parameters of a model in buckets, from the last to the first: about as their gradients come.

    tables: those of them with a row for each token. Most of their rows have no gradient in an update: where fewer than
    half have one in any process, only those are summed. begin, agree: begin to sum a tensor, and to find the highest,
    over all processes; the result is waited for. Every process sums the same buckets in the same order, whichever
    gradient comes first.
    """

    def __init__(
        self,
        parameters: Sequence[torch.Tensor],
        tables: Sequence[torch.Tensor],
        begin: Callable[[torch.Tensor], Any],
        agree: Callable[[torch.Tensor], Any],
    ) -> None:
        self._begin, self._agree = begin, agree
        self._tables = frozenset(map(id, tables))
        self._buckets = _buckets(parameters, self._tables)
        self._place = {id(p): i for i, bucket in enumerate(self._buckets) for p in bucket}
        self._sending, self._missing = False, list[int]()  # gradients that each bucket waits for
        self._sent: list[tuple[list[torch.Tensor], torch.Tensor, Any]] = []
        self._asked: list[tuple[torch.Tensor, torch.Tensor, Any]] = []  # tables, which of their rows have a gradient
        self._hooks: list[Any] = [p.register_post_accumulate_grad_hook(self._arrived) for p in parameters]  # type: ignore[no-untyped-call]

    def backward(self, objective: torch.Tensor, last: bool) -> None:
        """Add to the gradients; with the last, begin to sum them as they come."""
        self._sending, self._sent, self._asked = last, [], []
        self._missing = [sum(p.requires_grad for p in bucket) for bucket in self._buckets]
        torch.autograd.backward(objective)
        self._sending = False  # the process may compute gradients that are no others' concern
        while last and self._next < len(self._buckets):  # one that the objective does not depend on here is zero
            self._send()

    def divide(self, by: float) -> None:
        """Wait for the sums, and let each parameter have its own, divided."""
        rows = [self._rows(*asked) for asked in self._asked]
        for parameters, flat, work in self._sent:
            work.wait()
            flat.div_(by)
            if not parameters:
                continue
            for p, part in zip(parameters, torch.split(flat, [p.numel() for p in parameters]), strict=True):
                p.grad = part.view_as(p)
        for table, some, sums, work in rows:
            work.wait()
            assert table.grad is not None
            table.grad[some] = sums.div_(by)
        self._sent, self._asked = [], []

    def remove(self) -> None:
        """Hear of no gradient any more."""
        for hook in self._hooks:
            hook.remove()

    @property
    def _next(self) -> int:
        """The bucket that is to be sent next."""
        return len(self._sent) + len(self._asked)

    def _arrived(self, parameter: torch.Tensor) -> None:
        self._missing[self._place[id(parameter)]] -= 1
        while self._sending and self._next < len(self._buckets) and self._missing[self._next] <= 0:
            self._send()

    def _send(self) -> None:
        parameters = [p for p in self._buckets[self._next] if p.requires_grad]  # others learn nothing just now
        if parameters and id(parameters[0]) in self._tables:
            table = parameters[0]
            table.grad = torch.zeros_like(table) if table.grad is None else table.grad
            used = table.grad.ne(0).any(1).to(torch.uint8)
            self._asked.append((table, used, self._agree(used)))
            return
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients] or [torch.zeros(1)])
        self._sent.append((parameters, flat, self._begin(flat)))

    def _rows(
        self, table: torch.Tensor, used: torch.Tensor, work: Any
    ) -> tuple[torch.Tensor, torch.Tensor | slice, torch.Tensor, Any]:
        """Begin to sum the rows of a table that have a gradient in some process; return which, and those.

        Every update decides anew: what went before is not known to a training that goes on.
        """
        work.wait()
        rows = used.nonzero()[:, 0]
        some = rows if 2 * len(rows) < len(used) else slice(None)
        assert table.grad is not None
        sums = table.grad[some]
        return table, some, sums, self._begin(sums)


def _buckets(parameters: Sequence[torch.Tensor], alone: Collection[int]) -> list[list[torch.Tensor]]:
    """Return parameters in buckets. alone: those, by identity, that have a bucket for themselves."""
    found: list[list[torch.Tensor]] = [[]]
    size = 0
    for p in reversed(parameters):
        if size and (size + p.numel() > BUCKET or id(p) in alone or id(found[-1][-1]) in alone):
            found.append([])
            size = 0
        found[-1].append(p)
        size += p.numel()
    return found
