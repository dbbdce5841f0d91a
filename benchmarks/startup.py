"""How long an answer takes as a whole process, beside the imports that others make their users wait for.

python benchmarks/startup.py MODELS_DIR NAME: predict-word against `import torch`, and each --help against
`import click`, turn about, medians of the paired ratios.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

from record import record

from seqcli.cli import COMMANDS

PAIRS = 10


def seconds(*command: str) -> float:
    """Return the wall-clock seconds of a process."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def ratio(ours: list[str], theirs: list[str], pairs: int = PAIRS) -> tuple[float, float, float]:
    """Return (median ratio, our median seconds, their median seconds) of commands run turn about."""
    seconds(*ours), seconds(*theirs)  # once for the file cache
    rows = [(seconds(*ours), seconds(*theirs)) for _ in range(pairs)]
    ratios = [a / b for a, b in rows]
    return statistics.median(ratios), statistics.median(a for a, _ in rows), statistics.median(b for _, b in rows)


def main() -> None:
    """Measure, print, and record."""
    models, name = sys.argv[1:]
    python, program = sys.executable, os.path.join(os.path.dirname(sys.executable), "seqcli")
    answer = [program, "--models-dir", models, "predict-word", "some of them", "-m", name]
    found, ours, theirs = ratio(answer, [python, "-c", "import torch"])
    print(f"predict-word / import torch: {found:.3f} ({ours:.3f} s / {theirs:.3f} s, {PAIRS} pairs)")
    record("startup", what="predict-word / import torch", ratio=found, ours=ours, theirs=theirs, pairs=PAIRS)
    worst = 0.0
    for command in ([], *([name] for name in COMMANDS)):
        found, ours, theirs = ratio([program, *command, "--help"], [python, "-c", "import click"], 5)
        print(f"seqcli {' '.join(command)} --help / import click: {found:.2f} ({ours:.3f} s / {theirs:.3f} s)")
        worst = max(worst, found)
    record("startup", what="worst --help / import click", ratio=worst, pairs=5)


if __name__ == "__main__":
    main()
