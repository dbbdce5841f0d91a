"""Translators measured on public test sets: each row is what a user types, and sacrebleu's score with its signature.

python benchmarks/translation.py ROW... [--models-dir DIR] [--minutes M] [--threads 2] [--seed 1] [SETTINGS]. Rows:
en-de, de-en (Multi30k), en-de-long (two hours), en-de-none (no attention), en-de-none-wide and en-de-wide (twice the
state), en-ja (Tanaka, on the corpus's own tokens). Figures are those of the test text; of Tanaka's dev text, the only
other it has.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from record import record
from texts import DATA


class Row(NamedTuple):
    """A training and its test: files by part, settings, minutes."""

    folder: str
    train: str
    valid: str
    test: str
    languages: tuple[str, str]
    minutes: float = 30.0
    settings: tuple[str, ...] = ()
    evaluation: tuple[str, ...] = ()


def multi30k(*languages: str, minutes: float = 30.0, settings: tuple[str, ...] = ()) -> Row:
    """Return a row on Multi30k."""
    return Row("multi30k", "train", "val", "test_2016_flickr", (languages[0], languages[1]), minutes, settings)


# Without attention a model learns little by heart: what is fitted to the others would be dropped for nothing.
NONE = ("--attention", "none", "--dropout", "0.2", "--weight-dropout", "0", "--embedding-dropout", "0")
WIDE = ("--encoder-size", "384", "--hidden-size", "640")
ROWS = {
    "en-de": multi30k("en", "de"),
    "de-en": multi30k("de", "en"),
    "en-de-long": multi30k("en", "de", minutes=120.0),
    "en-de-none": multi30k("en", "de", settings=NONE),
    "en-de-none-wide": multi30k("en", "de", settings=(*NONE, *WIDE)),
    "en-de-wide": multi30k("en", "de", settings=WIDE),
    "en-ja": Row("tanaka-enja", "train", "dev", "dev", ("en", "ja"), evaluation=("--bleu-tokenizer", "none")),
}


def seqcli(*arguments: str) -> Any:
    """Run a seqcli command and return the JSON that it printed."""
    done = subprocess.run([sys.executable, "-m", "seqcli", *arguments, "--json"], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def files(row: Row, part: str, folder: Path) -> list[str]:
    """Return the two files of a part, unpacked into a folder."""
    found = []
    for language in row.languages:
        packed = DATA / row.folder / f"{part}.{language}.gz"
        plain = folder / f"{part}.{language}" if packed.exists() else packed.with_suffix("")
        if packed.exists():
            plain.write_bytes(gzip.decompress(packed.read_bytes()))
        found.append(str(plain))
    return found


def measure(name: str, models: str, minutes: float | None, threads: int, seed: int, settings: list[str]) -> None:
    """Train a row, measure it, and record its figures."""
    row = ROWS[name]
    minutes = minutes or row.minutes
    with tempfile.TemporaryDirectory() as folder:
        train, valid, test = (files(row, part, Path(folder)) for part in (row.train, row.valid, row.test))
        shelf = ["--models-dir", models]
        held = [word for path in valid for word in ("--valid", path)]
        budget = ["--name", name, "--replace", "--minutes", f"{minutes:g}", "--threads", str(threads)]
        by_hand = ["--seed", str(seed), *row.settings, *settings]
        trained = seqcli("train-translate", *train, *held, *shelf, *budget, *by_hand)
        tests = [word for path in test for word in ("--test", path)]
        measured = seqcli("evaluate-translation", name, *shelf, *tests, "--by-length", *row.evaluation)
    whole, parts = measured[0], measured[1:]
    found = {key: whole[key] for key in ("pairs", "bleu", "chrf", "ter", "nats_per_token", "signature")}
    by_length = {part["part"]: part["bleu"] for part in parts}
    speed = {key: trained[key] for key in ("training_seconds", "tokens_per_second")}
    print(
        record(
            "translation",
            row=name,
            minutes=minutes,
            threads=threads,
            seed=seed,
            settings=settings,
            **found,
            **speed,
            by_length=by_length,
        )
    )


def main() -> None:
    """Measure the rows that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="+", choices=ROWS)
    parser.add_argument("--models-dir", default="models")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seed", type=int, default=1)
    options, settings = parser.parse_known_args()
    for name in options.rows:
        measure(name, options.models_dir, options.minutes, options.threads, options.seed, settings)


if __name__ == "__main__":
    main()
