"""Which of several processes this one is: torchrun starts them, and says so in the environment.

Several share a training (training/distributed.py); whatever else a command does, the process of rank 0 does alone.
"""

from __future__ import annotations

import os

NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")  # what torchrun tells each process that it starts


def processes() -> int:
    """Return how many processes were started together; 1 where nothing says that there are others."""
    return _number("WORLD_SIZE", 1) if all(name in os.environ for name in NEEDED) else 1


def processes_here() -> int:
    """Return how many of them share this machine."""
    return max(_number("LOCAL_WORLD_SIZE", 1), 1) if processes() > 1 else 1


def rank() -> int:
    """Return the number of this process among them, from 0."""
    return _number("RANK", 0) if processes() > 1 else 0


def attempt() -> int:
    """Return how often torchrun has started the processes again, since one of them was lost."""
    return _number("TORCHELASTIC_RESTART_COUNT", 0)


def _number(name: str, absent: int) -> int:
    found = os.environ.get(name, "")
    return int(found) if found.isdecimal() else absent
