"""The settings of language models: how text becomes tokens, what the model is, how it is trained or counted."""

from __future__ import annotations

from dataclasses import dataclass

from seqcli.settings import setting


@dataclass(frozen=True)
class LanguageSpec:
    """A recurrent language model."""

    architecture: str = setting("lstm", "Recurrent cell.", choices=("rnn", "gru", "lstm"))
    recipe: str = setting(
        "none",
        "Named set of settings for about 5, 20 or 90 minutes; the model is made as large as --minutes can train.",
        choices=("none", "quick", "standard", "strong"),
        absent="none",
    )
    activation: str = setting("tanh", "Activation of the simple RNN.", choices=("tanh", "relu"))
    embedding_size: int = setting(256, "Numbers per token in the embedding.", low=1, high=16_384)
    hidden_size: int = setting(512, "Numbers in the state of a layer.", low=1, high=16_384)
    layers: int = setting(1, "Recurrent layers.", low=1, high=16)
    dropout: float = setting(0.2, "Share of activations dropped while training.", low=0.0, high=0.95)
    embedding_dropout: float = setting(
        0.0, "Share of the vocabulary read as nothing in an update.", low=0.0, high=0.95, absent=0.0
    )
    weight_dropout: float = setting(
        0.0, "Share of the recurrent weights dropped in an update.", low=0.0, high=0.95, absent=0.0
    )
    attention: int = setting(
        0, "States before it that each state may look back at; 0: none.", low=0, high=4096, absent=0
    )
    tied: bool = setting(True, "Output layer shares the embedding's weights.")
    output: str = setting(
        "sampled", "Training loss over sampled or all tokens; evaluation always uses all.", choices=("sampled", "full")
    )
    samples: int = setting(1024, "Tokens sampled for the sampled output layer.", low=1, high=10**6)


@dataclass(frozen=True)
class NgramSpec:
    """A language model of counted n-grams, smoothed by modified Kneser-Ney."""

    architecture: str = setting("ngram", "Counted n-grams.", choices=("ngram",))
    order: int = setting(5, "Longest n-grams: a token and those before it that it is predicted from.", low=1, high=8)
    ngram_min_count: int = setting(
        1, "An n-gram of three or more tokens that is seen less often is left out.", low=1, high=10**9
    )


@dataclass(frozen=True)
class CountingSpec:
    """One counting of a text: it has no settings, ends by itself, and gives the same each time."""
