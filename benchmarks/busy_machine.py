"""Trainings and answers beside other busy programs: seqcli's own number of threads against --threads 1.

python benchmarks/busy_machine.py TEXT [--busy 3] [--seconds 90] [--rounds 3] [--translator NAME --source FILE]. The
busy programs are started here; the ways take turns, with them and without; in a ratio
above 1 the default is quicker.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from record import record

COUNTING = "n = 0\nwhile True:\n    n += 1\n"  # a program that never waits
DEFAULT, ONE = "default", "one thread"


@contextmanager
def others(count: int) -> Iterator[None]:
    """Let so many other programs be busy."""
    programs = [subprocess.Popen([sys.executable, "-c", COUNTING]) for _ in range(count)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def seqcli(*words: str, threads: int | None = None) -> str:
    """Run a command in a process of its own; return what it prints. threads: of numpy's products, where given."""
    environment = dict(os.environ)
    if threads:
        environment |= {"OPENBLAS_NUM_THREADS": str(threads)}
    done = subprocess.run([sys.executable, "-m", "seqcli", *words], capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def training(options: argparse.Namespace, way: str) -> float:
    """Return the tokens a second of a training: those it was given, over all that it took."""
    with tempfile.TemporaryDirectory() as folder:
        words = [
            "train-lm",
            *options.texts,
            "--models-dir",
            folder,
            "--minutes",
            f"{options.seconds / 60:.3f}",
            "--json",
        ]
        done = json.loads(seqcli(*words, *(["--threads", "1"] if way == ONE else [])))
    return float(done["tokens_per_second"])


def words(options: argparse.Namespace, way: str) -> float:
    """Return the words a second of word vectors."""
    with tempfile.TemporaryDirectory() as folder:
        line = ["train-w2v", *options.texts, "--models-dir", folder, "--epochs", "2", "--min-count", "2", "--json"]
        done = json.loads(seqcli(*line, *(["--threads", "1"] if way == ONE else [])))
    return float(done["words_per_second"])


def answers(options: argparse.Namespace, way: str) -> float:
    """Return the lines a second that `translate` answers, its start included."""
    began = time.perf_counter()
    line = ("translate", "-f", options.source, "-m", options.translator, "--models-dir", options.models_dir)
    out = seqcli(*line, threads=1 if way == ONE else None)
    return len(out.splitlines()) / (time.perf_counter() - began)


def main() -> None:
    """Measure every way, with and without others, and record the speeds and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", nargs="+")
    parser.add_argument("--busy", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--translator")
    parser.add_argument("--source")
    parser.add_argument("--models-dir", default="models")
    parser.add_argument("--dry", action="store_true", help="do not record")
    options = parser.parse_args()
    what: dict[str, Callable[[argparse.Namespace, str], float]] = {"train-lm": training, "train-w2v": words}
    if options.translator:
        what["translate"] = answers
    for name, measure in what.items():
        for count in (0, options.busy):
            found: dict[str, list[float]] = {DEFAULT: [], ONE: []}
            with others(count):
                for place in range(options.rounds):
                    for way in list(found)[:: 1 if place % 2 else -1]:
                        found[way].append(measure(options, way))
            default, one = (statistics.median(found[way]) for way in (DEFAULT, ONE))
            row: dict[str, Any] = {"what": name, "others": count, "per_second": default, "one_thread_per_second": one}
            print({**row, "ratio": round(default / one, 3)}, flush=True)
            if not options.dry:
                record("busy-machine", **row, ratio=default / one, rounds=options.rounds)


if __name__ == "__main__":
    main()
