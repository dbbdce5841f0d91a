"""What this machine is and how quick: versions, processor, BLAS, free space, what extras bring."""

from __future__ import annotations

import platform
import re
import shutil
import time
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from seqcli.extras import EXTRAS
from seqcli.threads import processors
from seqcli.version import __version__

INSTRUCTIONS = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "sve")
SIDE = 768  # of the matrices that are multiplied: beyond every cache's first levels, and still milliseconds
SECONDS = 0.3  # of products that are timed


class Product(NamedTuple):
    """How quick products of matrices are, in 32 bits: thousands of millions of operations a second."""

    one_thread: float
    all_threads: float


KNOWN = {"an AMD EPYC with AVX-512, of two processors": Product(125.0, 240.0)}  # measured while it was idle


def system() -> dict[str, str]:
    """Return what runs: this program, Python, the system."""
    return {
        "seqcli": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def packages() -> dict[str, str | None]:
    """Return the version of every package that is always needed, None where it is missing."""
    found: dict[str, str | None] = {}
    try:
        needed = requires("seqcli") or []
    except PackageNotFoundError:  # it runs from its sources, and was never installed
        return found
    for line in needed:
        if "extra ==" not in line:
            name = re.split(r"[^\w.-]", line, maxsplit=1)[0]
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                found[name] = None
    return found


def extras() -> dict[str, bool]:
    """Return of every extra whether it is installed."""
    return {name: all(map(is_installed, modules)) for name, (modules, _) in EXTRAS.items()}


def is_installed(module: str) -> bool:
    """Return whether a module can be imported."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # it is hidden
        return False


def processor() -> str:
    """Return what the processor is called."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def instructions() -> list[str]:
    """Return those instructions of the processor that make products quick."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return []
    found = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", text, re.MULTILINE)
    return [name for name in INSTRUCTIONS if found and name in found[1].split()]


def memory() -> tuple[int, int] | None:
    """Return the bytes of memory: all, and those that are free; None where the system does not say."""
    try:
        rows = dict(re.findall(r"^(\w+):\s+(\d+) kB$", Path("/proc/meminfo").read_text("ascii"), re.MULTILINE))
        return 1024 * int(rows["MemTotal"]), 1024 * int(rows["MemAvailable"])
    except (OSError, KeyError):
        return None


def free_space(path: Path) -> int | None:
    """Return the free bytes where a path is or would be, None where that cannot be told."""
    while not path.exists() and path != path.parent:
        path = path.parent
    try:
        return shutil.disk_usage(path).free
    except OSError:
        return None


def blas() -> list[str]:
    """Return the libraries that numpy multiplies with: name, version, kernels, threads."""
    import numpy as np
    from threadpoolctl import threadpool_info

    np.zeros((2, 2), np.float32) @ np.zeros((2, 2), np.float32)
    return [
        f"{one['internal_api']} {one.get('version') or '?'}, {one.get('architecture') or 'its own choice'}, "
        f"threads: {one['num_threads']}"
        for one in threadpool_info()
        if one["user_api"] == "blas"
    ]


def speed() -> Product:
    """Return how quick products are here and now; other programs that compute make it less."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        one = _operations()
    if processors() == 1:
        return Product(one, one)
    with threadpool_limits(processors(), user_api="blas"):
        return Product(one, _operations())


def _operations() -> float:
    """Return the best of some products: what others take away is no property of the machine."""
    import numpy as np

    a = np.ones((SIDE, SIDE), np.float32)
    a @ a
    best, until = 0.0, time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        began = time.perf_counter()
        a @ a
        best = max(best, 2 * SIDE**3 / (time.perf_counter() - began) / 1e9)
    return best
