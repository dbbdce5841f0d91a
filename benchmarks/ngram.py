"""N-gram models of the Penn Treebank by order, beside kenlm's answers from the file that seqcli writes.

python benchmarks/ngram.py [--orders 2 3 4 5 6] [--books]: each order is a whole `seqcli train-lm`, timed from outside;
order 5 is exported, and kenlm (built from source in benchmarks/.peers) asked about every token of the test text. With
--books also order 5 of the 17 million words.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

import numpy as np
from record import record
from texts import BOOKS, PTB

from seqcli.language.ngram.arrays import NgramArrays
from seqcli.store import Shelf
from seqcli.text.corpus import encode, read_pieces
from seqcli.text.tokens import make

HERE = Path(__file__).resolve().parent
PEER = HERE / ".peers" / "kenlm"
TRAIN, VALID, TEST = PTB
EXPORTED = 5  # the order that kenlm is asked about
KENLM = """
import json, sys, time, kenlm
model = kenlm.Model(sys.argv[1])
lines = [" ".join(line.split()) for line in open(sys.argv[2], encoding="utf-8")]
began = time.perf_counter()
logs = [log for line in lines for log, *_ in model.full_scores(line)]
json.dump({"logs": logs, "seconds": time.perf_counter() - began}, sys.stdout)
"""


def peer() -> Path:
    """Return a Python that has kenlm, built at the first call."""
    python = PEER / "bin" / "python"
    if not python.exists():
        venv.create(PEER, with_pip=True)
    if subprocess.run([python, "-c", "import kenlm"], capture_output=True).returncode:
        subprocess.run([python, "-m", "pip", "install", "-q", "kenlm==0.3.0"], check=True)
    return python


def run(*command: Any) -> tuple[bytes, float, float]:
    """Run a command; return its output, its seconds, and megabytes at its height."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen([str(part) for part in command], stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        if status:
            raise SystemExit(f"{command[0]} failed")
        out.seek(0)
        return out.read(), seconds, usage.ru_maxrss / 1000


def train(models: str, order: int, *text: Any) -> dict[str, Any]:
    """Train with `seqcli train-lm` and return what it cost and what came of it."""
    program = [sys.executable, "-m", "seqcli", "-q", "--models-dir", models, "train-lm", "--architecture", "ngram"]
    settings = ["--order", order, "--name", f"order{order}", "--tokenizer", "whitespace", "--replace", "--json"]
    out, seconds, megabytes = run(*program, *text, *settings)
    found = json.loads(out)
    size = sum(file.size for file in Shelf(models).read(f"order{order}").files.values())
    return {
        "order": order,
        "seconds": seconds,
        "training_seconds": found["training_seconds"],
        "megabytes_at_height": megabytes,
        "bytes": size,
        "valid_perplexity": found["held_out"]["perplexity"],
    }


def scores(models: str, order: int) -> tuple[np.ndarray[Any, Any], float]:
    """Return the natural log of the probability of each token of the test text, and the tokens scored a second."""
    stored = Shelf(models).read(f"order{order}")
    vocabulary = stored.vocabulary()
    ids = encode(read_pieces([str(TEST)]), make("whitespace", False), vocabulary, "line").ids
    model = NgramArrays.stored(stored, len(vocabulary))
    began = time.perf_counter()
    found = np.concatenate(list(model.text_log_probabilities(ids)))
    return found, len(ids) / (time.perf_counter() - began)


def compare(models: str, ours: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Export a model, ask kenlm about the test text, and return how far the answers are apart."""
    python = peer()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ptb.arpa"
        _, seconds, _ = run(sys.executable, "-m", "seqcli", "-q", "--models-dir", models, "export", "order5", file)
        answer = json.loads(run(python, "-c", KENLM, file, TEST)[0])
        size = file.stat().st_size
    theirs = np.array(answer["logs"]) * np.log(10)
    return {
        "order": EXPORTED,
        "tokens": len(theirs),
        "largest_difference": float(np.abs(theirs - ours).max() / np.log(10)),  # of logs to base 10, as ARPA has them
        "test_perplexity": float(np.exp(-theirs.mean())),
        "tokens_per_second": len(theirs) / answer["seconds"],
        "export_seconds": seconds,
        "arpa_bytes": size,
    }


def main() -> None:
    """Measure, print, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, nargs="*", default=[2, 3, 4, 5, 6])
    parser.add_argument("--books", action="store_true")
    options = parser.parse_args()
    print(
        f"{'order':>5}{'seconds':>9}{'counting':>9}{'MB high':>9}{'MB model':>9}{'valid':>8}{'test':>8}{'tokens/s':>11}"
    )
    with tempfile.TemporaryDirectory() as models:
        for order in options.orders:
            found = train(models, order, TRAIN, "--valid", VALID)
            ours, speed = scores(models, order)
            perplexity = float(np.exp(-ours.mean()))
            print(
                f"{order:5}{found['seconds']:9.2f}{found['training_seconds']:9.2f}{found['megabytes_at_height']:9.0f}"
                f"{found['bytes'] / 1e6:9.1f}{found['valid_perplexity']:8.2f}{perplexity:8.2f}{speed:11,.0f}"
            )
            record("ngram", **found, test_perplexity=perplexity, test_tokens=len(ours), score_tokens_per_second=speed)
            if order == EXPORTED:
                result = compare(models, ours)
                record("ngram-kenlm", **result)
                print(f"      kenlm on the exported file: {json.dumps(result)}")
        if options.books:
            found = train(models, EXPORTED, BOOKS)
            record("ngram-books17", **found)
            print(f"      books17, order 5: {json.dumps(found)}")


if __name__ == "__main__":
    main()
