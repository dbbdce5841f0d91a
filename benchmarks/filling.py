"""The missing word: how often it is found on the Penn Treebank, and among five in sentence completion.

python benchmarks/filling.py [ptb] [completion] [alone] [--minutes 10] [--threads N] [--models DIR]. ptb: both sides,
and the left one alone, for as many minutes each. completion: a model of both sides on train.txt.gz, a language model as
long, and n-grams; questions by the first, and by all three with weights fitted to another novel. alone: by the first
only, as for a training of hours. A model of its name that is in DIR already is measured, not trained anew.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from record import record
from texts import DATA, PTB

COMPLETION = DATA / "completion"
TEXT = os.fspath(COMPLETION / "train.txt.gz")
OTHER = DATA / "books" / "novels.txt.gz"  # whose first novel none of the training text is by
LINES = 30_000  # of it, for the weights
NAMES = ("model", "tokens", "accuracy_1", "accuracy_5", "accuracy_10", "nats_per_token")


class Shelf:
    """Models in a directory, by the commands that make and ask them."""

    def __init__(self, models: str, minutes: float, threads: int | None) -> None:
        self.models, self.minutes, self.threads = Path(models), minutes, threads

    def seqcli(self, *arguments: str, as_json: str = "--json") -> Any:
        """Run a command and return the JSON that it printed."""
        words = [sys.executable, "-m", "seqcli", *arguments, "--models-dir", str(self.models), as_json]
        done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout) if as_json == "--json" else [json.loads(x) for x in done.stdout.splitlines()]

    def trained(self, name: str, command: str, *arguments: str) -> None:
        """Train a model, unless it is there."""
        if not (self.models / name).is_dir():
            threads = ["--threads", str(self.threads)] if self.threads else []
            counted = "ngram" in arguments
            self.seqcli(command, *arguments, "--name", name, *([] if counted else [*threads, *self.budget]))

    @property
    def budget(self) -> list[str]:
        """The options of the minutes."""
        return ["--minutes", f"{self.minutes:g}"]

    def run(self, name: str) -> dict[str, Any]:
        """Return how a model was trained: seconds and threads, from its record."""
        found = json.loads((self.models / name / "model.json").read_text("utf-8"))
        sizes = {key: found["spec"][key] for key in ("hidden_size", "embedding_size", "window", "sides")}
        run = {
            "minutes": found["run"]["minutes"],
            "threads": found["progress"]["threads"],
            "precision": found["run"]["precision"],
            "seed": found["run"]["seed"],
        }
        return {**sizes, **run, "seconds": round(found["progress"]["seconds"]), "sha256": found["corpus"]["sha256"]}


def ptb(shelf: Shelf) -> None:
    """Both sides, and one alone."""
    train, valid, test = map(os.fspath, PTB)
    for sides in ("both", "left"):
        name = f"ptb-{sides}"
        shelf.trained(name, "train-fill", train, "--valid", valid, "--tokenizer", "whitespace", "--sides", sides)
        [found] = shelf.seqcli("evaluate-fill", name, "--test", test)
        show(record("filling", **{key: found[key] for key in NAMES}, **shelf.run(name)))


def alone(shelf: Shelf) -> None:
    """Five words for a gap, by both sides."""
    shelf.trained("novels", "train-fill", TEXT)
    with tempfile.TemporaryDirectory() as folder:
        asked(shelf, folder, [])


def completion(shelf: Shelf) -> None:
    """Five words for a gap: by both sides, and with a language model and n-grams beside them."""
    shelf.trained("novels", "train-fill", TEXT)
    shelf.trained("novels-lm", "train-lm", TEXT, "--recipe", "standard", "--vocabulary-size", "60000")
    shelf.trained("counts", "train-lm", TEXT, "--architecture", "ngram", "--vocabulary-size", "60000")
    mixed = [name for name in ("novels-lm", "counts") if (shelf.models / name).is_dir()]
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "other.txt"
        with gzip.open(OTHER, "rt", encoding="utf-8") as lines:
            other.write_text("".join(islice(lines, LINES)), "utf-8")
        for mix in ([], *[mixed[:i] for i in range(1, len(mixed) + 1)]):
            asked(shelf, folder, mix, ["--fit-on", str(other)] if mix else [])


def asked(shelf: Shelf, folder: str, mix: Sequence[str], options: Sequence[str] = ()) -> None:
    """Ask the questions of the model with others mixed in; record how many there are, and how many it answers right."""
    lines = (COMPLETION / "questions.tsv").read_text("utf-8").splitlines()[1:]
    rows = [line.split("\t") for line in lines]
    questions = Path(folder) / "questions.tsv"
    questions.write_text("".join(f"{sentence}\t{choices}\n" for sentence, choices, _ in rows), "utf-8")
    mixed = [word for name in mix for word in ("--mix", name)]
    wanted = ["fill", "-m", "novels", "--file", str(questions), "--choices", *mixed, *options]
    found = shelf.seqcli(*wanted, as_json="--jsonl")
    best = [answer["word"] for answer in found if answer["rank"] == 1]
    right = sum(word == answer for word, (_, _, answer) in zip(best, rows, strict=True))
    row = {"model": " + ".join(["novels", *mix]), "questions": len(rows), "right": right}
    show(record("filling", **row, share=right / len(rows), **shelf.run("novels")))


def show(row: dict[str, Any]) -> None:
    """Print a result."""
    print(
        " ".join(f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}" for key, value in row.items())
    )


WHAT = {"ptb": ptb, "completion": completion, "alone": alone}


def main() -> None:
    """Measure and record what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=["ptb", "completion"], choices=list(WHAT))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--models")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shelf = Shelf(options.models or folder, options.minutes, options.threads)
        for what in options.what:
            WHAT[what](shelf)


if __name__ == "__main__":
    main()
