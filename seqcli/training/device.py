"""Where a training computes: this machine's processors, or its GPU."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from seqcli import launch
from seqcli.errors import MisuseError, quoted

if TYPE_CHECKING:
    import torch

KINDS = ("cpu", "cuda")


def check_device(name: str | None) -> None:
    """Raise MisuseError for what names no device of this machine: one is auto, cpu, cuda or cuda:N."""
    kind, _, number = (name or "auto").partition(":")
    if kind not in ("auto", *KINDS) or (number and (kind != "cuda" or not number.isdecimal())):
        raise MisuseError(
            f"--device {quoted(str(name))} is none; give auto, cpu, cuda or cuda:N (the N-th GPU, from 0)."
        )
    if kind == "cuda":
        device_of(name)


def device_of(name: str | None) -> torch.device:
    """Return the device of a training; auto, or none: a GPU where there is one, else the CPU.

    Raises MisuseError for a GPU that is not there, and for several processes, which share a training on CPUs.
    """
    import torch

    if name in (None, "auto"):
        found = torch.cuda.is_available() and launch.processes() == 1
        name = "cuda" if found else "cpu"
    device = torch.device(str(name))
    if device.type == "cpu":
        return device
    if launch.processes() > 1:
        raise MisuseError("Several processes share a training on CPUs; leave --device out, or start one process.")
    if not torch.cuda.is_available():
        raise MisuseError(
            f"--device {name}: torch {torch.__version__} finds no GPU here; give --device cpu, or a CUDA build."
        )
    if (device.index or 0) >= torch.cuda.device_count():
        raise MisuseError(f"--device {name}: there are {torch.cuda.device_count()} GPUs here, from cuda:0 on.")
    warnings.filterwarnings("ignore", "RNN module weights are not part")  # those that dropout thins out are copies
    return device


def told(device: torch.device) -> str:
    """Return a device as a person reads it."""
    import torch

    return f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else "cpu"


def tensors(batch: Any, device: torch.device | None = None) -> Any:
    """Return a batch with its arrays as tensors on a device (None: the CPU), whatever tuples it is made of."""
    import numpy as np
    import torch

    if isinstance(batch, (np.ndarray, torch.Tensor)):
        return torch.as_tensor(batch, device=device)
    return tuple(tensors(part, device) for part in batch)
