"""Proofreading measured with a model of old novels, on novels that are not among them and on learners' English.

python benchmarks/proofreading.py MODEL [--models-dir DIR] [--rows ROW...] [--letters N]. The model is one of
`train-fill completion/train.txt.gz --minutes 30`, which holds no book of the author of Moby-Dick, and another book of
the author of Bleak House. Rows: clean (false alarms), letters (3 % of letters damaged, as JamSpell does), words (one
word in 50 another one), kinds (every kind of error), learners (JFLEG dev), speed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from record import record
from texts import DATA, NOVELS

NOVEL_STARTS = {"Moby-Dick": "Call me Ishmael", "Bleak House": "London. Michaelmas"}
RATES = {"clean": "0.3%", "letters": "0.35%", "words": "1%", "kinds": "0.5%"}
NOISE = {"clean": "none", "letters": "letters", "words": "words", "kinds": "mixed"}
LEARNERS_RATES = ("0.3%", "2%")


def seqcli(*arguments: str) -> Any:
    """Run a seqcli command and return the JSON that it printed."""
    done = subprocess.run([sys.executable, "-m", "seqcli", *arguments, "--json"], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def novel(title: str, letters: int, folder: Path) -> Path:
    """Write the beginning of a novel of the collection into a folder; return the file."""
    with gzip.open(NOVELS, "rt", encoding="utf-8") as stream:
        text = stream.read()
    start = text.index(f"\n{NOVEL_STARTS[title]}") + 1
    file = folder / f"{title}.txt"
    file.write_text(text[start : start + letters], "utf-8")
    return file


def damaged(model: str, shelf: list[str], row: str, letters: int) -> None:
    """Measure errors put into novels."""
    with tempfile.TemporaryDirectory() as folder:
        for title in NOVEL_STARTS:
            file = novel(title, letters, Path(folder))
            how = ["--noise", NOISE[row], "--alarm-rate", RATES[row], "--letters", str(letters)]
            found = seqcli("evaluate-proofread", model, *shelf, "--test", str(file), *how, "--by-kind")
            for one in found if row == "kinds" else [one for one in found if one["kind"] == "all"]:
                print(record("proofreading", row=row, novel=title, rate=RATES[row], **one))


def learners(model: str, shelf: list[str]) -> None:
    """Measure GLEU on the sentences of learners, before and after."""
    files = [DATA / "proofreading" / f"jfleg.dev.{part}" for part in ("src", "ref0", "ref1", "ref2", "ref3")]
    gold = [word for file in files for word in ("--gold", str(file))]
    for rate in LEARNERS_RATES:
        [found] = seqcli("evaluate-proofread", model, *shelf, *gold, "--alarm-rate", rate)
        print(record("proofreading", row="learners", rate=rate, **found))


def speed(model: str, shelf: list[str], letters: int) -> None:
    """Measure words a second of the whole command, the best of three."""
    with tempfile.TemporaryDirectory() as folder:
        file = novel("Bleak House", letters, Path(folder))
        words = len(file.read_text("utf-8").split())
        seconds = []
        for _ in range(3):
            began = time.perf_counter()
            seqcli("proofread", str(file), "-m", model, *shelf, "--exit-zero")
            seconds.append(time.perf_counter() - began)
        figures = {"words": words, "seconds": min(seconds), "words_per_second": words / min(seconds)}
        print(record("proofreading", row="speed", model=model, **figures, threads=len(os.sched_getaffinity(0))))


def main() -> None:
    """Measure the rows that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--models-dir", default="models")
    parser.add_argument(
        "--rows", nargs="+", choices=[*NOISE, "learners", "speed"], default=[*NOISE, "learners", "speed"]
    )
    parser.add_argument("--letters", type=int, default=300_000)
    options = parser.parse_args()
    shelf = ["--models-dir", options.models_dir]
    for row in options.rows:
        if row in NOISE:
            damaged(options.model, shelf, row, options.letters)
        elif row == "learners":
            learners(options.model, shelf)
        else:
            speed(options.model, shelf, 4 * options.letters)


if __name__ == "__main__":
    main()
