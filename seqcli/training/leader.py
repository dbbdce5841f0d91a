"""Rank 0 of the processes that share a training: it hands out what they compute, and tells them when all is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import torch

from seqcli.errors import LostError
from seqcli.settings import to_dict
from seqcli.tasks import ARCHITECTURES, TASKS, resolved
from seqcli.training.distributed import Group
from seqcli.training.messages import named
from seqcli.training.updates import Work
from seqcli.version import __version__

if TYPE_CHECKING:
    from seqcli.training.carried import Arrays
    from seqcli.training.loop import Training
    from seqcli.training.progress import Progress
    from seqcli.training.shares import Shares
    from seqcli.training.stop import Stop

END = {"do": "end"}  # of a training, which all others are told
SOON = timedelta(seconds=10)  # in which a process that has nothing to hand out finds the others, or leaves them alone

_group: Group | None = None
_shared = 0  # trainings so far


@contextmanager
def sharing(training: Any, key: str, sizes: tuple[int, ...], stop: Stop) -> Iterator[None]:
    """Let all processes of the launch share a training until the block ends; key: of its architecture in the table.

    sizes: what the model is made with beside its settings. stop: hears of a signal that another process got.
    """
    global _group, _shared
    group = _group = _group or Group()
    group.store.set(f"training/{_shared}", __version__)
    group.join(_shared, stop.hear)
    _shared += 1
    try:
        leads = resolved(TASKS[ARCHITECTURES[key].task].leads)
        training.processes = leads(group, training, key, sizes)
        try:
            yield
        except LostError:
            raise
        except BaseException:
            group.tell_all(END)
            raise
        group.tell_all(END)
    finally:
        training.processes = None
        group.leave()


def dismiss() -> None:
    """Tell the other processes of the launch that no training follows, where they can still be told."""
    with suppress(RuntimeError):
        (_group or Group(SOON)).store.set("over", "")


class Leader:
    """The processes that share a training, as rank 0 sees them."""

    def __init__(self, group: Group, training: Training, key: str, sizes: tuple[int, ...]) -> None:
        self._group, self.count = group, group.count
        self._others = range(1, group.count)
        p, updates = training.progress, training.updates
        buffers = {f"buffers.{name}": b.numpy() for name, b in training.model.named_buffers()}
        arrays = {**training.state(), **buffers}
        head = {
            **{"key": key, "sizes": sizes, "spec": to_dict(training.model.spec), "run": to_dict(training.run)},
            **{"names": list(arrays), "updated": p.update > p.begun_update},
        }
        group.tell_all(head, tuple(arrays.values()))
        group.share(updates)

    def hand_out(
        self, batches: Sequence[Shares], first: bool, count: int, progress: Progress, rate: float | None
    ) -> None:
        """Give every other process its work on the batches of an update, each in `count` shares."""
        head = {
            **{"do": "update", "number": progress.update, "count": count, "first": first},
            **{"rate": rate, "behind": progress.update - progress.begun_update, "done": progress.done},
            **{"threads": torch.get_num_threads(), "rows": [shares.rows for shares in batches]},
        }
        for rank in self._others:
            works = Work.of(batches, first, rank, self.count, count)
            numbers = [list(work.numbers) for work in works]
            parts = tuple((work.targets, tuple(work.batches)) for work in works)
            self._group.send(rank, {**head, "numbers": numbers}, parts)

    def parts(self) -> dict[int, Arrays]:
        """Return the states that the others carry, as arrays, by the number of the part."""
        self._group.tell_all({"do": "carried"})
        found: dict[int, Arrays] = {}
        for rank in self._others:
            head, arrays = self._group.receive(rank)
            found |= {number: named(names, part) for (number, names), part in zip(head["parts"], arrays, strict=True)}
        return found
