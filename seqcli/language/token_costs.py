"""What a network makes of every token of a text: its log-probability, and the vector that it was predicted from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seqcli.language.batches import Segments
from seqcli.training.held_out import Piece

Array = NDArray[np.float32]
Stretch = tuple[Array, Array | None]  # some tokens of a text, in its order: logs [N], vectors [N, D] where asked for


@torch.no_grad()
def stretches(model: Any, ids: NDArray[np.int32], vectors: bool = False) -> Iterator[Stretch]:
    """Measure a text as training.evaluate does, and yield what it is made of; model: has `costs`."""
    model.train(False)
    state = None
    parts: list[tuple[Piece, Stretch]] = []
    for piece in Segments(ids):
        if piece.first and parts:
            yield _in_order(parts)
            parts = []
        inputs, state = torch.from_numpy(piece.inputs), None if piece.first else state
        if (piece.targets < 0).all():  # read to warm up: nothing of it is measured
            _, state = model.hidden(inputs, state)
            continue
        nats, hidden, state = model.costs((inputs, torch.from_numpy(piece.targets)), state)
        parts.append((piece, (-nats.numpy(), hidden.numpy() if vectors else None)))
    yield _in_order(parts)


def _in_order(parts: list[tuple[Piece, Stretch]]) -> Stretch:
    """Put together the steps of segments that were read side by side, and leave out what was not predicted."""
    real = np.concatenate([piece.targets >= 0 for piece, _ in parts]).T
    logs = np.concatenate([own for _, (own, _) in parts]).T[real]
    vectors = [own for _, (_, own) in parts if own is not None]
    return logs, np.concatenate(vectors).swapaxes(0, 1)[real] if vectors else None
