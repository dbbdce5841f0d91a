"""The processes beside rank 0 that share a training: they compute what it hands out, and decide nothing."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import Any

import torch

from seqcli.errors import LostError, SeqcliError
from seqcli.settings import from_dict
from seqcli.tasks import ARCHITECTURES, TASKS, resolved
from seqcli.training.carried import Carried
from seqcli.training.distributed import Group
from seqcli.training.messages import named
from seqcli.training.stop import SIGNALS
from seqcli.training.updates import Updates, Work
from seqcli.version import __version__

POLL = 0.05  # seconds between two looks for a training to take part in


def serve() -> int:
    """Take part in the trainings of rank 0 until no more follow; return the exit code."""
    heard = _Signals()
    group = Group()
    try:
        for number in range(sys.maxsize):
            while not group.store.check([f"training/{number}"]):
                if group.store.check(["over"]):
                    return 0
                time.sleep(POLL)
            group.join(number, lambda signal_number: None)  # rank 0 decides what a signal means
            heard.group = group
            try:
                if (version := group.store.get(f"training/{number}").decode()) != __version__:
                    own = f"rank {group.rank} {__version__}"
                    raise SeqcliError(f"Rank 0 runs seqcli {version}, {own}; install the same.")
                head, batch = group.receive(0)
                resolved(TASKS[ARCHITECTURES[head["key"]].task].takes_part)(group, head, batch)
            finally:
                heard.group = None
                group.leave()
    except LostError as error:
        group.say(error)
    except RuntimeError:  # the store is gone, and rank 0 with it
        pass
    return 1


def take_part(group: Group, head: dict[str, Any], batch: Any) -> None:
    """Compute this process's share of every update of one training, which rank 0 began by this message."""
    updates, carried = _begun(group, head, batch)
    model = updates.model
    while (received := group.receive(0))[0]["do"] != "end":
        head, batch = received
        if head["do"] == "carried":
            parts = carried.parts()
            names = [[number, list(arrays)] for number, arrays in parts.items()]
            group.send(0, {"parts": names}, tuple(tuple(arrays.values()) for arrays in parts.values()))
            continue
        torch.set_num_threads(head["threads"])
        model.done = lambda done=head["done"]: done
        works = [
            Work(batches, head["first"] and not place, numbers, head["count"], rows, targets)
            for place, (numbers, rows, (targets, batches)) in enumerate(
                zip(head["numbers"], head["rows"], batch, strict=True)
            )
        ]
        _, states = updates.gradient(works, carried.of(works[0]), head["number"])
        if head["rate"] is not None:
            updates.clipped()
            updates.step(head["rate"], head["behind"])
            carried.keep(works[-1], states)


def _begun(group: Group, head: dict[str, Any], batch: Any) -> tuple[Updates, Carried]:
    """Return weights and carried state as rank 0 sent them."""
    kind, arrays = ARCHITECTURES[head["key"]], named(head["names"], batch)
    run: Any = from_dict(kind.run, head["run"], "a message")
    model = resolved(kind.model)(from_dict(kind.spec, head["spec"], "a message"), *head["sizes"])
    for name, buffer in model.named_buffers():
        buffer.copy_(torch.from_numpy(arrays[f"buffers.{name}"]))
    updates = Updates(model, run)
    updates.take_up(arrays, head["updated"])
    group.share(updates)
    return updates, Carried(arrays)


class _Signals:
    """Hears Ctrl-C and its kin at once, even while this process waits for another, and lets rank 0 decide.

    Before there is a training nothing is to be saved, and the process ends.
    """

    def __init__(self) -> None:
        self.group: Group | None = None
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # threads that are begun from now on do not hear them either
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self) -> None:
        while True:
            number = signal.sigwait(SIGNALS)
            pulse = self.group.pulse if self.group is not None else None
            if pulse is None:
                os._exit(128 + number)
            pulse.signal = number
