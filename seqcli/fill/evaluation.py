"""How often a model finds the words of a text, each from all the others."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqcli.errors import DamagedError, quoted
from seqcli.fill.figures import Figures

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store import Record
    from seqcli.text.form import Form


def measured(session: Session, record: Record, files: Sequence[str], form: Form, threads: int | None) -> Figures:
    """Return the figures of a model on a text. Raises DamagedError for weights too large."""
    from seqcli.store.tokenizer import tokenizer_of
    from seqcli.text.corpus import encode, read_pieces

    pieces = read_pieces(files, form, folder=os.fspath(session.shelf.root))
    encoded = encode(pieces, tokenizer_of(record), record.vocabulary(), record.text.unit)
    import torch

    from seqcli.fill.batches import Segments
    from seqcli.fill.network import network
    from seqcli.training.loop import evaluate

    before = torch.get_num_threads()  # another program may have its own use for them
    torch.set_num_threads(threads or session.spare.count())
    parts: dict[str, float] = {}
    try:
        with session.bar(len(encoded.ids), "measuring", "token") as bar:
            nats, tokens = evaluate(network(record), Segments(encoded.ids), report=bar.to, parts=parts)
    finally:
        torch.set_num_threads(before)
    if not math.isfinite(nats):
        raise DamagedError(
            f"The weights of {quoted(record.name)} are too large to compute with; train it anew with --replace."
        )
    first, five, ten = (parts[f"accuracy_{top}"] / tokens for top in (1, 5, 10))
    return Figures(tokens, encoded.unknown / tokens, first, five, ten, nats / tokens)
