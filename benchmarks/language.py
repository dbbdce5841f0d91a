"""Language models on the Penn Treebank: seqcli against the usual PyTorch loop, in one run.

python benchmarks/language.py [ROW...] [--seconds 240] [--minutes 5]. Rows: plain (the usual loop for --seconds), third
(seqcli for a third of them, with a model small enough for so little time), default (seqcli with no setting but
--minutes). Of seqcli's models the test text is measured too.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from typing import Any

from plain_loop import train
from record import record
from texts import PTB

from seqcli.text.corpus import build, read_pieces
from seqcli.text.settings import TextSpec

TRAIN, VALID, TEST = PTB


def seqcli(*arguments: str) -> Any:
    """Run a seqcli command and return the JSON that it printed."""
    done = subprocess.run([sys.executable, "-m", "seqcli", *arguments, "--json"], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def seqcli_row(models: str, what: str, minutes: float, *settings: str) -> dict[str, Any]:
    """Train and measure as a user would; return the row."""
    files = [os.fspath(TRAIN), "--valid", os.fspath(VALID), "--tokenizer", "whitespace"]
    budget = ["--models-dir", models, "--name", "ptb", "--replace", "--minutes", f"{minutes:g}"]
    trained = seqcli("train-lm", *files, *budget, *settings)
    test = seqcli("evaluate", "ptb", "--models-dir", models, "--test", os.fspath(TEST))[0]
    return {
        "what": " ".join([what, *settings]),
        "seconds": trained["training_seconds"],
        "valid_perplexity": trained["held_out"]["perplexity"],
        "test_perplexity": test["perplexity"],
        "test_tokens": test["tokens"],
        "tokens_per_second": trained["tokens_per_second"],
    }


def plain_row(seconds: float, threads: int) -> dict[str, Any]:
    """Run the plain loop; return the row."""
    text = TextSpec(tokenizer="whitespace")
    corpus = build(read_pieces([os.fspath(TRAIN)]), read_pieces([os.fspath(VALID)]), text)
    perplexity, speed = train(corpus.train.ids, corpus.held_out.ids, len(corpus.vocabulary), seconds, threads)
    what = "plain loop, 2 x 200 LSTM, full softmax"
    return {"what": what, "seconds": seconds, "valid_perplexity": perplexity, "tokens_per_second": speed}


def main() -> None:
    """Measure, print, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", default=["third", "plain", "default"])
    parser.add_argument("--seconds", type=float, default=240.0)
    parser.add_argument("--minutes", type=float, default=5.0)
    options = parser.parse_args()
    threads = len(os.sched_getaffinity(0))
    small = ("--hidden-size", "256", "--dropout", "0.1")
    with tempfile.TemporaryDirectory() as models:
        make = {
            "third": lambda: seqcli_row(models, "seqcli train-lm", options.seconds / 180, *small),
            "plain": lambda: plain_row(options.seconds, threads),
            "default": lambda: seqcli_row(models, "seqcli train-lm", options.minutes),
        }
        rows = [make[name]() for name in options.rows]
    print(f"{'what':56}{'seconds':>9}{'valid':>9}{'test':>9}{'tokens/s':>10}")
    for row in rows:
        test = f"{row['test_perplexity']:.1f}" if "test_perplexity" in row else ""
        print(
            f"{row['what']:56}{row['seconds']:9.0f}{row['valid_perplexity']:9.1f}{test:>9}"
            f"{row['tokens_per_second']:10,.0f}"
        )
        record("language", **row, threads=threads, seed=1)


if __name__ == "__main__":
    main()
