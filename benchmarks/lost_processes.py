"""Processes that share a training, and one of them killed (or stopped) at a moment that nobody chose.

python benchmarks/lost_processes.py [--times 50] [--processes 2] [--stop]. Each time torchrun starts a small training,
one process is killed with -9 (--stop: made to hang), and it is recorded how long the others took to end, with how many
lines, whether the checkpoint was whole, and whether the weights that torchrun's restart ends with are those of a
training that nobody disturbed.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from record import record

from seqcli.store import Shelf

ROOT = Path(__file__).resolve().parent.parent
TRAINING = [
    *("-m", "seqcli", "train-lm", str(ROOT / "corpora" / "stories.txt"), "--name", "one", "--epochs", "4"),
    *("--hidden-size", "48", "--embedding-size", "32", "--threads", "1", "--dropout", "0.1"),
]
LONGEST = 10.0  # seconds until all others have to have ended


def command(processes: int, folder: Path, restarts: int) -> list[str]:
    """Return the command line of a training in several processes."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    return [sys.executable, *launcher, "--max-restarts", str(restarts), *TRAINING, "--models-dir", str(folder)]


def workers(launcher: int) -> list[int]:
    """Return the processes that a launcher has started, by rank."""
    try:
        children = Path(f"/proc/{launcher}/task/{launcher}/children").read_text("ascii").split()
    except OSError:
        return []
    return sorted(map(int, children))


def disturbed(options: argparse.Namespace, folder: Path, whole: str) -> dict[str, Any]:
    """Kill one process of a training; return what came of the others, and of the training."""
    with subprocess.Popen(command(options.processes, folder, 1), stderr=subprocess.PIPE, text=True) as launcher:
        assert launcher.stderr is not None
        lines = []
        for line in launcher.stderr:
            lines.append(line)
            if " update 0," in line:
                break
        time.sleep(random.uniform(0.0, options.longest))
        started = workers(launcher.pid)
        victim = random.choice(started) if started else None  # None: it was over by then
        if victim is not None:
            os.kill(victim, signal.SIGSTOP if options.stop else signal.SIGKILL)
        began = time.monotonic()
        others = [pid for pid in started if pid != victim]
        while any(_lives(pid) for pid in others) and time.monotonic() - began < 3 * LONGEST:
            time.sleep(0.02)
        seconds = time.monotonic() - began
        lines += launcher.stderr.readlines()
    record_of = Shelf(folder).check("one")
    return {
        "seconds": seconds,
        "lines": sum(line.startswith("Error: ") for line in lines),
        "went_on": launcher.returncode == 0,
        "same_weights": record_of.files["weights"].sha256 == whole,
        "late": victim is None
        or any("nothing is left to do" in line for line in lines),  # the end was saved, and nobody waited
    }


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def main() -> None:
    """Kill as often as is asked for, and record what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--longest", type=float, default=6.0, help="seconds of training before the moment")
    parser.add_argument("--stop", action="store_true", help="let a process hang, instead of killing it")
    options = parser.parse_args()
    os.environ.setdefault("PYTHONPATH", str(ROOT))
    with tempfile.TemporaryDirectory() as name:
        whole = Path(name) / "whole"
        subprocess.run(command(options.processes, whole, 0), check=True, stderr=subprocess.DEVNULL)
        sha256 = Shelf(whole).check("one").files["weights"].sha256
        found = []
        while sum(not one["late"] for one in found) < options.times:
            found.append(disturbed(options, Path(name) / str(len(found)), sha256))
            print(found[-1], flush=True)
    late = [one["same_weights"] for one in found if one["late"]]
    found = [one for one in found if not one["late"]]
    record(
        "lost-processes",
        what="hanging" if options.stop else "killed",
        times=len(found),
        processes=options.processes,
        most_seconds=max(one["seconds"] for one in found),
        in_time=sum(one["seconds"] <= LONGEST for one in found),
        one_line=sum(one["lines"] == 1 for one in found),
        went_on=sum(one["went_on"] for one in found),
        same_weights=sum(one["same_weights"] for one in found),
        late=len(late),
        late_same_weights=sum(late),
    )


if __name__ == "__main__":
    main()
