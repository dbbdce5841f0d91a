"""What is known of layers without torch: how many rows their weights have."""

from __future__ import annotations

GATES = {"rnn": 1, "gru": 3, "lstm": 4}  # products of a recurrent step: as many times H rows have its weights
PAST_KEYS = 64  # numbers that a state is found by where a language model attends to its past
WIDEST = 8.0  # of a log-variance, either way: its exponential, and that of its half, stay numbers in float32
COMMONEST = 1_024  # tokens of the first level of an output layer in two: three quarters of a text are among them
WIDER = 4  # times as far as one cluster of rarer tokens reaches the next: each is met about as often


def cluster_bounds(vocabulary_size: int) -> list[int]:
    """Return where the first level of an output layer in two ends, and then each cluster: the last at the vocabulary's.

    A small vocabulary has the first level alone. A last cluster that would be small is one with that before it.
    """
    bounds = [COMMONEST if 2 * vocabulary_size > 3 * COMMONEST else vocabulary_size]
    while bounds[-1] < vocabulary_size:
        wide = bounds[-1] * WIDER
        bounds.append(vocabulary_size if wide * 2 > vocabulary_size else wide)
    return bounds
