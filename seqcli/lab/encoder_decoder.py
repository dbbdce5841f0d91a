"""An encoder and a decoder of GRUs, between them one fixed vector, or attention over all the encoder's states."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seqcli.lab.cells import GRU, Array, Attention, Draw, Output, Tape, backward, forward
from seqcli.lab.learning import Ids, one_hot, softmax_loss

SYMBOLS = 6  # kinds of symbols
LENGTHS = (2, 4, 6, 8, 10, 12)  # of what is copied
ALIGNMENT = 16  # numbers in which attention compares two states


class Run(NamedTuple):
    """A forward pass: both cells' states [T, B, H] and tapes, and the outputs [T, B, SYMBOLS]."""

    read: Array
    read_tape: Tape
    written: Array
    written_tape: Tape
    y: Array


class EncoderDecoder:
    """Reads symbols and writes symbols. Source: Cho et al. 2014, section 2; with attention: Bahdanau et al. 2015."""

    def __init__(self, H: int, attention: bool, draw: Draw) -> None:
        self.encoder = GRU(SYMBOLS, H, draw)
        if attention:
            self.decoder: GRU | Attention = Attention(GRU(SYMBOLS + 1 + H, H, draw), H, ALIGNMENT, draw)
        else:
            self.decoder = GRU(SYMBOLS + 1, H, draw)
        self.output = Output(SYMBOLS, H, draw)
        self.weights = _named(self.encoder.weights, self.decoder.weights) | self.output.weights

    def run(self, x: Array, before: Array) -> Run:
        """x [T, B, SYMBOLS] is read; before [T, B, SYMBOLS + 1] is what the decoder wrote last, or the start sign."""
        read, read_tape = forward(self.encoder, x)
        start = (read[-1], read) if isinstance(self.decoder, Attention) else (read[-1],)  # the fixed vector, or all
        written, written_tape = forward(self.decoder, before, start)
        return Run(read, read_tape, written, written_tape, self.output.forward(written))

    def learn(self, x: Array, before: Array, target: Ids) -> tuple[float, dict[str, Array]]:
        """Return the loss and its gradients; the decoder's first state takes the gradient over to the encoder."""
        run = self.run(x, before)
        loss, dy = softmax_loss(run.y, target)
        d_output, dh = self.output.backward(run.written, dy)
        decoder = backward(self.decoder, run.written_tape, dh)
        dread = np.zeros_like(run.read)
        dread[-1] += decoder.state[0]
        if isinstance(self.decoder, Attention):
            dread += decoder.state[1]
        encoder = backward(self.encoder, run.read_tape, dread)
        return loss, _named(encoder.weights, decoder.weights) | d_output


def _named(encoder: dict[str, Array], decoder: dict[str, Array]) -> dict[str, Array]:
    return {f"encoder.{n}": w for n, w in encoder.items()} | {f"decoder.{n}": w for n, w in decoder.items()}


def translations(rng: np.random.Generator, B: int, length: int) -> tuple[Array, Array, Ids]:
    """Return sequences to copy: x, what the decoder is told of its own past, targets [T, B]."""
    ids = rng.integers(0, SYMBOLS, (length, B))
    before = np.zeros((length, B, SYMBOLS + 1))
    before[0, :, SYMBOLS] = 1.0
    before[1:, :, :SYMBOLS] = one_hot(ids[:-1], SYMBOLS)
    return one_hot(ids, SYMBOLS), before, ids
