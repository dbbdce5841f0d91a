"""One step of a recurrent layer, with numpy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Ids = NDArray[np.int64]
State = list[tuple[Array, ...]]  # a layer: (h,) or (h, c), each [B, H]; behind them the past: see _look_back


def cell(
    architecture: str, activation: str, from_input: Array, from_state: Array, state: tuple[Array, ...]
) -> tuple[Array, ...]:
    """One step of a layer from its two products, biases added; gates in torch's order.

    from_input, from_state [B, gates * H], state: (h,) or (h, c), each [B, H] -> the state after it.
    """
    size = state[0].shape[1]
    if architecture == "rnn":
        total = from_input + from_state
        return (np.tanh(total) if activation == "tanh" else np.maximum(total, 0),)
    if architecture == "gru":
        gates = _sigmoid(from_input[:, : 2 * size] + from_state[:, : 2 * size])
        reset, update = gates[:, :size], gates[:, size:]
        new = np.tanh(from_input[:, 2 * size :] + reset * from_state[:, 2 * size :])
        return (new + update * (state[0] - new),)
    total = from_input + from_state
    enter, forget, out = (_sigmoid(total[:, i * size : (i + 1) * size]) for i in (0, 1, 3))
    c = forget * state[1] + enter * np.tanh(total[:, 2 * size : 3 * size])
    return out * np.tanh(c), c


def _sigmoid(x: Array) -> Array:
    half: Array = np.tanh(0.5 * x)  # never overflows, as exp(-x) would
    return 0.5 * half + 0.5
