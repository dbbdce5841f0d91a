"""The part of a batch that this process computes, where several compute an update together; alone it is the whole.

An update is to be that of one process, whatever the number of them. What chance decides for each row of a batch is
drawn by all processes for the whole of it, and each takes its own rows. What depends on the whole batch is told (which
tokens occur in it) or summed over the parts (the mean of a KL).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import torch


@dataclass(frozen=True)
class Part:
    """Of a batch of `rows` rows every `count`-th, from the `number`-th on.

    Of a batch with fewer rows than there are parts, a part that has none borrows the first; it counts for nothing.
    targets: the tokens that the whole batch predicts. total: sums a tensor over the parts that others compute at the
    same time, in place. own: random numbers of this part alone.
    """

    number: int
    count: int
    rows: int
    targets: torch.Tensor
    total: Callable[[torch.Tensor], torch.Tensor]
    own: torch.Generator

    @property
    def counts(self) -> bool:
        """Whether there are rows of its own in this part."""
        return self.number < self.rows

    @property
    def places(self) -> slice:
        """Where its rows stand in the whole batch."""
        return slice(self.number if self.counts else 0, None, self.count)


_part: Part | None = None


@contextmanager
def computing(part: Part | None) -> Iterator[None]:
    """Let what is computed in a block be of a part of a batch."""
    global _part
    before, _part = _part, part
    try:
        yield
    finally:
        _part = before


def drawn_by_row(
    draw: Callable[..., torch.Tensor], shape: Sequence[int], rows: int, device: torch.device
) -> torch.Tensor:
    """Return what draw(*shape) draws for the rows of a part, on a device; rows: which number counts them.

    Chance is the CPU's wherever the model computes, so that it decides the same on any device.
    """
    if _part is None:
        return draw(*shape).to(device)
    whole = draw(*shape[:rows], _part.rows, *shape[rows + 1 :])
    return whole[(slice(None),) * rows + (_part.places,)].to(device)


def own_chance() -> torch.Generator | None:
    """Return the random numbers of what is not drawn by rows; None: the usual ones."""
    return None if _part is None else _part.own


class Occurring(NamedTuple):
    """The tokens that occur in a batch or were drawn beside it [K], where the targets stand in them, and their number.

    places [N]: of the part's own targets. targets: how many the whole batch has.
    """

    chosen: torch.Tensor
    places: torch.Tensor
    targets: int


def occurring(targets: torch.Tensor, drawn: torch.Tensor) -> Occurring:
    """Return the different tokens among the targets [N] of the whole batch and those drawn [S], by all parts alike."""
    if _part is None:
        chosen, places = torch.unique(torch.cat([targets, drawn]), return_inverse=True)
        return Occurring(chosen, places[: len(targets)], len(targets))
    chosen = torch.unique(torch.cat([_part.targets, drawn]))
    return Occurring(chosen, torch.searchsorted(chosen, targets), len(_part.targets))


def batch_mean(x: torch.Tensor) -> torch.Tensor:
    """Return the mean row of all that is computed at a time, x [B, D] -> [D]; its gradient is that of its own rows."""
    own = x.mean(0)
    if _part is None:
        return own
    sums = torch.cat([x.detach().double().sum(0), x.new_tensor([len(x)], dtype=torch.float64)]) * float(_part.counts)
    sums = _part.total(sums)
    return own + ((sums[:-1] / sums[-1]).to(own.dtype) - own.detach())
