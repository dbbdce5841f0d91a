"""Word vectors against gensim (corpus_file) and word2vec.c: speed, similarity, memory, turn about in one run.

Both peers are installed apart from seqcli, into benchmarks/.peers, by this script: gensim into an environment of its
own, word2vec.c from the source distribution of the Python package word2vec. One epoch over books17, 100 dimensions,
window 5, 5 negatives, min count 5, subsample 1e-3, two threads.

word2vec.c is built twice: with its own -O3 -march=native, and with -ffast-math too. Without it gcc may not change the
order of sums, so that every product of two vectors is a chain of a hundred additions, one after the other.

Usage: python benchmarks/word2vec.py [--rounds 3] [--parts skip-gram,cbow,c,tree,wide] [-- nice -n -5]
What follows -- stands before every timed command. `wide`, `tree` and `c` run once, with seed 1.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from record import latest, record
from texts import BOOKS, DATA

from seqcli.vectors.evaluate import read_analogies, read_pairs, score_analogies, score_pairs
from seqcli.vectors.formats import read
from seqcli.vectors.table import Table

HERE = Path(__file__).resolve().parent
PEERS = HERE / ".peers"
MODELS = PEERS / "models"
SETS = {"WordSim-353": "EN-WS-353-ALL.txt", "SimLex-999": "EN-SIMLEX-999.txt"}
THREADS = 2
FLAGS = ("-O3", "-march=native", "-funroll-loops")
C_PROGRAMS = {
    "word2vec.c skip-gram": ("word2vec", FLAGS),
    "word2vec.c -ffast-math skip-gram": ("word2vec-fast", (*FLAGS, "-ffast-math")),
}
Run = Callable[[int], dict[str, Any]]

GENSIM = """
import json, sys, time
from gensim.models import Word2Vec
text, out, sg, hs, size, seed = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
model = Word2Vec(vector_size=size, window=5, negative=0 if hs else 5, hs=hs, min_count=5, sample=1e-3, sg=sg,
                 workers=2, seed=seed)
model.build_vocab(corpus_file=text)
began = time.perf_counter()
model.train(corpus_file=text, total_words=model.corpus_total_words, total_examples=model.corpus_count, epochs=1)
seconds = time.perf_counter() - began
model.wv.save_word2vec_format(out, binary=True)
print(json.dumps({"words_per_second": model.corpus_total_words / seconds}))
"""


def install() -> None:
    """Install both peers, once."""
    python = PEERS / "bin" / "python"
    if not python.exists():
        venv.create(PEERS, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "gensim==4.4.0"], check=True)
    if not (PEERS / "word2vec.c").exists():
        source = ["-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", PEERS, "word2vec==0.11.1"]
        subprocess.run([python, *source], check=True)
        with tarfile.open(next(PEERS.glob("word2vec-*.tar.gz"))) as archive:
            member = next(m for m in archive.getmembers() if m.name.endswith("/word2vec.c"))
            (PEERS / "word2vec.c").write_bytes(archive.extractfile(member).read())  # type: ignore[union-attr]
    for program, flags in C_PROGRAMS.values():
        command = ["cc", PEERS / "word2vec.c", "-o", PEERS / program, *flags, "-w", "-lm", "-pthread"]
        if not (PEERS / program).exists():
            subprocess.run(command, check=True)


def timed(command: list[Any], prefix: list[str]) -> tuple[str, float, float, float]:
    """Run a command; return its output, its seconds, those from its first output on, and megabytes at its height."""
    script = [*prefix, sys.executable, __file__, "--alone", *map(str, command)]  # under a lock no waiting is measured
    done = subprocess.run(script, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{command[0]} failed: {done.stderr[-2000:]}")
    result = json.loads(done.stdout)
    return result["output"], result["seconds"], result["after_first"], result["megabytes"]


def alone(command: list[str]) -> None:
    """Run a command and print what `timed` returns of it."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0)
    assert process.stdout is not None
    output = process.stdout.read(1)
    first = time.perf_counter()
    output += process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    ended = time.perf_counter()
    text = output.decode(errors="replace")[-2000:]
    figures = {"output": text, "seconds": ended - began, "after_first": ended - first}
    print(json.dumps({**figures, "megabytes": usage.ru_maxrss / 1000}))
    raise SystemExit(os.waitstatus_to_exitcode(status))


def train(text: Path, prefix: list[str], seed: int, *options: str) -> tuple[dict[str, Any], float, float]:
    """Train by the command line, as a user does; return (its JSON, seconds, megabytes)."""
    program = [Path(sys.executable).with_name("seqcli"), "--models-dir", MODELS, "-q", "train-w2v", text, "--json"]
    settings = ["--tokenizer", "whitespace", "--unit", "line", "--epochs", 1, "--threads", THREADS, "--seed", seed]
    output, seconds, _, megabytes = timed([*program, *settings, "--replace", *options], prefix)
    return json.loads(output), seconds, megabytes


