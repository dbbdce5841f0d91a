"""What a network makes of every token of a text: its log-probability, and the vector that it was predicted from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from seqcli.text.batches import Piece, Segments


class Stretch(NamedTuple):
    """Some tokens of a text, in its order: natural logs of probabilities [N], and vectors [N, D] where asked for."""

    logs: NDArray[np.float32]
    vectors: NDArray[np.float32] | None


@torch.no_grad()
def stretches(
    model: Any, ids: NDArray[np.int32], report: Callable[[int], object], vectors: bool = False
) -> Iterator[Stretch]:
    """Measure a text as training.evaluate does, and yield what it is made of; model: has `costs`.

    report: told the tokens done.
    """
    model.train(False)
    done, state = 0, None
    parts: list[tuple[Piece, Stretch]] = []
    for piece in Segments(ids):
        if piece.first and parts:
            yield _in_order(parts)
            parts = []
        batch = (torch.from_numpy(piece.inputs), torch.from_numpy(piece.targets))
        nats, hidden, state = model.costs(batch, None if piece.first else state)
        parts.append((piece, Stretch(-nats.numpy(), hidden.numpy() if vectors else None)))
        done += int(np.count_nonzero(piece.targets >= 0))
        report(done)
    yield _in_order(parts)


def _in_order(parts: list[tuple[Piece, Stretch]]) -> Stretch:
    """Put together the steps of segments that were read side by side, and leave out what was not predicted."""
    real = np.concatenate([piece.targets >= 0 for piece, _ in parts]).T
    logs = np.concatenate([stretch.logs for _, stretch in parts]).T[real]
    vectors = [stretch.vectors for _, stretch in parts if stretch.vectors is not None]
    return Stretch(logs, np.concatenate(vectors).swapaxes(0, 1)[real] if vectors else None)
