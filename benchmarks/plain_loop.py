"""The usual PyTorch loop for a word language model, to compare with: 2 x 200 LSTM, tied, full softmax, plain SGD.

The recipe that tutorials teach: 20 streams, 35 steps, dropout 0.2, gradient clipped at 0.25, learning rate 20,
divided by four when held-out text gets no better.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn


class PlainModel(nn.Module):
    """Embedding, dropout, two LSTM layers, dropout, a full softmax tied to the embedding."""

    def __init__(self, vocabulary_size: int, size: int = 200, layers: int = 2, dropout: float = 0.2) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, size)
        self.lstm = nn.LSTM(size, size, layers, dropout=dropout)
        self.output = nn.Linear(size, vocabulary_size)
        self.output.weight = self.embedding.weight
        self.drop = nn.Dropout(dropout)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        nn.init.zeros_(self.output.bias)

    def forward(self, ids: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor] | None):  # type: ignore[no-untyped-def]
        y, state = self.lstm(self.drop(self.embedding(ids)), state)
        return self.output(self.drop(y)), state


def streams(ids: NDArray[np.int32], count: int) -> torch.Tensor:
    """Return a text as `count` streams side by side, [T, B]."""
    length = len(ids) // count
    return torch.from_numpy(ids[: length * count].astype(np.int64).reshape(count, length).T.copy())


def blocks(data: torch.Tensor, unroll: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield (inputs, targets), `unroll` steps at a time."""
    for i in range(0, len(data) - 1, unroll):
        end = min(i + unroll, len(data) - 1)
        yield data[i:end], data[i + 1 : end + 1]


def train(
    train_ids: NDArray[np.int32], valid_ids: NDArray[np.int32], vocabulary_size: int, seconds: float, threads: int
) -> tuple[float, float]:
    """Train for some seconds, evaluation included; return (best held-out perplexity, training tokens a second)."""
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model, rate, best, done, busy = PlainModel(vocabulary_size), 20.0, math.inf, 0, 0.0
    train_data, valid_data = streams(train_ids, 20), streams(valid_ids, 10)
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        model.train()
        state = None
        since = time.perf_counter()
        for inputs, targets in blocks(train_data, 35):
            if time.perf_counter() - began > seconds - 8:  # what the last evaluation takes
                break
            model.zero_grad()
            state = None if state is None else (state[0].detach(), state[1].detach())
            scores, state = model(inputs, state)
            nn.functional.cross_entropy(scores.flatten(0, 1), targets.flatten()).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.25)
            with torch.no_grad():
                for p in model.parameters():
                    p.add_(p.grad, alpha=-rate)
            done += targets.numel()
        busy += time.perf_counter() - since
        nats = measure(model, valid_data)
        if nats < best:
            best = nats
        else:
            rate /= 4
        if time.perf_counter() - began > seconds - 8:
            break
    return math.exp(best), done / busy


@torch.no_grad()
def measure(model: PlainModel, data: torch.Tensor) -> float:
    """Return nats per token of a text."""
    model.eval()
    total, count, state = 0.0, 0, None
    for inputs, targets in blocks(data, 35):
        scores, state = model(inputs, state)
        total += float(nn.functional.cross_entropy(scores.flatten(0, 1), targets.flatten(), reduction="sum"))
        count += targets.numel()
    return total / count