def vectors_of(directory: Path) -> tuple[str, Table]:
    """Return the hash of a model's vectors, and their table."""
    from safetensors.numpy import load_file

    words = next(directory.glob("vocabulary-*")).read_text().splitlines()[2:]
    file = next(directory.glob("vectors-*"))
    return file.name.split("-")[1].split(".")[0], Table(words, load_file(file)["input"])


def run_seqcli(text: Path, prefix: list[str], seed: int, *options: str) -> dict[str, Any]:
    """Train and measure."""
    result, seconds, megabytes = train(text, prefix, seed, *options)
    found, table = vectors_of(Path(result["directory"]))
    speed = result["words_per_second"]
    return {"speed": speed, "seconds": seconds, "megabytes": megabytes, "hash": found, **scores(table)}


def run_gensim(text: Path, prefix: list[str], seed: int, sg: int, hs: int = 0, size: int = 100) -> dict[str, Any]:
    """Train by gensim, from the same plain file."""
    out = PEERS / "gensim.bin"
    command = [PEERS / "bin" / "python", "-c", GENSIM, text, out, sg, hs, size, seed]
    output, seconds, _, megabytes = timed(command, prefix)
    speed = json.loads(output)["words_per_second"]
    return {"speed": speed, "seconds": seconds, "megabytes": megabytes, **scores(loaded(out))}


def run_c(text: Path, prefix: list[str], program: str, words: int) -> dict[str, Any]:
    """Train by word2vec.c; its training begins with its first report of progress, and saving 18 MB is part of it."""
    out = PEERS / "c.bin"
    settings = {"cbow": 0, "size": 100, "window": 5, "negative": 5, "hs": 0, "sample": 1e-3, "iter": 1}
    options = [part for key, value in settings.items() for part in (f"-{key}", value)]
    files = ["-train", text, "-output", out, "-binary", 1, "-min-count", 5, "-threads", THREADS]
    command = [PEERS / program, *files, *options]
    _, seconds, training, megabytes = timed(command, prefix)
    return {"speed": words / training, "seconds": seconds, "megabytes": megabytes, **scores(loaded(out))}


def loaded(path: Path) -> Table:
    """Return the table of a word2vec binary file."""
    found = read(os.fspath(path))
    return Table(found.words, found.matrix)


def scores(table: Table) -> dict[str, Any]:
    """Return Spearman's rank correlations, the share of solved analogies (3CosAdd), and how many items are covered."""
    found: dict[str, Any] = {}
    for name, file in SETS.items():
        lines = (DATA / "vectors" / file).read_text().lower().splitlines()
        result = score_pairs(table, read_pairs(lines, name))
        found[name] = result.correlation
        found[f"{name} covered"] = result.covered
    lines = (DATA / "vectors" / "questions-words.txt").read_text().lower().splitlines()
    sections = score_analogies(table, read_analogies(lines, "questions-words"))
    covered = sum(int(section.covered.sum()) for section in sections)
    found["analogies"] = sum(int(section.add.sum()) for section in sections) / max(covered, 1)
    found["analogies covered"] = covered
    return found


def plain_text() -> Path:
    """Return books17 as a plain file, which all programs can read."""
    text = PEERS / "books17.txt"
    if not text.exists():
        with gzip.open(BOOKS) as packed, text.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
    return text


OPTIONS = {
    "seqcli skip-gram --reproducible": ("--reproducible",),
    "seqcli cbow": ("--architecture", "cbow"),
    "seqcli skip-gram, hierarchical": ("--output", "hierarchical-softmax"),
    "seqcli skip-gram, 300 dimensions": ("--embedding-size", "300"),
}


def tiny_text() -> Path:
    """Return a text of a few thousand words."""
    text = PEERS / "tiny.txt"
    text.write_text("".join(f"the cat sat on the mat and the dog ran after it {i % 7}\n" for i in range(3000)))
    return text


def programs(text: Path, prefix: list[str]) -> dict[str, dict[str, Run]]:
    """Return what is measured: for each part, by its name, what trains with a seed and returns figures."""
    words = len(text.read_bytes().split())

    def ours(name: str) -> dict[str, Run]:
        return {name: lambda seed: run_seqcli(text, prefix, seed, *OPTIONS.get(name, ()))}

    def theirs(sg: int, hs: int = 0, size: int = 100) -> Run:
        return lambda seed: run_gensim(text, prefix, seed, sg, hs, size)

    def in_c(program: str) -> Run:
        return lambda seed: run_c(text, prefix, program, words)

    return {
        "skip-gram": {
            "gensim skip-gram": theirs(1),
            **ours("seqcli skip-gram"),
            **ours("seqcli skip-gram --reproducible"),
        },
        "cbow": {"gensim cbow": theirs(0), **ours("seqcli cbow")},
        "c": {name: in_c(program) for name, (program, _) in C_PROGRAMS.items()},
        "tree": {
            "gensim skip-gram, hierarchical": theirs(1, 1),
            **ours("seqcli skip-gram, hierarchical"),
        },
        "wide": {
            "gensim skip-gram, 300 dimensions": theirs(1, 0, 300),
            **ours("seqcli skip-gram, 300 dimensions"),
        },
    }


