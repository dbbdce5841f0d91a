"""The settings of models of sentences: how text becomes sentences, what the model is, how it is trained."""

from __future__ import annotations

from dataclasses import dataclass

from seqcli.latent.settings import PANEL, LatentSpec
from seqcli.settings import again, setting
from seqcli.text.settings import TextSpec
from seqcli.training.settings import RunSpec

FITTED = "default: the more, the more often the sentences are read"


@dataclass(frozen=True)
class SentencesTextSpec(TextSpec):
    """How text becomes sentences of token ids."""

    unit: str = setting(
        "auto",
        "What a sentence is: a line, or what ends like one; auto: as most lines of the text are.",
        choices=("auto", "line", "sentence"),
        undecided=("auto",),
        panel="Text",
    )
    longest: int = setting(
        100, "Longest sentence to learn from, in tokens; longer ones are left out.", low=2, high=10_000, panel="Text"
    )


@dataclass(frozen=True)
class SentenceSpec:
    """A decoder of sentences: a recurrent network whose output layer has two levels."""

    architecture: str = setting(
        "vae",
        "A code that is a distribution, one that is a point, or no code at all.",
        choices=("vae", "autoencoder", "sentence-lm"),
    )
    embedding_size: int = setting(256, "Numbers per token in the embedding.", low=1, high=16_384)
    hidden_size: int = setting(448, "Numbers in the decoder's state.", low=1, high=16_384)
    dropout: float | None = setting(
        None, f"Share of the decoder's activations dropped while training ({FITTED}).", low=0.0, high=0.95
    )
    embedding_dropout: float | None = setting(
        None, f"Share of the vocabulary read as nothing in an update ({FITTED}).", low=0.0, high=0.95
    )
    weight_dropout: float | None = setting(
        None, f"Share of the decoder's recurrent weights dropped in an update ({FITTED}).", low=0.0, high=0.95
    )


@dataclass(frozen=True)
class CodedSpec(SentenceSpec):
    """An encoder of both directions, and a decoder that reads the code at every step."""

    encoder_size: int = setting(192, "Numbers in the encoder's state, in each direction.", low=1, high=16_384)
    latent_size: int = again(LatentSpec, "latent_size", 512, "Numbers in the code.")
    rotary: int = setting(
        0,
        "Frequencies by which a word's share of the code is turned by its place, and read where it is to stand: codes "
        "that say much are learned many times as fast; 0: none (an autoencoder's default: 16).",
        low=0,
        high=1_024,
        absent=0,
    )
    word_dropout: float = again(LatentSpec, "word_dropout")
    bag_of_words: float = again(
        LatentSpec, "bag_of_words", help="Weight of telling the words, in any order, from the code alone."
    )


@dataclass(frozen=True)
class VaeSpec(LatentSpec, CodedSpec):
    """A sentence's code is a distribution: the settings of latent.settings go before those of a plain code."""

    annealing_share: float = again(LatentSpec, "annealing_share", 0.1)
    minimum_rate: float = again(LatentSpec, "minimum_rate", 6.0)
    encoder_updates: int = setting(
        1, "Updates of the encoder for each of the decoder's, at first.", low=1, high=1_000, panel=PANEL
    )
    encoder_share: float = setting(
        0.1, "Share of the training that --encoder-updates lasts.", low=0.0, high=1.0, panel=PANEL
    )


@dataclass(frozen=True)
class SentencesRunSpec(RunSpec):
    """One training of a model of sentences."""

    epochs: float | None = again(
        RunSpec, "epochs", help="Passes over the sentences (default: 30, or as many as 20 minutes allow)."
    )
    batch_size: int = again(
        RunSpec, "batch_size", 48, "Sentences of mean length in one update: as many tokens as they have."
    )
    learning_rate: float = again(RunSpec, "learning_rate", 0.006, "Highest step size of AdamW.")
