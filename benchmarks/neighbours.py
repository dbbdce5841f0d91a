"""Neighbours of 1,000 words in a table of 100,000 x 100: seqcli's batch, and one by one, against gensim's most_similar.

Turn about in one process, same matrix, same words, same threads. Usage: python benchmarks/neighbours.py [rounds]
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import numpy as np
from gensim.models import KeyedVectors
from record import record

from seqcli.vectors.table import Table

WORDS, DIMENSIONS, ASKED, NEAREST = 100_000, 100, 1000, 10


def main(rounds: int = 5) -> None:
    """Run, print the median seconds and ratios, record them."""
    random = np.random.default_rng(1)
    matrix = random.standard_normal((WORDS, DIMENSIONS)).astype(np.float32)
    words = [f"w{i}" for i in range(WORDS)]
    asked = [words[i] for i in random.choice(WORDS, ASKED, replace=False)]
    peer = KeyedVectors(DIMENSIONS, count=0)
    peer.add_vectors(words, matrix)
    table = Table(words, matrix)
    runs: dict[str, Callable[[], list[list[str]]]] = {
        "gensim": lambda: [[word for word, _ in peer.most_similar(one, topn=NEAREST)] for one in asked],
        "seqcli batch": lambda: [[words[n.row] for n in some] for some in table.neighbors(asked, NEAREST)],
        "seqcli one by one": lambda: [[words[n.row] for n in table.neighbors([one], NEAREST)[0]] for one in asked],
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    answers: dict[str, list[list[str]]] = {}
    for run in runs.values():
        run()  # both keep the lengths of the vectors: computed here
    for _ in range(rounds):
        for name, run in runs.items():
            began = time.perf_counter()
            answers[name] = run()
            seconds[name].append(time.perf_counter() - began)
    middle = {name: float(np.median(values)) for name, values in seconds.items()}
    print(f"{ASKED} words in {WORDS} x {DIMENSIONS}, {rounds} rounds, {len(os.sched_getaffinity(0))} cores")
    for name, value in middle.items():
        same = np.mean([a == b for a, b in zip(answers[name], answers["gensim"], strict=True)])
        print(f"  {name:<18} {value:6.2f} s   {middle['gensim'] / value:5.1f} x gensim   same ten: {same:.1%}")
    record(
        "neighbours",
        rounds=rounds,
        gensim_seconds=round(middle["gensim"], 3),
        batch_seconds=round(middle["seqcli batch"], 3),
        single_seconds=round(middle["seqcli one by one"], 3),
        batch_ratio=round(middle["gensim"] / middle["seqcli batch"], 2),
        single_ratio=round(middle["gensim"] / middle["seqcli one by one"], 2),
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
