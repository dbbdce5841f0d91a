"""Tokens learned from in a second by two processes of one thread each, against one process of one thread.

python benchmarks/processes.py [ROW...] [--rounds 3] [--minutes 1.5] [--processes 2]   speed, both in turn
python benchmarks/processes.py [ROW...] --updates 300                                  held-out figures, same updates
python benchmarks/processes.py vectors [--rounds 3]                                    speed, and two similarity sets

The language model drops the same in any number of processes; of the others each process drops by itself, so that the
same updates are compared without dropout.

Rows: lm (the Penn Treebank, the model of the quick recipe), translator (Multi30k), hred (DailyDialog). What depends on
the time that a training has, such as a model's size or what it drops, is given: both train the same model. vectors:
word2vec on 17 books, five times, of another seed in each round.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from record import record
from texts import BOOKS, DATA, PTB
from translation import ROWS as PAIRS
from translation import files

SOME, NONE = ("--dropout", "0.2"), ("--dropout", "0")
MORE = ("--weight-dropout", "0.15", "--embedding-dropout", "0.05")
DROPS = {"lm": (*SOME, *MORE), "translator": (*SOME, *MORE), "hred": SOME}
SAME = {**DROPS, "translator": NONE, "hred": NONE}  # what any number of processes computes alike
QUICK = ("--recipe", "quick", "--hidden-size", "448", "--embedding-size", "256")
SIZES = ("--hidden-size", "256", "--embedding-size", "256", "--encoder-size", "256")  # of the translator
HELD_OUT = 100  # lines
ROWS = {"lm": 32, "translator": 64, "hred": 8}  # of a batch of one process, where nothing is given
KINDS = ("lm", "translator", "hred", "vectors")


def words_of(kind: str, folder: Path, drops: dict[str, tuple[str, ...]] = DROPS) -> list[str]:
    """Return what is typed for a row; its texts are unpacked into a folder. drops: what each row drops."""
    if kind == "lm":
        held = ["--valid", beginning(PTB[1], folder)]
        return ["train-lm", str(PTB[0]), *held, "--tokenizer", "whitespace", *QUICK, *drops[kind]]
    if kind == "translator":
        held = [word for file in files(PAIRS["en-de"], "val", folder) for word in ("--valid", beginning(file, folder))]
        return ["train-translate", *files(PAIRS["en-de"], "train", folder), *held, *drops[kind], *SIZES]
    held = ["--valid", beginning(DATA / "dialogues" / "valid.txt", folder)]
    return ["train-dialogue", str(DATA / "dialogues" / "train.txt.gz"), *held, *drops[kind]]


def beginning(file: str | Path, folder: Path) -> str:
    """Return a file with the first lines of a held-out text: to measure by it takes no share of a short training."""
    short = folder / f"begins-{Path(file).name}"
    short.write_bytes(b"".join(Path(file).read_bytes().splitlines(keepends=True)[:HELD_OUT]))
    return str(short)


def timed_words(kind: str, options: argparse.Namespace, folder: Path) -> list[str]:
    """Return what is typed for a training of some minutes."""
    size = ["--batch-size", str(options.batch_size)] if options.batch_size else []
    how = ["--minutes", f"{options.minutes:g}", "--precision", options.precision]
    return [*words_of(kind, folder), *how, *size]


def command_of(words: list[str], folder: Path) -> list[str]:
    """Return what Python is told to train a model called `one` in a folder, by one thread."""
    command = ["-m", "seqcli", *words, "--models-dir", str(folder / "models"), "--name", "one", "--replace"]
    return [*command, "--threads", "1", "--json"]


def trained(words: list[str], processes: int, folder: Path) -> dict[str, Any]:
    """Train in so many processes of one thread each; return what the command says."""
    command = command_of(words, folder)
    if processes > 1:
        command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), *command]
    done = subprocess.run([sys.executable, *command], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{words[0]} in {processes} processes ended with {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def speed(kind: str, options: argparse.Namespace, folder: Path) -> None:
    """Measure both in turn, and record the speeds and their ratio."""
    words = timed_words(kind, options, folder)
    counts = (1, options.processes)
    found: dict[int, list[float]] = {count: [] for count in counts}
    learned: dict[int, float] = {}
    for place in range(options.rounds):
        for count in counts[:: 1 if place % 2 else -1]:
            told = trained(words, count, folder)
            found[count].append(told["tokens_per_second"])
            learned[count] = told["held_out"]["nats_per_token"]
    one, several = (statistics.median(found[count]) for count in counts)
    ratio = statistics.median(b / a for a, b in zip(*found.values(), strict=True))
    row = {
        "batch_size": options.batch_size,
        "precision": options.precision,
        "what": kind,
        "processes": options.processes,
        "minutes": options.minutes,
        "rounds": options.rounds,
        "one_nats_per_token": learned[1],
        "nats_per_token": learned[options.processes],
    }
    print(record("processes", **row, one_tokens_per_second=one, tokens_per_second=several, ratio=ratio), flush=True)


def vectors(kind: str, options: argparse.Namespace, folder: Path) -> None:
    """Learn word vectors in one process and in several, in turn; record speeds, and agreement with people."""
    counts = (1, options.processes)
    sets = [DATA / "vectors" / f"EN-{name}.txt" for name in ("WS-353-ALL", "SIMLEX-999")]
    found: dict[int, list[dict[str, Any]]] = {count: [] for count in counts}
    for place in range(options.rounds):
        for count in counts[:: 1 if place % 2 else -1]:
            row = trained(["train-w2v", str(BOOKS), "--seed", str(place + 1)], count, folder)
            words = ["evaluate-vectors", "one", "--models-dir", str(folder / "models"), "--json"]
            asked = [sys.executable, "-m", "seqcli", *words, *(f"--test={file}" for file in sets)]
            told = json.loads(subprocess.run(asked, stdout=subprocess.PIPE, check=True).stdout)
            by_set = {Path(one["test"]).name: one["value"] for one in told}
            found[count].append({"words_per_second": row["words_per_second"], "measured": by_set})
    speeds = {count: [row["words_per_second"] for row in rows] for count, rows in found.items()}
    ratio = statistics.median(b / a for a, b in zip(*speeds.values(), strict=True))
    learned = {"one": found[1], "several": found[options.processes]}
    print(record("process vectors", processes=options.processes, **learned, ratio=ratio), flush=True)


def same_updates(kind: str, options: argparse.Namespace, folder: Path) -> None:
    """Make the same updates in one process and in several, and record both held-out figures."""
    rows = ROWS[kind]
    epoch = {"lm": 929_589 / (rows * 35), "translator": 29_000 / rows, "hred": 11_118 / rows}[kind]  # in updates
    epochs, how = f"{options.updates / epoch:.4f}", ("--batch-size", str(rows), "--precision", options.precision)
    words = [*words_of(kind, folder, SAME), "--epochs", epochs, *how]
    one, several = (trained(words, count, folder)["held_out"] for count in (1, options.processes))
    nats = {"one_nats_per_token": one["nats_per_token"], "nats_per_token": several["nats_per_token"]}
    apart = math.expm1(nats["nats_per_token"] - nats["one_nats_per_token"])  # of perplexity
    row = {"what": kind, "processes": options.processes, "updates": options.updates, **nats, "apart": apart}
    print(record("process updates", **row), flush=True)


def main() -> None:
    """Measure what is asked for, one row after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="ROW", help=f"of {', '.join(KINDS)}; all without one")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=1.5)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--batch-size", type=int, help="of one, and of several together; none: the usual, of each")
    parser.add_argument("--precision", default="float32", help="of all: a trial of it may come out now so, now so")
    parser.add_argument("--updates", type=int, help="make so many, and compare what was learned")
    options = parser.parse_args()
    os.environ.setdefault("PYTHONPATH", str(Path(__file__).resolve().parent.parent))
    for kind in options.kinds or KINDS:
        with tempfile.TemporaryDirectory() as name:
            measure = vectors if kind == "vectors" else same_updates if options.updates else speed
            measure(kind, options, Path(name))


if __name__ == "__main__":
    main()
