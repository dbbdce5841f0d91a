"""The lab's figures: seconds and memory of each experiment, and ten seeds of addition with and without a cure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from record import record

SEQCLI = Path(sys.executable).with_name("seqcli")
EXPERIMENTS = ("check", "bptt", "addition", "gradients", "gates", "memory", "overfit", "word2vec")
TEN = {  # ten seeds each: a ReLU that explodes, and two cures
    "explodes": "--activation relu --init normal",
    "orthogonal": "--activation relu --init orthogonal --clip 1",
    "identity": "--activation relu --init identity --clip 1",
    "tanh": "--activation tanh --init xavier",
}


def run(*arguments: str) -> tuple[float, int, dict[str, Any]]:
    """Run an experiment; return its seconds as a user waits for them, its peak memory in MB, and its JSON."""
    start = time.perf_counter()
    process = subprocess.Popen([SEQCLI, "-q", "lab", *arguments, "--json"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"lab {' '.join(arguments)} failed")
    return time.perf_counter() - start, usage.ru_maxrss // 1024, json.loads(out)


def main(names: list[str]) -> None:
    """Measure the experiments named, or all, and the ten seeds."""
    for name in names or EXPERIMENTS:
        if name in EXPERIMENTS:
            seconds, megabytes, found = run(name)
            print(f"{name:10} {seconds:6.1f} s {megabytes:5} MB  {found['sentence']}", flush=True)
            record("lab", experiment=name, seconds=round(seconds, 1), megabytes=megabytes, seed=1)
    for name in names or TEN:
        if name in TEN:
            seconds, _, found = run("addition", "--seeds", "10", *TEN[name].split())
            n = found["numbers"]
            print(f"{name:10} {seconds:6.1f} s  learned {n['learned']}/10, exploded {n['exploded']}/10", flush=True)
            figures = {"learned": n["learned"], "exploded": n["exploded"], "seeds": n["runs"]}
            record("lab-addition", setting=TEN[name], **figures, seconds=round(seconds, 1))


if __name__ == "__main__":
    main(sys.argv[1:])
