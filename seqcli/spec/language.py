"""The settings of language models: how text becomes tokens, what the model is, how it is trained or counted."""

from __future__ import annotations

from dataclasses import dataclass

from seqcli.spec.settings import setting

GATES = {"rnn": 1, "gru": 3, "lstm": 4}  # products of a recurrent step: as many times H rows have its weights
PAST_KEYS = 64  # numbers that a state is found by where a language model attends to its past


@dataclass(frozen=True)
class TextSpec:
    """How text becomes token ids."""

    tokenizer: str = setting(
        "auto",
        "How text is cut into tokens; auto: as fits its script and its spaces.",
        choices=("auto", "words", "whitespace", "characters", "subwords", "japanese", "mecab"),
        undecided=("auto",),
        panel="Text",
    )
    lowercase: bool = setting(False, "Fold case: 'The' and 'the' are one token.", panel="Text")
    unit: str = setting(
        "auto",
        "What <eos> ends: a line, or a paragraph between blank lines; auto looks for blank lines.",
        choices=("auto", "line", "paragraph"),
        panel="Text",
    )
    min_count: int | None = setting(
        None,
        "A token seen less often in the training part is unknown (default: 2; 1 where the text itself marks its "
        "unknown words with <unk>).",
        low=1,
        high=10**9,
        panel="Text",
    )
    vocabulary_size: int = setting(
        30_000, "At most this many tokens, special symbols included.", low=3, high=10**7, panel="Text"
    )
    subwords: int = setting(
        8_000, "Subwords to learn, where --tokenizer is subwords.", low=50, high=10**6, panel="Text"
    )
    held_out: float = setting(
        0.05, "Share of the text held out where no --valid is given.", above=0.0, high=0.5, panel="Text"
    )


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
class RunSpec:
    """One training: how long, in what steps, from which random start."""

    epochs: float | None = setting(
        None,
        "Passes over the text (default: 12, or as many as 5 minutes allow).",
        above=0.0,
        high=1e6,
        panel="Training",
    )
    minutes: float | None = setting(
        None,
        "Minutes that the command takes, reading and evaluation included; the schedule lands on it.",
        above=0.0,
        high=1e5,
        panel="Training",
    )
    batch_size: int = setting(32, "Texts read side by side in one update.", low=1, high=65_536, panel="Training")
    unroll: int = setting(35, "Steps of truncated back-propagation through time.", low=1, high=10_000, panel="Training")
    learning_rate: float = setting(
        0.01, "Highest step size of AdamW; 0.003 for a simple RNN.", above=0.0, high=1e6, panel="Training"
    )
    weight_decay: float = setting(
        0.0, "Decay of the weights per unit of step size.", low=0.0, high=100.0, panel="Training"
    )
    clip: float = setting(1.0, "Longest gradient; a longer one is shortened.", above=0.0, high=1e9, panel="Training")
    average: float = setting(
        0.0,
        "Decay per update of a running mean of the weights, which is then measured and kept; 0: the last weights.",
        low=0.0,
        high=0.99999,
        panel="Training",
        absent=0.0,
    )
    patience: int = setting(
        5, "Stop after this many evaluations in a row without a new best.", low=1, high=10**6, panel="Training"
    )
    seed: int = setting(1, "Start of every random number.", low=0, high=2**31 - 1, panel="Training")
    threads: int | None = setting(
        None,
        "CPU threads (default: all that this process may use; where minutes end the training, those that are quickest, "
        "tried as it goes).",
        low=1,
        high=1024,
        panel="Training",
    )
    precision: str = setting(
        "float32",
        "Numbers that updates are computed in; bfloat16 is quicker only on a CPU with AMX.",
        choices=("float32", "bfloat16"),
        panel="Training",
    )


@dataclass(frozen=True)
class CountingSpec:
    """One counting of a text: it has no settings, ends by itself, and gives the same each time."""
