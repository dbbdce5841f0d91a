"""The settings of the lab's experiments, one frozen dataclass each; their options are made from them."""

from __future__ import annotations

from dataclasses import dataclass

from seqcli.settings import setting

SEED = "Start of every random number."
LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Check:
    """The settings of `lab check`."""

    seed: int = setting(1, SEED, low=0, high=LARGEST_SEED, panel="Training")


@dataclass(frozen=True)
class Addition:
    """The settings of `lab addition`."""

    cell: str = setting("rnn", "Recurrent cell.", choices=("rnn", "lstm", "gru"))
    activation: str = setting("tanh", "Activation of the simple RNN.", choices=("sigmoid", "tanh", "relu"))
    init: str = setting(
        "xavier",
        "First weights; orthogonal and identity are for W, with Xavier for the rest.",
        choices=("normal", "xavier", "he", "orthogonal", "identity"),
    )
    hidden: int = setting(16, "Numbers in the state.", low=1, high=1024)
    rate: float = setting(0.5, "Step size of SGD.", above=0.0, high=1e6, panel="Training")
    updates: int = setting(3000, "Updates, of 32 sums each.", low=1, high=10_000, panel="Training")
    clip: float | None = setting(
        None, "Longest gradient (default: as long as it is).", above=0.0, high=1e9, panel="Training"
    )
    grid: bool = setting(False, "Run every activation with every initialiser.", panel="Training")
    seeds: int = setting(1, "Repeat with so many seeds, from --seed up.", low=1, high=100, panel="Training")
    seed: int = setting(1, SEED, low=0, high=LARGEST_SEED, panel="Training")


@dataclass(frozen=True)
class GradientFlow:
    """The settings of `lab gradients`."""

    hidden: int = setting(32, "Numbers in the state.", low=2, high=512)
    steps: int = setting(50, "Steps back.", low=10, high=500)
    radii: str = setting("0.5,1,2", "Spectral radii of W, with commas between.")
    forget_biases: str = setting("0,1,3", "Biases of the LSTM's forget gate, with commas between.")
    seed: int = setting(1, SEED, low=0, high=LARGEST_SEED, panel="Training")


@dataclass(frozen=True)
class Gates:
    """The settings of `lab gates`."""

    hidden: int = setting(48, "Numbers in the state.", low=4, high=512)
    updates: int = setting(500, "Updates of each training.", low=1, high=20_000, panel="Training")
    rate: float = setting(0.01, "Step size of Adam.", above=0.0, high=10.0, panel="Training")
    seed: int = setting(1, SEED, low=0, high=LARGEST_SEED, panel="Training")


@dataclass(frozen=True)
class Overfit:
    """The settings of `lab overfit`."""

    hidden: int = setting(64, "Numbers in the state of the GRU.", low=4, high=512)
    dropout: float = setting(
        0.5, "Share of the state dropped before the output, in one of the cures.", low=0, high=0.95
    )
    updates: int = setting(600, "Updates of each training.", low=20, high=20_000, panel="Training")
    rate: float = setting(0.01, "Step size of Adam.", above=0.0, high=10.0, panel="Training")
    seed: int = setting(1, SEED, low=0, high=LARGEST_SEED, panel="Training")


@dataclass(frozen=True)
class Memory:
    """The settings of `lab memory`."""

    hidden: int = setting(32, "Numbers in the state of the cells.", low=2, high=256)
    small: int = setting(
        8, "Numbers in the smallest state of the encoder-decoder; then twice, four times that.", low=2, high=64
    )
    updates: int = setting(600, "Updates of each training.", low=1, high=20_000, panel="Training")
    rate: float = setting(0.01, "Step size of Adam.", above=0.0, high=10.0, panel="Training")
    seed: int = setting(1, SEED, low=0, high=LARGEST_SEED, panel="Training")


@dataclass(frozen=True)
class Word2Vec:
    """The settings of `lab word2vec`."""

    dimension: int = setting(5, "Numbers in a word's vector.", low=1, high=100)
    updates: int = setting(300, "Updates of each training.", low=1, high=20_000, panel="Training")
    rate: float = setting(0.05, "Step size of Adam.", above=0.0, high=10.0, panel="Training")
    seed: int = setting(1, SEED, low=0, high=LARGEST_SEED, panel="Training")


@dataclass(frozen=True)
class Bptt:
    """The settings of `lab bptt`."""

    hidden: int = setting(2, "Numbers in the state.", low=1, high=8)
    words: int = setting(5, "Words read; one more is the last to be predicted.", low=2, high=12)
    truncate: int = setting(3, "Steps after which the gradient is cut.", low=1, high=12)
    seed: int = setting(1, SEED, low=0, high=LARGEST_SEED, panel="Training")
