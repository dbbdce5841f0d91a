"""Training tokens a second: seqcli against a plain PyTorch loop with a full softmax, the same model and batches.

Each works in a process of its own, turn about: what one leaves behind of memory and kernels is not the other's gain.

python benchmarks/update_speed.py [--rounds 5] [--threads 2]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from record import record
from torch import nn

from seqcli.language.batches import Blocks, Segments
from seqcli.language.model import LanguageModel
from seqcli.language.settings import LanguageSpec
from seqcli.training.loop import Training
from seqcli.training.settings import RunSpec

VOCABULARY, TOKENS = 10_000, 10**6
WARM, UPDATES = 10, 40


class Plain(nn.Module):
    """The same model as tutorials write it: embedding, LSTM, a full softmax tied to the embedding."""

    def __init__(self, vocabulary_size: int, spec: LanguageSpec) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, spec.embedding_size)
        self.lstm = nn.LSTM(spec.embedding_size, spec.hidden_size)
        self.projection = nn.Linear(spec.hidden_size, spec.embedding_size)
        self.output = nn.Linear(spec.embedding_size, vocabulary_size)
        self.output.weight = self.embedding.weight
        self.drop = nn.Dropout(spec.dropout)

    def forward(self, ids: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        y, state = self.lstm(self.drop(self.embedding(ids)), state)
        return self.output(self.drop(self.projection(self.drop(y)))), state


def ids_of() -> np.ndarray[Any, Any]:
    """Return a text whose words are as common and as rare as those of a language."""
    return np.random.default_rng(1).zipf(1.2, TOKENS).clip(1, VOCABULARY - 1).astype(np.int32)


def plain(blocks: Blocks, spec: LanguageSpec) -> Callable[[int], object]:
    """Return what does the i-th update of the plain loop, with the same optimiser and the same batches."""
    model = Plain(VOCABULARY, spec).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.001, fused=True)
    state: Any = None

    def update(i: int) -> None:
        nonlocal state
        inputs, targets = (torch.from_numpy(a) for a in blocks.batch(0, i))
        scores, state = model(inputs, state)
        state = tuple(s.detach() for s in state)
        optimiser.zero_grad()
        nn.functional.cross_entropy(scores.flatten(0, 1), targets.flatten()).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()

    return update


def ours(blocks: Blocks, spec: LanguageSpec, run: RunSpec, ids: np.ndarray[Any, Any]) -> Callable[[int], object]:
    """Return what does the next update of seqcli."""
    counts = torch.from_numpy(np.bincount(ids, minlength=VOCABULARY)).double()
    events = Training(LanguageModel(spec, VOCABULARY, counts), blocks, Segments(ids[:2000]), run).events()
    return lambda _: next(events)


def turn(which: str, threads: int) -> None:
    """Print the tokens a second of one of the two."""
    torch.set_num_threads(threads)
    ids, spec, run = ids_of(), LanguageSpec(), RunSpec(epochs=1000.0, threads=threads)
    blocks = Blocks(ids, run.batch_size, run.unroll, run.seed)
    update = plain(blocks, spec) if which == "plain" else ours(blocks, spec, run, ids)
    for i in range(WARM):
        update(i)
    began = time.perf_counter()
    for i in range(WARM, WARM + UPDATES):
        update(i)
    print(UPDATES * run.batch_size * run.unroll / (time.perf_counter() - began))


def main() -> None:
    """Measure both in turn, and record the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--turn", choices=("plain", "seqcli"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.turn:
        turn(options.turn, options.threads)
        return
    found: dict[str, list[float]] = {"plain": [], "seqcli": []}
    for _ in range(options.rounds):
        for which, speeds in found.items():
            command = [sys.executable, __file__, "--turn", which, "--threads", str(options.threads)]
            speeds.append(float(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
    ratio = statistics.median(b / a for a, b in zip(found["plain"], found["seqcli"], strict=True))
    speeds = {f"{which}_tokens_per_second": statistics.median(values) for which, values in found.items()}
    print(record("update-speed", what="plain loop / seqcli", threads=options.threads, ratio=ratio, **speeds))


if __name__ == "__main__":
    main()
