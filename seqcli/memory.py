"""How much memory is left for a process: what the machine has, and what the control groups around the process allow."""

from __future__ import annotations

import resource
from contextlib import suppress
from pathlib import Path

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
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit


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
