"""Recurrent networks by hand, in numpy, for learning: cells.py first, then one module an experiment."""

from __future__ import annotations

from typing import NamedTuple


class Experiment(NamedTuple):
    """What an experiment shows, the seconds it takes on two cores, and the section of the field it belongs to."""

    shows: str
    seconds: int
    section: str


EXPERIMENTS = {
    "check": Experiment("that the gradients made by hand are right", 6, "back-propagation"),
    "bptt": Experiment("one step of truncated BPTT, every number of it", 1, "back-propagation through time"),
    "addition": Experiment("a carry learned bit by bit, and a ReLU that explodes", 7, "first weights and activations"),
    "gradients": Experiment("how a gradient decays or grows over time", 1, "vanishing and exploding gradients"),
    "gates": Experiment("which gate opens at which character", 4, "gated cells: LSTM and GRU"),
    "memory": Experiment("where each cell stops remembering, and what attention adds", 21, "memory and attention"),
    "overfit": Experiment("a text learned by heart, and four cures", 11, "generalisation"),
    "word2vec": Experiment("30 words on their way from one-hot to dense", 1, "word vectors"),
}
