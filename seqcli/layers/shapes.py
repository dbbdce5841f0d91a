"""What is known of layers without torch: how many rows their weights have."""

from __future__ import annotations

GATES = {"rnn": 1, "gru": 3, "lstm": 4}  # products of a recurrent step: as many times H rows have its weights
PAST_KEYS = 64  # numbers that a state is found by where a language model attends to its past
