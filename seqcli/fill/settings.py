"""The settings of models that fill gaps: how text becomes tokens, what the model is, how it is trained."""

from __future__ import annotations

from dataclasses import dataclass

from seqcli.settings import again, setting
from seqcli.text.settings import TextSpec
from seqcli.training.settings import RunSpec

FITTED = "default: the more, the more often the text is read"


@dataclass(frozen=True)
class FillTextSpec(TextSpec):
    """How text becomes token ids: a gap may be filled with a rare word, so more of them are known."""

    vocabulary_size: int = again(TextSpec, "vocabulary_size", 60_000)


@dataclass(frozen=True)
class FillSpec:
    """A stack of recurrent layers from each side of a place, and the fully connected layer that joins them."""

    architecture: str = setting("bidirectional", "Reads both ways.", choices=("bidirectional",))
    cell: str = setting("lstm", "Recurrent cell.", choices=("rnn", "gru", "lstm"))
    sides: str = setting(
        "both", "What is read of a text: both sides of a word, or one alone.", choices=("both", "left", "right")
    )
    embedding_size: int = setting(256, "Numbers per token in the embedding.", low=1, high=16_384)
    hidden_size: int = setting(384, "Numbers in the state of a layer, on each side.", low=1, high=16_384)
    layers: int = setting(1, "Recurrent layers on each side.", low=1, high=16)
    window: int = setting(10, "Words on each side that the output layer also reads directly; 0: none.", low=0, high=100)
    dropout: float | None = setting(
        None, f"Share of activations dropped while training ({FITTED}).", low=0.0, high=0.95
    )
    embedding_dropout: float | None = setting(
        None, f"Share of the vocabulary read as nothing in an update ({FITTED}).", low=0.0, high=0.95
    )
    weight_dropout: float | None = setting(
        None, f"Share of the recurrent weights dropped in an update ({FITTED}).", low=0.0, high=0.95
    )
    hidden_words: float = setting(
        0.01,
        "Share of the words read as unknown while training, as those in other gaps of a sentence are.",
        low=0.0,
        high=0.5,
        absent=0.0,
    )
    tied: bool = setting(True, "Output layer shares the embedding's weights.")
    output: str = setting(
        "sampled", "Training loss over sampled or all tokens; evaluation always uses all.", choices=("sampled", "full")
    )
    samples: int = setting(1024, "Tokens sampled for the sampled output layer.", low=1, high=10**6)

    @property
    def stacks(self) -> tuple[str, ...]:
        """The names of the stacks: onward reads what stands left of a word, returning what stands right of it."""
        return {"both": ("onward", "returning"), "left": ("onward",), "right": ("returning",)}[self.sides]

    @property
    def joined_size(self) -> int:
        """Numbers in the fully connected layer."""
        return 2 * self.embedding_size


@dataclass(frozen=True)
class FillRunSpec(RunSpec):
    """One training of a model that fills gaps."""

    epochs: float | None = again(
        RunSpec, "epochs", help="Passes over the text (default: 20, or as many as 10 minutes allow)."
    )
    unroll: int = setting(64, "Tokens that stand together in an update.", low=2, high=10_000, panel="Training")
