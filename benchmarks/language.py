"""Language models on the Penn Treebank: seqcli against the usual PyTorch loop, in one run.

python benchmarks/language.py [--seconds 240] [--minutes 5]: the plain loop for --seconds, seqcli for a third of them,
then seqcli for --minutes and its perplexity on the test text.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from plain_loop import train
from record import record

from seqcli.spec import TextSpec
from seqcli.text.corpus import build, read_pieces

PTB = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "ptb"
TRAIN, VALID, TEST = PTB / "ptb.train.txt.gz", PTB / "ptb.valid.txt", PTB / "ptb.test.txt"


def seqcli(*arguments: str) -> Any:
    """Run a seqcli command and return the JSON that it printed."""
    done = subprocess.run([sys.executable, "-m", "seqcli", *arguments, "--json"], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def train_lm(models: str, name: str, minutes: float) -> dict[str, Any]:
    """Train with default settings on the Penn Treebank."""
    files = [os.fspath(TRAIN), "--valid", os.fspath(VALID), "--tokenizer", "whitespace"]
    trained: dict[str, Any] = seqcli(
        "train-lm", *files, "--models-dir", models, "--name", name, "--minutes", f"{minutes:g}"
    )
    return trained


def main() -> None:
    """Measure, print, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=240.0)
    parser.add_argument("--minutes", type=float, default=5.0)
    options = parser.parse_args()
    threads = len(os.sched_getaffinity(0))
    text = TextSpec(tokenizer="whitespace")
    corpus = build(read_pieces([os.fspath(TRAIN)], "utf-8"), read_pieces([os.fspath(VALID)], "utf-8"), text)
    with tempfile.TemporaryDirectory() as models:
        third = train_lm(models, "third", options.seconds / 180)
        size = len(corpus.vocabulary)
        plain, plain_speed = train(corpus.train.ids, corpus.held_out.ids, size, options.seconds, threads)
        whole = train_lm(models, "whole", options.minutes)
        test = seqcli("evaluate", "whole", "--models-dir", models, "--test", os.fspath(TEST))[0]
    print(f"{'what':44}{'seconds':>9}{'valid':>9}{'test':>9}{'tokens/s':>10}")
    for what, seconds, valid, tested, speed in (
        ("plain loop, 2 x 200 LSTM, full softmax", options.seconds, plain, None, plain_speed),
        (
            "seqcli train-lm, a third of the time",
            third["training_seconds"],
            third["held_out"]["perplexity"],
            None,
            third["tokens_per_second"],
        ),
        (
            "seqcli train-lm",
            whole["training_seconds"],
            whole["held_out"]["perplexity"],
            test["perplexity"],
            whole["tokens_per_second"],
        ),
    ):
        print(f"{what:44}{seconds:9.0f}{valid:9.1f}{f'{tested:.1f}' if tested else '':>9}{speed:10,.0f}")
        record(
            "language",
            what=what,
            seconds=seconds,
            valid_perplexity=valid,
            test_perplexity=tested,
            tokens_per_second=speed,
            test_tokens=test["tokens"],
            threads=threads,
            seed=1,
        )


if __name__ == "__main__":
    main()
