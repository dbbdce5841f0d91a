"""Models with one thing changed and every hash made right again: what each command does with them.

A record's value, a tensor's numbers, a line, a byte: whatever was changed, a command answers with finite figures or
refuses in one line, and `models check` says whole only of what every command then opens. Models are asked in
forked children of one warmed process, so that a signal or a hang is seen for what it is.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
from model_changes import Random, change

SECONDS = 60  # after which a model's commands hang
BATCH = 50  # models asked in one child: a fork of a process with torch in it is not free
NOT_FINITE = re.compile(r"(?<![\w.])-?(nan|inf|infinity)(?![\w.])", re.IGNORECASE)
SMALL = ["--hidden-size", "8", "--embedding-size", "8", "--batch-size", "4", "--threads", "1"]
LANGUAGE = [*SMALL, "--unroll", "8", "--samples", "8", "--epochs", "1"]
VECTORS = ["--embedding-size", "8", "--epochs", "1", "--min-count", "1", "--threads", "1"]
PAIRS = [*SMALL, "--encoder-size", "8", "--epochs", "1", "--subwords", "60"]
DIALOGUE = [*SMALL, "--encoder-size", "8", "--context-size", "8", "--epochs", "1"]
TRAININGS = {  # name -> command; {text}, {pairs} and {talk} are files
    **{cell: ["train-lm", "{text}", "--architecture", cell, *LANGUAGE] for cell in ("rnn", "lstm", "gru")},
    "relu": ["train-lm", "{text}", "--architecture", "rnn", "--activation", "relu", *LANGUAGE],
    "subwords": ["train-lm", "{text}", "--tokenizer", "subwords", "--subwords", "60", "--attention", "4", *LANGUAGE],
    "ngram": ["train-lm", "{text}", "--architecture", "ngram", "--order", "3"],
    "word2vec": ["train-w2v", "{text}", *VECTORS],
    "grams": ["train-w2v", "{text}", "--subwords", "--buckets", "50", *VECTORS],
    "int8": ["quantize-vectors", "word2vec", "int8", "--quantize", "int8"],
    "pq": ["quantize-vectors", "word2vec", "pq", "--quantize", "pq"],
    "index": ["index-vectors", "word2vec"],
    "translator": ["train-translate", "{pairs}", *PAIRS],
    "hred": ["train-dialogue", "{talk}", *DIALOGUE],
    "vhred": ["train-dialogue", "{talk}", "--architecture", "vhred", *DIALOGUE],
    "fill": ["train-fill", "{text}", *LANGUAGE],
    "words": ["train-translate", "{pairs}", "--tokenizer", "words", "--attention", "additive", "--cell", "gru", *PAIRS],
}
STOPPED = ("lstm", "subwords", "word2vec", "translator", "vhred", "fill")  # also in the middle of their training
OPENING = (["models", "list", "--jsonl"], ["models", "show", "{name}", "--json"], ["models", "show", "{name}"])
ASKING: dict[str, list[list[str]]] = {  # task -> commands
    "lm": [
        ["predict-word", "the cat saw", "-m", "{name}", "-k", "3", "--jsonl"],
        ["score", "the cat saw a red house .", "-m", "{name}", "--jsonl"],
        ["score", "the cat saw .", "-m", "{name}", "--words"],
        ["generate", "the", "-m", "{name}", "--tokens", "5", "--jsonl"],
        ["evaluate", "{name}", "--test", "{text}", "--threads", "1", "--jsonl"],
        ["predict-word", "the cat saw", "-m", "{name}", "--cache", "unigram", "--jsonl"],
        ["evaluate", "{name}", "--test", "{text}", "--threads", "1", "--dynamic", "--jsonl"],
        ["lab", "gates", "the", "-m", "{name}"],
        ["export", "{name}", "{folder}/out.arpa"],
        ["models", "export", "{name}", "{folder}/out.tar"],
        ["train-lm", "{text}", "--from", "{name}", "--name", "new", "--epochs", "0.05", "--threads", "1"],
    ],
    "vectors": [
        ["neighbors", "cat", "-m", "{name}", "-k", "3", "--jsonl"],
        ["neighbors", "caat", "-m", "{name}", "-k", "3"],
        ["neighbors", "cat", "-m", "{name}", "-k", "3", "--approximate", "--jsonl"],
        ["analogy", "king", "-", "queen", "+", "cat", "-m", "{name}", "--jsonl"],
        ["similarity", "cat", "dog", "-m", "{name}", "--jsonl"],
        ["odd-one-out", "cat", "dog", "saw", "-m", "{name}", "--jsonl"],
        ["vector", "cat", "-m", "{name}", "--jsonl"],
        ["sentence-similarity", "the cat saw", "a dog met", "-m", "{name}", "--jsonl"],
        ["export", "{name}", "{folder}/out.vec"],
        ["export", "{name}", "{folder}/out.bin", "--format", "fasttext-bin"],
        ["compare", "{name}", "{name}", "--jsonl"],
        ["index-vectors", "{name}"],
        ["models", "export", "{name}", "{folder}/out.tar"],
        [
            "train-w2v",
            "{text}",
            "--from",
            "{name}",
            "--name",
            "new",
            "--min-count",
            "1",
            "--epochs",
            "1",
            "--threads",
            "1",
        ],
        ["quantize-vectors", "{name}", "other"],
    ],
    "dialogue": [
        ["reply", "the cat saw a red house .", "-m", "{name}", "--jsonl"],
        ["reply", "the cat saw", "-m", "{name}", "-n", "3", "--beam", "3", "--against", "0.5"],
        ["evaluate-dialogue", "{name}", "--test", "{talk}", "--context", "none", "--draws", "2", "--json"],
        ["models", "show", "{name}", "--flow"],
    ],
    "fill": [
        ["fill", "the [_] saw a [_] house .", "-m", "{name}", "-k", "3", "--jsonl"],
        ["fill", "the cat [_*] house .", "-m", "{name}", "-k", "3"],
        ["fill", "the [_] saw a red house .", "-m", "{name}", "--among", "cat,dog", "--jsonl"],
        ["evaluate-fill", "{name}", "--test", "{text}", "--threads", "1", "--jsonl"],
        ["proofread", "{text}", "-m", "{name}", "--exit-zero", "--jsonl"],
    ],
    "translation": [
        ["translate", "the cat saw a red house .", "-m", "{name}", "--jsonl"],
        ["translate", "the cat saw", "-m", "{name}", "--beam", "1"],
        ["score-translation", "the cat saw", "eht tac was", "-m", "{name}", "--jsonl"],
        ["evaluate-translation", "{name}", "--test", "{pairs}", "--jsonl"],
    ],
}


OF_THE_QUESTION = (  # reasons that are no damage: what was asked, or what finite numbers come to
    *(
        "has no index",
        "is not the one that",
        "was never seen",
        "too large to compute with",
        "diverged",
        "learns nothing",
        "choose another --format",
    ),
)


OF_A_STOPPED = ("was not calibrated",)  # a reason for a training that has not come to its end; else it is damage


class Result(NamedTuple):
    """What one command did: its exit code (negative: a signal's), its output, and the last line of its errors."""

    args: list[str]
    code: int
    out: str
    error: str


# -- models -----------------------------------------------------------------------------------------------------------


def texts(folder: Path) -> dict[str, str]:
    """Write a text and pairs of sentences; return what stands for them in a command."""
    random = np.random.default_rng(1)
    parts = ["the a some", "cat dog king queen child", "saw met fed", "a no the", "old red", "house tree mouse", ". !"]
    lines = [" ".join(str(random.choice(part.split())) for part in parts) for _ in range(160)]
    pairs = [f"{line}\t{' '.join(word[::-1] for word in line.split())}" for line in lines[:120]]
    talk = [line for i in range(0, 160, 4) for line in (*lines[i : i + 4], "")]
    for name, rows in (("text.txt", lines), ("pairs.tsv", pairs), ("talk.txt", talk)):
        (folder / name).write_text("\n".join(rows) + "\n", "utf-8")
    files = {"text": "text.txt", "pairs": "pairs.tsv", "talk": "talk.txt"}
    return {**{name: str(folder / file) for name, file in files.items()}, "folder": str(folder)}


def build(folder: Path, names: list[str]) -> dict[str, str]:
    """Train models on the shelf of a folder; return what stands for its texts in a command."""
    places = texts(folder)
    for name in names:
        command = [part.format(**places) for part in TRAININGS[name]]
        naming = ["--name", name] if command[0].startswith("train") else []
        _must(folder, [*command, *naming], None)
        if name in STOPPED:
            _must(folder, [*command, "--name", f"{name}-stopped"], 2)
    return places


def _must(folder: Path, args: list[str], stop: int | None) -> None:
    done = run(folder / "models", args, stop)
    if done.code not in (0, 128):
        raise SystemExit(f"{' '.join(args)}: exit {done.code}: {done.error}")


# -- what is done with them -------------------------------------------------------------------------------------------


def run(shelf: Path, args: list[str], stop: int | None = None) -> Result:
    """Run a command in this process; stop: a training ends, as by Ctrl-C, when it has looked so many times."""
    from seqcli.cli import run as run_command
    from seqcli.training.stop import Stop

    looked = 0

    def asked(self: Any) -> bool:
        nonlocal looked
        looked += 1
        return stop is not None and looked > stop

    out, err = io.StringIO(), io.StringIO()
    with (
        open(os.devnull) as nothing,
        mock.patch.object(sys, "stdin", nothing),
        mock.patch.object(Stop, "asked", asked),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = run_command(["--models-dir", str(shelf), *args])
    return Result(args, code, out.getvalue()[:5000], (err.getvalue().splitlines() or [""])[-1])


def commands(task: str, name: str, places: dict[str, str], random: Random | None) -> list[list[str]]:
    """Return the commands that a model is asked by: those of the shelf, and all of its task, or two drawn."""
    asking = ASKING[task]
    if random is not None:
        asking = [asking[int(i)] for i in random.permutation(len(asking))[:2]]
    return [[part.format(name=name, **places) for part in args] for args in [*OPENING, *asking]]


def resuming(name: str, places: dict[str, str]) -> list[str] | None:
    """Return the command that goes on with a training, where it was stopped."""
    if not name.endswith("-stopped"):
        return None
    command = [part.format(**places) for part in TRAININGS[name.removesuffix("-stopped")][:2]]
    return [*command, "--name", name, "--resume"]


class Asked(NamedTuple):
    """A changed model: which, what was changed, whether check calls it whole, and what the commands did."""

    seed: int
    name: str
    what: str
    whole: bool
    results: list[Result]

    def faults(self) -> list[str]:
        """Return what no command should have done."""
        found = []
        reasons = OF_THE_QUESTION + (OF_A_STOPPED if self.name.endswith("-stopped") else ())
        for args, code, out, error in self.results:
            shown = f"seed {self.seed}: {self.name}, {self.what}: {' '.join(args)}: "
            if code not in (0, 1, 2, 128):
                found.append(f"{shown}exit {code}: {error[:200]}")
            elif code in (1, 2) and not error.startswith("Error: "):
                found.append(f"{shown}no line that says why: {error[:200]}")
            elif code == 0 and NOT_FINITE.search(out):
                found.append(f"{shown}a figure that is not finite: {out[:100]}")
            elif self.whole and code == 1 and not any(reason in error for reason in reasons):
                found.append(f"{shown}check says whole, but: {error[:200]}")
        return found


def ask(folder: Path, places: dict[str, str], names: list[str], seed: int) -> Asked:
    """Change one model of a shelf, on a shelf of its own, and ask it."""
    random = np.random.default_rng(seed)
    name = names[int(random.integers(len(names)))]
    with tempfile.TemporaryDirectory() as own:
        shelf = Path(own) / "models"
        shutil.copytree(folder / "models" / name, shelf / name)
        what = change(shelf / name, random)
        task = json.loads((folder / "models" / name / "model.json").read_bytes())["task"]
        checked = run(shelf, ["models", "check", name, "--jsonl"])
        told = [json.loads(line) for line in checked.out.splitlines()]
        whole = checked.code == 0 and [row["state"] for row in told] == ["whole"]
        asked = commands(task, name, {**places, "folder": own}, random)
        results = [checked, *(run(shelf, args) for args in asked)]
        resume = resuming(name, places)
        if resume is not None:
            results.append(run(shelf, resume, 3))
        return Asked(seed, name, what, whole, results)


def ask_many(folder: Path, places: dict[str, str], seeds: Sequence[int]) -> Iterator[Asked]:
    """Ask a changed model for each seed, in forked children; one that dies takes no other answer with it."""
    names = sorted(path.name for path in (folder / "models").iterdir() if path.is_dir())
    waiting = list(seeds)
    while waiting:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            _answer(write, folder, places, names, waiting[:BATCH])
        os.close(write)
        done = 0
        with os.fdopen(read, encoding="utf-8") as lines:
            for line in lines:
                seed, name, what, whole, results = json.loads(line)
                yield Asked(seed, name, what, whole, [Result(*result) for result in results])
                done += 1
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code:
            yield Asked(waiting[done], "?", "?", False, [Result([], code, "", "the process ended")])
            done += 1
        waiting = waiting[done:]


def _answer(write: int, folder: Path, places: dict[str, str], names: list[str], seeds: Sequence[int]) -> None:
    """Ask models in this process, tell of each in a line, and leave."""
    code = 1
    try:
        with os.fdopen(write, "w", encoding="utf-8", errors="replace") as lines:
            for seed in seeds:
                signal.alarm(SECONDS)
                print(json.dumps(ask(folder, places, names, seed)), file=lines, flush=True)
        code = 0
    finally:
        os._exit(code)


def warm(shelf: Path, places: dict[str, str]) -> None:
    """Run every command once in this process, so that its children have imported what they need."""
    for directory in shelf.iterdir():
        if directory.is_dir():
            task = json.loads((directory / "model.json").read_bytes())["task"]
            for args in commands(task, directory.name, places, None):
                if not {"other", "new", "export", "index-vectors"}.intersection(args):  # what would change the shelf
                    run(shelf, args)


def table(asked: Iterable[Asked]) -> dict[str, Any]:
    """Return how many commands did what, and print every fault."""
    codes, counts = Counter[int](), Counter[str](models=0, faults=0)
    for one in asked:
        counts["models"] += 1
        if not counts["models"] % 500:
            print(f"{counts['models']} models", file=sys.stderr, flush=True)
        codes.update(result.code for result in one.results)
        refused = any(result.code in (1, 2) for result in one.results[1:])
        counts["whole" if one.whole else "refused" if refused else "refused by check alone"] += 1
        for fault in one.faults():
            counts["faults"] += 1
            print(fault, flush=True)
    return {**counts, "commands": sum(codes.values()), "exit": dict(sorted(codes.items()))}


def main() -> None:
    """Ask 10,000 changed models, and record what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", help="A folder for the models: made there, or there already.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(given.keep or temporary)
        folder.mkdir(exist_ok=True)
        places = texts(folder) if (folder / "models").exists() else build(folder, list(TRAININGS))
        warm(folder / "models", places)
        first = given.seed * 10**6
        found = table(ask_many(folder, places, range(first, first + given.models)))
    print(json.dumps(found))
    if given.models >= 10_000:
        from record import record

        record("mutated-models", seed=given.seed, **found)


if __name__ == "__main__":
    main()
