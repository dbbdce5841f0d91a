"""A text as characters, and a network that learns to say the next one: truncated BPTT with the state carried on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from seqcli.errors import CorpusError
from seqcli.lab.cells import State
from seqcli.lab.learning import Adam, Ids, Network, checked, clip, one_hot, softmax_loss

MOST_KINDS = 300  # different characters told apart, the commonest; the rest are one: more would be slow by hand
MOST_CHARACTERS = 50_000  # of a text that are read: more are not seen twice in a minute
LEAST_CHARACTERS = 200  # of a text: less has nothing to hold out
OTHER = "□"  # stands for every character that is too rare
BATCH, UNROLL = 16, 25  # streams of text side by side; steps of BPTT before the gradient is cut
STREAM = 100  # characters, at least, of a stream in which a text is measured: many are quicker than one
CLIP = 1.0  # length of the gradient


class Characters(NamedTuple):
    """The characters that are told apart, and a text in them."""

    alphabet: list[str]
    ids: Ids

    def encode(self, text: str) -> Ids:
        """Return the ids of another text."""
        places = {c: i for i, c in enumerate(self.alphabet)}
        return np.array([places.get(c, 0) for c in text], dtype=np.int64)


def read(text: str) -> Characters:
    """Return a text as ids, runs of white space as one space. Raises CorpusError where it is too short."""
    text = " ".join(text.split())[:MOST_CHARACTERS]
    if len(text) < LEAST_CHARACTERS:
        raise CorpusError(f"The text has {len(text)} characters; give one of {LEAST_CHARACTERS} or more.")
    found = Characters([OTHER, *sorted(c for c, _ in Counter(text).most_common(MOST_KINDS - 1))], np.zeros(0, np.int64))
    return found._replace(ids=found.encode(text))


def streams(ids: Ids, B: int) -> tuple[Ids, Ids]:
    """Cut a text into B streams: what is read and what comes next, each [steps, B]; fewer than B are left over."""
    steps = (len(ids) - 1) // B
    return ids[: steps * B].reshape(B, steps).T, ids[1 : steps * B + 1].reshape(B, steps).T


def learn(
    network: Network, ids: Ids, updates: int, rate: float, rng: np.random.Generator, dropout: float = 0.0
) -> Iterator[float]:
    """Train a network on a text with Adam, and yield the loss of every update in nats per character.

    The text is cut into streams read side by side; a state goes on from piece to piece, a gradient does not.
    """
    V, H = network.output.weights["W_out"].shape
    B = max(min(BATCH, (len(ids) - 1) // UNROLL), 1)
    x, target = streams(ids, B)
    steps = len(x)
    optimiser, start = Adam(rate), 0
    state: State | None = None
    for update in range(1, updates + 1):
        if start >= steps:
            start, state = 0, None
        at = slice(start, start + UNROLL)
        keep = (rng.random((B, H)) >= dropout) / (1 - dropout) if dropout else 1.0
        learned = network.learn(one_hot(x[at], V), target[at], state=state, keep=keep)
        optimiser.update(network.weights, clip(learned.gradients, CLIP))
        state, start = learned.state, start + UNROLL
        yield checked(learned.loss, update)


def nats(network: Network, ids: Ids) -> float:
    """Return the nats per character of a text, read in streams side by side, each with nothing read before it."""
    V, B = len(network.output.weights["W_out"]), max((len(ids) - 1) // STREAM, 1)
    x, target = streams(ids, B)
    y, _ = network.outputs(one_hot(x, V))
    return softmax_loss(y, target)[0]
