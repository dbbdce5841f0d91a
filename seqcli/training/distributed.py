"""The processes that share a training, which torchrun starts: rank 0 decides, all compute.

Rank 0 (training/leader.py) alone reads the command line, the text and the shelf, looks at a clock, evaluates, says and
saves. Every update it hands each process a share of the batch, with all that it decided: learning rate, threads, share
of the training done. Their gradients are summed while the backward pass runs, and each makes the same update of the
same weights. So nobody has to agree on anything, no share ends before another, and a text is on one machine only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous

from seqcli import launch
from seqcli.errors import LostError
from seqcli.layers.part import Part
from seqcli.training.gradients import Buckets
from seqcli.training.loss import Loss
from seqcli.training.messages import packed, unpacked
from seqcli.training.pulse import Pulse
from seqcli.training.updates import Updates, each_tensor

WAIT = timedelta(days=1)  # for another process: a text may take hours to read; who is lost, the pulse tells


class Group:
    """The processes of a launch, as one of them sees them. Raises LostError where another no longer answers."""

    def __init__(self, wait: timedelta = WAIT) -> None:
        """wait: for where the processes meet."""
        self.rank, self.count = launch.rank(), launch.processes()
        store = next(iter(rendezvous("env://", timeout=wait)))[0]
        self.store = PrefixStore(f"seqcli/{launch.attempt()}", store)
        self.pulse: Pulse | None = None
        self._updates: Updates | None = None  # whose gradients are summed, ...
        self._buckets: Buckets | None = None  # ... by these

    def join(self, number: int, told: Callable[[int], object]) -> None:
        """Begin to share the training of a number, which all processes join; told: hears of signals."""
        if not dist.is_initialized():
            where = PrefixStore("gloo", self.store)
            dist.init_process_group("gloo", store=where, rank=self.rank, world_size=self.count, timeout=WAIT)
        self.pulse = Pulse(PrefixStore(f"pulse/{number}", self.store), self.rank, self.count, self._end, told)

    def leave(self) -> None:
        """Share it no more."""
        if self.pulse is not None:
            self.pulse.end()
        if self._buckets is not None:
            self._buckets.remove()
        if self._updates is not None:
            self._updates.sharing = None
        self.pulse = self._buckets = self._updates = None

    # -- an update ------------------------------------------------------------------------------------------------

    def share(self, updates: Updates) -> None:
        """Sum the gradients of these weights over all processes from now on."""
        updates.sharing, self._updates = self, updates
        self._buckets = Buckets(updates.parameters, lambda flat: dist.all_reduce(flat, async_op=True))

    def part(self, rows: int, seed: int) -> Part:
        """Return which part of a batch of so many rows is this process's."""
        own = torch.Generator().manual_seed(seed * self.count + self.rank)
        return Part(self.rank, self.count, rows, self._total, own)

    def backward(self, loss: Loss, part: Part) -> Loss:
        """Let every parameter have the gradient of the whole batch; return the loss of the whole batch.

        Objectives are means over predicted tokens: each counts as often as it has tokens.
        """
        assert self._buckets is not None
        tokens = loss.tokens if part.counts else 0
        names, own = sorted(loss.parts), [float(tokens), 0.0, *[0.0] * len(loss.parts)]
        if part.counts:
            own[1:] = [float(loss.nats), *(loss.parts[name] for name in names)]
        sums = torch.tensor(own, dtype=torch.float64)
        with self._connected():
            work = dist.all_reduce(sums, async_op=True)
            self._buckets.backward(loss.objective * float(tokens))
            work.wait()
            count, nats, *others = sums.tolist()
            self._buckets.divide(max(count, 1.0))
        whole = torch.tensor(nats, dtype=torch.float64)
        return Loss(loss.objective, whole, int(count), dict(zip(names, others, strict=True)))

    def _total(self, x: torch.Tensor) -> torch.Tensor:
        with self._connected():
            dist.all_reduce(x)
        return x

    # -- messages -------------------------------------------------------------------------------------------------

    def send(self, rank: int, head: Mapping[str, Any], batch: Any = ()) -> None:
        """Send a process what is to be done, and arrays in tuples."""
        message = torch.frombuffer(bytearray(packed(head, batch)), dtype=torch.uint8)
        with self._connected():
            dist.send(torch.tensor([len(message)]), rank)
            dist.send(message, rank)

    def receive(self, rank: int) -> tuple[dict[str, Any], Any]:
        """Return what a process sent."""
        size = torch.zeros(1, dtype=torch.int64)
        with self._connected():
            dist.recv(size, rank)
            message = torch.empty(int(size), dtype=torch.uint8)
            dist.recv(message, rank)
        return unpacked(message.numpy().tobytes())

    # -- who is lost ----------------------------------------------------------------------------------------------

    @contextmanager
    def _connected(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:  # what gloo raises where a connection was closed
            lost = self.pulse.asked() if self.pulse is not None else set()
            raise LostError(lost, self.count) from error

    def _end(self, lost: set[int]) -> None:
        """End at once: the process may wait for one that is lost, and nothing else would wake it."""
        try:
            self.say(LostError(lost, self.count))
        finally:
            os._exit(1)  # even where nobody reads what is said any more

    def say(self, error: LostError) -> None:
        """Say who is lost, once: the first of those that are left does."""
        if self.rank == min(set(range(self.count)) - error.ranks, default=self.rank):
            print(f"Error: {error}", file=sys.stderr, flush=True)


def own_rows(carried: Any, rank: int, count: int) -> Any:
    """Return a process's rows of a carried state; where it has none, those that it borrows."""

    def taken(s: torch.Tensor) -> torch.Tensor:
        return s[:, (rank if rank < s.shape[1] else 0) :: count].clone()

    return each_tensor(carried, taken)


def named(head: dict[str, Any], arrays: Any) -> dict[str, Any]:
    """Return the arrays of a message by the names that stand in its head."""
    return dict(zip(head["names"], arrays, strict=True))
