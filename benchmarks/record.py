"""The results file: one line a measured figure, with all that is needed to judge it; the pages' tables come from it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results.jsonl")


def record(benchmark: str, **figures: Any) -> dict[str, Any]:
    """Append a result and return it: the benchmark's name, its figures, and commit, machine, cores and time."""
    here = Path(__file__).parent
    commit = subprocess.run(["git", "rev-parse", "--short=10", "HEAD"], cwd=here, capture_output=True, text=True)
    row = {
        "benchmark": benchmark,
        **figures,
        "commit": commit.stdout.strip() or "unknown",
        "machine": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    with RESULTS.open("a", encoding="utf-8") as out:
        out.write(json.dumps(row, ensure_ascii=False) + "\n")
    return row


def processor() -> str:
    """Return the processor's name and the vector extensions that decide its speed at matrix products."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8") if os.path.exists("/proc/cpuinfo") else ""
    name = next((line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name")), "")
    flags = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f" {flag}" in text]
    return " ".join([name or platform.machine(), *flags])


def every(benchmark: str, **match: Any) -> list[dict[str, Any]]:
    """Return the results of a benchmark whose figures match, oldest first."""
    lines = RESULTS.read_text(encoding="utf-8").splitlines() if RESULTS.exists() else []
    rows = [row for row in map(json.loads, lines) if row["benchmark"] == benchmark]
    return [row for row in rows if all(row.get(key) == value for key, value in match.items())]


def latest(benchmark: str, **match: Any) -> dict[str, Any] | None:
    """Return the newest result of a benchmark whose figures match, or None."""
    return next(reversed(every(benchmark, **match)), None)
