"""A model fitted to the time that its training has."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from seqcli import launch
from seqcli.threads import processors, try_threads
from seqcli.training.device import device_of, tensors
from seqcli.training.precision import computed_in

if TYPE_CHECKING:
    from seqcli.training.loss import Model
    from seqcli.training.settings import RunSpec


def update_seconds(model: Model, batches: Iterable[Any], run: RunSpec) -> list[float]:
    """Return what each batch but the first takes, forth and back, in the run's threads, or as many as are quickest.

    It is measured in this process; where several share a batch, it takes so many times less.
    """
    import torch

    device = device_of(run.device)
    model.to(device)

    def update(batch: Any) -> None:
        with computed_in(run.precision, device):
            loss, _ = model.loss(tensors(batch, device))
        torch.autograd.backward(loss.objective)
        float(loss.nats)  # a GPU is asked and waited for

    torch.set_num_threads(run.threads or 1)
    seconds: list[float] = []
    for batch in batches:
        if run.threads is None and not seconds and device.type == "cpu":
            try_threads(lambda first=batch: update(first), processors())  # type: ignore[misc]
        began = time.perf_counter()
        update(batch)
        seconds.append(time.perf_counter() - began)
    return [taken / launch.processes() for taken in seconds[1:] or seconds]


def dropped(passes: float) -> dict[str, float]:
    """Return what to drop while training so that a text read so many times is learned, not learned by heart."""
    share = min(max(0.085 * math.log2(max(passes, 1.0)) - 0.02, 0.0), 0.5)  # .15 at 4 passes, .3 at 14, .4 at 30
    shares = {"dropout": share, "weight_dropout": 0.8 * share, "embedding_dropout": 0.25 * share}
    return {name: round(value, 2) for name, value in shares.items()}
