"""Target tokens of Multi30k learned from in a second: seqcli against JoeyNMT's recurrent model of the same sizes.

JoeyNMT is installed apart from seqcli, into benchmarks/.peers, by this script. Both read the same text cut into the
same subwords, 64 pairs an update, and work in turn, each in a process of its own; the median of each counts. JoeyNMT
works as its own examples have it, with input feeding, and without too, which is nearer to what seqcli does. Its
decoder has one layer; seqcli's, by default, another over the attention.

python benchmarks/translator_training.py [--rounds 3] [--updates 60] [--threads 2]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

from record import record
from translation import ROWS, files, seqcli

from seqcli.store import Shelf
from seqcli.text.tokens import make, tokens_of
from seqcli.translation.settings import TranslationSpec

JOEY = Path(__file__).resolve().parent / ".peers" / "joeynmt"
SPEED = re.compile(r"Tokens per Sec: +([\d.]+)")
PACKAGES = ("joeynmt==2.3.0", "importlib_metadata", "torch==2.13.0", "numpy<2")  # it forgets to ask for the second
PAIRS = 64  # in an update
DROPOUT = 0.3  # of both: JoeyNMT has no other kind
OURS = 10  # times as many updates: what we measure on the way, and JoeyNMT does not here, counts for us


def install() -> str:
    """Install JoeyNMT, once; return its interpreter."""
    python = JOEY / "bin" / "python"
    if not python.exists():
        venv.create(JOEY, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True)
    return os.fspath(python)


def config(folder: Path, updates: int, feeding: bool) -> dict[str, Any]:
    """Return JoeyNMT's settings for a model of seqcli's default sizes."""
    spec = TranslationSpec(dropout=DROPOUT)
    cell = {"type": "recurrent", "rnn_type": spec.cell, "dropout": spec.dropout, "num_layers": spec.layers}
    embeddings = {"embedding_dim": spec.embedding_size}
    side = {"level": "word", "lowercase": False, "max_length": 200, "voc_file": str(folder / "pieces.txt")}
    return {
        **{"name": "speed", "model_dir": str(folder / f"out-{feeding}"), "use_cuda": False, "random_seed": 1},
        "data": {
            **{"train": str(folder / "cut.train"), "dev": str(folder / "cut.val"), "dataset_type": "plain"},
            **{"src": {"lang": "en", **side}, "trg": {"lang": "de", **side}},
        },
        "testing": {"beam_size": 1},
        "training": {
            **{"optimizer": "adam", "learning_rate": 0.003, "clip_grad_norm": 1.0, "label_smoothing": 0.1},
            **{
                "batch_size": PAIRS,
                "batch_type": "sentence",
                "normalization": "tokens",
                "epochs": 9,
                "scheduling": "exponential",
            },
            **{"updates": updates, "logging_freq": updates // 3, "validation_freq": updates // 3 * 30},
        },
        "model": {
            "tied_embeddings": True,
            "encoder": {**cell, "embeddings": embeddings, "hidden_size": spec.encoder_size, "bidirectional": True},
            "decoder": {
                **{**cell, "embeddings": embeddings, "hidden_size": spec.hidden_size, "attention": "luong"},
                **{"input_feeding": feeding, "init_hidden": "bridge", "hidden_dropout": spec.dropout},
            },
        },
    }


def joeynmt(python: str, folder: Path, updates: int, threads: int, feeding: bool) -> float:
    """Train for some updates; return target tokens a second, those of the first third left out."""
    path = folder / "speed.yaml"
    path.write_text(json.dumps(config(folder, updates, feeding)))
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    command = [python, "-m", "joeynmt", "train", path, "--skip-test"]
    shutil.rmtree(folder / f"out-{feeding}", ignore_errors=True)  # of an earlier round: it writes over none
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    speeds = [float(found) for found in SPEED.findall(done.stdout + done.stderr)]
    if len(speeds) < 2:
        raise SystemExit(f"JoeyNMT said: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return statistics.mean(speeds[1:])


def ours(folder: Path, updates: int, threads: int) -> float:
    """Train for as many updates; return target tokens a second."""
    pairs = [str(folder / f"train.{language}") for language in ("en", "de")]
    held = [word for language in ("en", "de") for word in ("--valid", str(folder / f"val.{language}"))]
    shelf = ["--models-dir", str(folder / "models"), "--name", "speed", "--replace"]
    budget = ["--epochs", f"{updates * PAIRS / 29_000:.3f}", "--threads", str(threads)]
    shares = ["--dropout", str(DROPOUT), "--weight-dropout", "0", "--embedding-dropout", "0"]
    return float(seqcli("train-translate", *pairs, *held, *shelf, *budget, *shares)["tokens_per_second"])


def main() -> None:
    """Measure both in turn, and record the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--updates", type=int, default=60)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    python = install()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("train", "val"):
            files(ROWS["en-de"], part, folder)
        ours(folder, 3, options.threads)  # learns the subwords that JoeyNMT reads
        stored = Shelf(folder / "models").read("speed")
        (folder / "pieces.txt").write_bytes(stored.load("vocabulary"))
        tokenizer = make("subwords", False, stored.load("tokenizer"))
        for path in [path for part in ("train", "val") for path in folder.glob(f"{part}.??")]:
            lines = path.read_text("utf-8").splitlines()
            cut = "".join(" ".join(tokens_of(tokenizer, line)) + "\n" for line in lines)
            path.with_name(f"cut.{path.name}").write_text(cut, "utf-8")
        found: dict[str, list[float]] = {"seqcli": [], "joeynmt": [], "joeynmt_without_feeding": []}
        for _ in range(options.rounds):
            found["seqcli"].append(ours(folder, OURS * options.updates, options.threads))
            for key, feeding in (("joeynmt", True), ("joeynmt_without_feeding", False)):
                found[key].append(joeynmt(python, folder, options.updates, options.threads, feeding))
            print({key: round(values[-1]) for key, values in found.items()}, file=sys.stderr, flush=True)
    middle = {key: statistics.median(values) for key, values in found.items()}
    ratios = {f"ratio_to_{key}": middle["seqcli"] / value for key, value in middle.items() if key != "seqcli"}
    print(record("translator_training", threads=options.threads, updates=options.updates, **middle, **ratios))


if __name__ == "__main__":
    main()
