"""How much memory is left for a process: what the machine has, and what the control groups around the process allow."""

from __future__ import annotations

import math
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from seqcli import launch
from seqcli.errors import SeqcliError
from seqcli.quantities import size

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store.arrays import Table
    from seqcli.training.settings import RunSpec


def check_memory(needed: int, smaller: str = "--hidden-size, --embedding-size or --vocabulary-size") -> None:
    """Raise SeqcliError, before anything is allocated, for a training that needs more bytes than there are."""
    free = available()
    if free is not None and needed > free:
        raise SeqcliError(
            f"This training needs about {needed / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free; "
            f"use a smaller {smaller}."
        )


def parameters_of(table: Table) -> int:
    """Return how many parameters a model has; table: (type, shape) of its weights, by name."""
    return sum(math.prod(shape) for _, shape in table.values())


def check_size(run: RunSpec, table: Table) -> int:
    """Return how many parameters a model has; raise SeqcliError where memory does not suffice to train it."""
    parameters = parameters_of(table)
    kept = 4 + (run.average > 0)  # numbers for each: weight, gradient, Adam's two moments; the running mean
    check_memory(4 * kept * parameters * launch.processes_here())
    return parameters


def begin_torch(session: Session, run: RunSpec, what: str, table: Table) -> None:
    """Say how large a model is, and ready torch for its training; table: (type, shape) of its weights, by name.

    Raises SeqcliError, before anything is allocated, where memory does not suffice.
    """
    parameters = check_size(run, table)
    processes = f"processes: {launch.processes()}, " if launch.processes() > 1 else ""
    session.note(
        f"Model: {what}, {parameters:,} parameters, {size(4 * parameters)}; {processes}threads: {_shown(run)}, "
        f"seed: {run.seed}."
    )
    import torch

    torch.manual_seed(run.seed)


def _shown(run: RunSpec) -> str:
    return str(run.threads or "as many as are quickest")


ROOT = Path("/")


def available(root: Path | None = None) -> int | None:
    """Return the bytes that this process may still take; None where nobody says (not Linux).

    root: below it are proc and sys.
    """
    root = root or ROOT
    free = [left for folder, names in _groups(root) if (left := _left(folder, *names)) is not None]
    with suppress(OSError, StopIteration, ValueError):
        lines = (root / "proc/meminfo").read_text("ascii").splitlines()
        free.append(next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")))
    return min(free, default=None)


def address_space() -> int | None:
    """Return the bytes of addresses that this process may use at all (ulimit -v); None without a limit."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit


def most_held() -> int:
    """Return the most bytes that this process has held at a time; 0 where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_")
V2 = ("memory.max", "memory.current", "")


def _groups(root: Path) -> list[tuple[Path, tuple[str, str, str]]]:
    """Return the folders of the control groups that bound this process, each with its names of limit and usage.

    A limit bounds all groups below it. In a container the path may be that of the host: its own limit is then at the
    top, which is always among the folders.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return []
    found = []
    for line in lines:
        _, kinds, path = line.split(":", 2)
        if kinds and "memory" not in kinds.split(","):
            continue
        top, names = (root / "sys/fs/cgroup/memory", V1) if kinds else (root / "sys/fs/cgroup", V2)
        inner = top / path.strip("/")
        found += [(folder, names) for folder in (inner, *inner.parents) if folder == top or top in folder.parents]
    return found


def _left(folder: Path, limit: str, usage: str, prefix: str) -> int | None:
    """Return what a group may still take; None where it has no limit. Pages of files are given back when asked for."""
    with suppress(OSError, ValueError):  # "max" is no number: no limit
        most, used = int((folder / limit).read_text("ascii")), int((folder / usage).read_text("ascii"))
        lines = (folder / "memory.stat").read_text("ascii").splitlines()
        statistics = {name: int(value) for name, value in (line.split() for line in lines)}
        files = sum(statistics.get(f"{prefix}{kind}_file", 0) for kind in ("active", "inactive"))
        return max(most - used + files, 0)
    return None