ONCE = ("c", "tree", "wide")  # parts that take minutes a round


def main() -> None:
    """Run, print the table and record every row of it."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--parts", default="skip-gram,cbow,c,tree,wide")
    parser.add_argument("prefix", nargs="*")
    given = parser.parse_args()
    install()
    text = plain_text()
    parts = programs(text, given.prefix)
    chosen = {part: parts[part] for part in given.parts.split(",")}
    results: dict[str, list[dict[str, Any]]] = {name: [] for runs in chosen.values() for name in runs}
    for name in results:
        if name.startswith("seqcli"):
            train(tiny_text(), [], 1, *OPTIONS.get(name, ()))  # once for nothing: the kernels are compiled
    for seed in range(1, given.rounds + 1):
        for part, runs in chosen.items():
            for name, run in runs.items():
                if seed == 1 or part not in ONCE:
                    results[name].append(run(seed))
                    print(f"seed {seed}: {name}: {brief(results[name][-1])}", file=sys.stderr, flush=True)
    report(results)


def brief(row: dict[str, Any]) -> str:
    """Return a run's figures in a line."""
    names = ("WordSim-353", "SimLex-999", "analogies")
    quality = ", ".join(f"{name} {row[name]:.3f}" for name in names)
    return f"{row['speed']:,.0f} words/s, {row['seconds']:.1f} s, {row['megabytes']:.0f} MB, {quality}"


def report(results: dict[str, list[dict[str, Any]]]) -> None:
    """Print the table and record its rows."""
    medians = {name: summary(found) for name, found in results.items() if found}
    header = ("words/s", "x gensim", "x C", "whole s", "x gensim", "MB", "WordSim", "SimLex", "analogies")
    print(f"books17, one epoch, {THREADS} threads; times: medians of the rounds; similarity: means of the seeds")
    print(f"{'':<34}" + "".join(f"{title:>10}" for title in (*header, "rounds")))
    c = medians.get("word2vec.c -ffast-math skip-gram") or latest("word2vec", what="word2vec.c -ffast-math skip-gram")
    for name, row in medians.items():
        kind = name.split(" ", 1)[1].removesuffix(" --reproducible").removeprefix("-ffast-math ")
        peer = medians.get(f"gensim {kind}") or latest("word2vec", what=f"gensim {kind}") or row
        ratios = {
            "speed_x_gensim": row["speed"] / peer["speed"],
            "speed_x_c": row["speed"] / c["speed"] if c and kind == "skip-gram" else None,
            "whole_x_gensim": peer["seconds"] / row["seconds"],
        }
        beside_c = f"{ratios['speed_x_c']:>10.2f}" if ratios["speed_x_c"] else " " * 10
        print(
            f"{name:<34}{row['speed']:>10,.0f}{ratios['speed_x_gensim']:>10.2f}{beside_c}{row['seconds']:>10.1f}"
            f"{ratios['whole_x_gensim']:>10.2f}{row['megabytes']:>10.0f}{row['WordSim-353']:>10.3f}"
            f"{row['SimLex-999']:>10.3f}{row['analogies']:>10.3f}{len(results[name]):>10}"
        )
        record("word2vec", what=name, rounds=len(results[name]), threads=THREADS, **row, **ratios)
    row = next(iter(medians.values()))
    print("covered: " + ", ".join(f"{name} {row[f'{name} covered']:.0f}" for name in (*SETS, "analogies")))
    if {"seqcli skip-gram", "seqcli skip-gram --reproducible"} <= set(medians):
        cost = medians["seqcli skip-gram --reproducible"]["speed"] / medians["seqcli skip-gram"]["speed"]
        print(f"--reproducible trains at {cost:.0%} of the free-running speed")


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the medians of times and memory, the means of the scores, and each round's."""
    result: dict[str, Any] = {}
    for key in found[0]:
        if key != "hash":
            values = [row[key] for row in found]
            result[key] = float(np.median(values) if key in ("speed", "seconds", "megabytes") else np.mean(values))
    names = ("speed", "seconds", *SETS, "analogies")
    result["each"] = {key: [round(float(row[key]), 4) for row in found] for key in names}
    return result


if __name__ == "__main__":
    if sys.argv[1:2] == ["--alone"]:
        alone(sys.argv[2:])
    main()
