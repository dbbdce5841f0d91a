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

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous

from seqcli import launch
from seqcli.errors import LostError
from seqcli.training.gradients import Buckets
from seqcli.training.messages import packed, unpacked
from seqcli.training.pulse import Pulse
from seqcli.training.updates import Alone, Updates

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
            self._updates.sharing = Alone(self._updates.parameters)
        self.pulse = self._buckets = self._updates = None

    # -- an update ------------------------------------------------------------------------------------------------

    def share(self, updates: Updates) -> None:
        """Sum the gradients of these weights over all processes from now on."""
        updates.sharing, self._updates = self, updates
        sizes = {module.num_embeddings for module in updates.model.modules() if isinstance(module, torch.nn.Embedding)}
        tables = [p for p in updates.parameters if p.dim() == 2 and len(p) in sizes]

        def begin(tensor: torch.Tensor) -> Any:
            return dist.all_reduce(tensor, async_op=True)

        def agree(tensor: torch.Tensor) -> Any:
            return dist.all_reduce(tensor, dist.ReduceOp.MAX, async_op=True)

        self._buckets = Buckets(updates.parameters, tables, begin, agree)

    def total(self, x: torch.Tensor) -> torch.Tensor:
        """Sum a tensor over all processes, in place."""
        with self._connected():
            dist.all_reduce(x)
        return x

    def add_up(self, array: NDArray[np.float32]) -> None:
        """Sum an array over all processes, in place."""
        self.total(torch.from_numpy(array))

    def summed(self, values: list[float]) -> Callable[[], list[float]]:
        """Begin to sum numbers over all processes; return what waits for the sums."""
        sums = torch.tensor(values, dtype=torch.float64)
        with self._connected():
            work = dist.all_reduce(sums, async_op=True)

        def waited() -> list[float]:
            with self._connected():
                work.wait()
            found: list[float] = sums.tolist()
            return found

        return waited

    def backward(self, objective: torch.Tensor, last: bool) -> None:
        """Add to the gradients; with the last, begin to sum them over all processes."""
        assert self._buckets is not None
        with self._connected():
            self._buckets.backward(objective, last)

    def divide(self, by: float) -> None:
        """Let every parameter have the gradient of all processes, divided."""
        assert self._buckets is not None
        with self._connected():
            self._buckets.divide(by)

    # -- messages -------------------------------------------------------------------------------------------------

    def send(self, rank: int, head: Mapping[str, Any], batch: Any = ()) -> None:
        """Send a process what is to be done, and arrays in tuples."""
        message = torch.frombuffer(bytearray(packed(head, batch)), dtype=torch.uint8)
        with self._connected():
            dist.send(torch.tensor([len(message)]), rank)
            dist.send(message, rank)

    def tell_all(self, head: Mapping[str, Any], batch: Any = ()) -> None:
        """Send all other processes the same."""
        for rank in range(self.count):
            if rank != self.rank:
                self.send(rank, head, batch)

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
