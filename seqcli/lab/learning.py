"""How a network of the lab starts and learns: first weights, losses, clipping, SGD and Adam."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import DivergedError
from seqcli.lab.cells import GRU, LSTM, RNN, Array, Cell, Draw, Output, State, backward, forward, sigmoid, softmax

CELLS = ("rnn", "lstm", "gru")
INITIALISERS = ("normal", "xavier", "he", "orthogonal", "identity")
Ids = NDArray[np.int64]


def initialiser(rng: np.random.Generator, how: str = "xavier") -> Draw:
    """Return what draws a weight's first values.

    normal: variance 1. xavier: 2 / (in + out), Glorot and Bengio 2010. he: 2 / in, He et al. 2015. For W alone, the
    rest as Xavier: orthogonal, all singular values 1, Saxe et al. 2014; identity: "remember all", Le et al. 2015.
    """

    def draw(name: str, rows: int, columns: int) -> Array:
        if how == "identity" and name == "W":
            return np.eye(rows)
        values: Array = rng.standard_normal((rows, columns))
        if how == "orthogonal" and name == "W":
            q, r = np.linalg.qr(values)
            values = q * np.sign(np.diag(r))
            return values
        variance = {"normal": 1.0, "he": 2.0 / columns}.get(how, 2.0 / (rows + columns))
        values *= np.sqrt(variance)
        return values

    return draw


def make_cell(kind: str, E: int, H: int, draw: Draw, activation: str = "tanh") -> RNN | LSTM | GRU:
    """Return a cell by its name."""
    if kind == "rnn":
        return RNN(E, H, draw, activation)
    return LSTM(E, H, draw) if kind == "lstm" else GRU(E, H, draw)


# -- losses: outputs [T, B, V] and targets to mean loss, and dL/dy -----------------------------------------------------
def softmax_loss(y: Array, target: Ids) -> tuple[float, Array]:
    """Cross-entropy of one choice in V, in nats. target [T, B] of ids; one below 0 is not scored."""
    p, scored = softmax(y), target >= 0
    right = np.where(scored, target, 0)[..., None]
    nats = -np.log(np.take_along_axis(p, right, -1))[..., 0]
    dy = np.where(scored[..., None], p - (np.arange(y.shape[-1]) == right), 0.0)  # p - 1 for the right one, p elsewhere
    count = max(int(scored.sum()), 1)
    return float(nats[scored].sum() / count), dy / count


def sigmoid_loss(y: Array, target: Array) -> tuple[float, Array]:
    """Cross-entropy of yes or no, in nats. target [T, B, V] of 0 or 1."""
    nats = np.maximum(y, 0) - y * target + np.log1p(np.exp(-np.abs(y)))  # -log p(target), without overflow
    return float(nats.mean()), (sigmoid(y) - target) / target.size


def square_loss(y: Array, target: Array) -> tuple[float, Array]:
    """Mean squared distance. target [T, B, V]; one that is no number is not scored."""
    scored = np.isfinite(target)
    distance = np.where(scored, y - np.where(scored, target, 0.0), 0.0)
    count = max(int(scored.sum()), 1)
    return float((distance**2).sum() / count), 2 * distance / count


LOSSES: dict[str, Any] = {"softmax": softmax_loss, "sigmoid": sigmoid_loss, "square": square_loss}


# -- a cell and its output, learning -----------------------------------------------------------------------------------
class Learned(NamedTuple):
    """What one pass over a batch found."""

    loss: float
    gradients: dict[str, Array]
    state: State  # after the last step, for the next piece of the text
    y: Array  # [T, B, V]


class Network:
    """A cell with an output at every step; its weights are the very arrays of the two."""

    def __init__(self, cell: Cell, output: Output) -> None:
        self.cell, self.output = cell, output
        self.weights = {**cell.weights, **output.weights}

    def outputs(self, x: Array, state: State | None = None) -> tuple[Array, State]:
        """x [T, B, E] -> y [T, B, V], state."""
        h, (_, state) = forward(self.cell, x, state)
        return self.output.forward(h), state

    def learn(
        self, x: Array, target: Any, loss: str = "softmax", state: State | None = None, keep: float | Array = 1.0
    ) -> Learned:
        """Return the loss on x [T, B, E] and its gradient for every weight; keep [B, H] is a mask of dropout."""
        h, tape = forward(self.cell, x, state)
        y = self.output.forward(h * keep)
        value, dy = LOSSES[loss](y, target)
        d_output, dh = self.output.backward(h * keep, dy)
        gradients = backward(self.cell, tape, dh * keep).weights | d_output
        return Learned(value, gradients, tape[1], y)


def make_network(kind: str, E: int, H: int, V: int, draw: Draw, activation: str = "tanh") -> Network:
    """Return a network by the name of its cell."""
    return Network(make_cell(kind, E, H, draw, activation), Output(V, H, draw))


def one_hot(ids: Ids, size: int) -> Array:
    """ids [...] -> [..., size], 1 at the id and 0 elsewhere."""
    return np.eye(size)[ids]


def length(gradients: dict[str, Array]) -> float:
    """Return the length of all gradients taken as one vector; infinite or no number where one of them is."""
    largest = max(float(np.abs(g).max()) for g in gradients.values())  # taken out first: squares overflow at 1e154
    if largest == 0.0 or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(sum(float(((g / largest) ** 2).sum()) for g in gradients.values())))


def clip(gradients: dict[str, Array], most: float) -> dict[str, Array]:
    """Shorten the gradient to a length of `most`, its direction kept. Source: Pascanu et al. 2013, algorithm 1."""
    found = length(gradients)
    return gradients if found <= most else {name: g * (most / found) for name, g in gradients.items()}


def checked(loss: float, update: int) -> float:
    """Return a loss. Raises DivergedError where it is no number any more."""
    if not np.isfinite(loss):
        raise DivergedError(f"The loss is no number any more at update {update}; give a lower --rate.")
    return loss


class Sgd:
    """w <- w - rate * dw."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def update(self, weights: dict[str, Array], gradients: dict[str, Array]) -> None:
        """Move the weights, in place."""
        for name, g in gradients.items():
            weights[name] -= self.rate * g


class Adam:
    """Steps of the size of `rate`, whatever the size of the gradient. Source: Kingma and Ba 2015, algorithm 1."""

    def __init__(self, rate: float, beta_1: float = 0.9, beta_2: float = 0.999) -> None:
        self.rate, self.beta_1, self.beta_2, self.t = rate, beta_1, beta_2, 0
        self.m: dict[str, Any] = {}
        self.v: dict[str, Any] = {}

    def update(self, weights: dict[str, Array], gradients: dict[str, Array]) -> None:
        """Move the weights, in place."""
        self.t += 1
        for name, g in gradients.items():
            self.m[name] = self.beta_1 * self.m.get(name, 0.0) + (1 - self.beta_1) * g
            self.v[name] = self.beta_2 * self.v.get(name, 0.0) + (1 - self.beta_2) * g * g
            m, v = self.m[name] / (1 - self.beta_1**self.t), self.v[name] / (1 - self.beta_2**self.t)
            weights[name] -= self.rate * m / (np.sqrt(v) + 1e-8)  # 1e-8: the paper's guard against 0 / 0
