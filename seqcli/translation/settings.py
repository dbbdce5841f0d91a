"""The settings of translators: how pairs become tokens, what the model is, how it is trained."""

from __future__ import annotations

from dataclasses import dataclass

from seqcli.settings import again, setting
from seqcli.text.settings import TextSpec
from seqcli.training.settings import RunSpec

FITTED = "default: the more, the more often the pairs are read"


@dataclass(frozen=True)
class PairsTextSpec:
    """How sentences and their translations become token ids."""

    tokenizer: str = setting(
        "subwords",
        "How text is cut into tokens.",
        choices=("words", "whitespace", "characters", "subwords", "japanese", "mecab"),
        panel="Text",
    )
    joint: bool = setting(True, "One vocabulary for both languages; else one for each.", panel="Text")
    lowercase: bool = again(TextSpec, "lowercase")
    min_count: int | None = again(
        TextSpec,
        "min_count",
        help="A token seen less often in the training part is unknown (default: 1 for subwords, else 2).",
    )
    vocabulary_size: int = again(TextSpec, "vocabulary_size")
    subwords: int = again(TextSpec, "subwords", 4_000)
    longest: int = setting(
        200,
        "Longest sentence to learn from, in tokens; pairs with a longer one are left out.",
        low=2,
        high=10_000,
        panel="Text",
    )
    held_out: float = again(
        TextSpec, "held_out", 0.03, "Share of the pairs held out where no --valid is given; 1,000 at most."
    )


@dataclass(frozen=True)
class TranslationSpec:
    """An encoder of both directions, a decoder, and the attention between them."""

    architecture: str = setting("seq2seq", "Encoder and decoder.", choices=("seq2seq",))
    cell: str = setting("lstm", "Recurrent cell.", choices=("rnn", "gru", "lstm"))
    attention: str = setting(
        "multiplicative",
        "How the decoder weighs the source at each step; none: all it has is one vector.",
        choices=("none", "additive", "multiplicative"),
    )
    attention_layer: bool = setting(
        True, "A second recurrent layer of the decoder reads what attention saw.", absent=False
    )
    lexical: bool = setting(
        True, "The embeddings of what attention saw go straight to the output layer, too.", absent=False
    )
    embedding_size: int = setting(256, "Numbers per token in the embedding.", low=1, high=16_384)
    encoder_size: int = setting(192, "Numbers in the encoder's state, in each direction.", low=1, high=16_384)
    hidden_size: int = setting(320, "Numbers in the decoder's state.", low=1, high=16_384)
    layers: int = setting(1, "Recurrent layers of encoder and decoder.", low=1, high=16)
    dropout: float | None = setting(
        None, f"Share of activations dropped while training ({FITTED}).", low=0.0, high=0.95
    )
    embedding_dropout: float | None = setting(
        None, f"Share of the vocabulary read as nothing in an update ({FITTED}).", low=0.0, high=0.95, absent=0.0
    )
    weight_dropout: float | None = setting(
        None, f"Share of the recurrent weights dropped in an update ({FITTED}).", low=0.0, high=0.95, absent=0.0
    )
    label_smoothing: float = setting(
        0.1, "Share of each target that is spread over all tokens while training.", low=0.0, high=0.9
    )
    tied: bool = setting(True, "Output layer shares the target embedding's weights.")

    @property
    def decoder_layers(self) -> int:
        """Recurrent layers of the decoder, that over the attention included."""
        return self.layers + self.reads_attention

    @property
    def reads_attention(self) -> bool:
        """Whether the decoder has a layer over the attention."""
        return self.attention_layer and self.attention != "none"

    @property
    def sees_words(self) -> bool:
        """Whether attention hands the source's embeddings to the output layer."""
        return self.lexical and self.attention != "none"


@dataclass(frozen=True)
class TranslationRunSpec(RunSpec):
    """One training of a translator."""

    epochs: float | None = again(
        RunSpec, "epochs", help="Passes over the pairs (default: 30, or as many as 15 minutes allow)."
    )
    batch_size: int = again(RunSpec, "batch_size", 64, "Pairs learned from side by side in one update.")
    learning_rate: float = again(RunSpec, "learning_rate", 0.003, "Highest step size of AdamW.")
    average: float = again(RunSpec, "average", 0.998)
    subword_regularisation: float = setting(
        0.0,
        "Cut words into subwords by a draw at every update: the nearer to 0 the freer; 0 itself: never.",
        low=0.0,
        high=10.0,
        panel="Training",
        absent=0.0,
    )
