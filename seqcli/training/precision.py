"""Which numbers products are computed in: bfloat16 where this machine is quicker with it."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seqcli.training.device import device_of, told
from seqcli.training.settings import RunSpec

if TYPE_CHECKING:
    import torch

    from seqcli.session import Session

QUICKER = 0.8  # of the time of float32: below it what bfloat16 rounds off is worth it
STEPS, ROWS, READ, SIZE = 32, 32, 256, 384  # of the layer that is tried
TURNS = 3


def with_precision(session: Session, run: Any) -> Any:
    """Return the settings of a new run: where none are given, in bfloat16 on a GPU, and on a CPU if that is quicker.

    It is tried where minutes alone end the training, which goes by this machine's speed anyway; what epochs may end is
    the same on the CPU of any machine, to float rounding.
    """
    if not isinstance(run, RunSpec):
        return run
    device = device_of(run.device)
    if device.type != "cpu":
        session.note(f"Device: {told(device)}.")
        return replace(run, precision=run.precision or "bfloat16")
    if run.precision is not None or run.minutes is None or run.epochs is not None:
        return run
    share = seconds_of("bfloat16") / seconds_of("float32")
    if share > QUICKER:
        return run
    session.note(f"Precision: bfloat16, in {share:.0%} of the time of float32 here (--precision chooses).")
    return replace(run, precision="bfloat16")


def computed_in(precision: str | None, device: torch.device) -> AbstractContextManager[Any]:
    """Let the products of a block be computed in bfloat16, or in float32, as they are by default."""
    import torch

    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")


def seconds_of(precision: str) -> float:
    """Return the least seconds that a recurrent layer takes, forth and back, on one thread."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        layer, x = torch.nn.LSTM(READ, SIZE), torch.randn(STEPS, ROWS, READ)
    taken = []
    for _ in range(1 + TURNS):
        began = time.perf_counter()
        with computed_in(precision, x.device):
            y, _ = layer(x)
        y.float().sum().backward()
        taken.append(time.perf_counter() - began)
    torch.set_num_threads(threads)
    return min(taken[1:])
