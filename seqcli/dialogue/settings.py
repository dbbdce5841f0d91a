"""The settings of dialogue models: how dialogues become tokens, what the model is, how it is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass

from seqcli.latent.settings import PANEL, LatentSpec
from seqcli.settings import again, setting
from seqcli.text.settings import TextSpec
from seqcli.training.settings import RunSpec


@dataclass(frozen=True)
class DialogueTextSpec:
    """How dialogues become token ids."""

    tokenizer: str = again(
        TextSpec, "tokenizer", help="How text is cut into tokens; auto: as fits its script and its spaces."
    )
    lowercase: bool = again(TextSpec, "lowercase")
    min_count: int | None = again(
        TextSpec,
        "min_count",
        help="A token seen less often in the training part is unknown (default: 1 for subwords, else 2).",
    )
    vocabulary_size: int = again(TextSpec, "vocabulary_size")
    subwords: int = again(TextSpec, "subwords", 4_000)
    longest: int = setting(
        100, "Tokens of an utterance; of a longer one the last ones are read.", low=2, high=10_000, panel="Text"
    )
    turns: int = setting(
        20,
        "Utterances seen together: a longer dialogue is read in pieces that overlap by half.",
        low=2,
        high=1_000,
        panel="Text",
    )
    backwards: bool = setting(
        False, "Read dialogues from their end: the model for --reverse-model of reply.", panel="Text"
    )
    held_out: float = again(
        TextSpec, "held_out", 0.05, "Share of the dialogues held out where no --valid is given; 1,000 at most."
    )


@dataclass(frozen=True)
class DialogueSpec(LatentSpec):
    """An encoder of utterances, a recurrent layer over what it said of each, a decoder."""

    architecture: str = setting(
        "hred",
        "seq2seq sees the last utterance, hred the whole dialogue; vhred adds a latent variable.",
        choices=("seq2seq", "hred", "vhred"),
    )
    attention: str = setting(
        "context",
        "Words that the decoder looks back at: of the last utterance, of all the context, or none (last for seq2seq).",
        choices=("none", "last", "context"),
    )
    embedding_size: int = setting(256, "Numbers per token in the embedding.", low=1, high=16_384)
    encoder_size: int = setting(192, "Numbers in the utterance encoder's state, each direction.", low=1, high=16_384)
    context_size: int = setting(320, "Numbers in the state over utterances.", low=1, high=16_384)
    hidden_size: int = setting(512, "Numbers in the decoder's state.", low=1, high=16_384)
    dropout: float | None = setting(
        None,
        "Share of activations dropped while training (default: the more, the more often the dialogues are read).",
        low=0.0,
        high=0.95,
    )
    output: str = setting(
        "sampled", "Training loss over sampled or all tokens; evaluation always uses all.", choices=("sampled", "full")
    )
    samples: int = setting(1024, "Tokens sampled for the sampled output layer.", low=1, high=10**6)

    minimum_rate: float = setting(
        3.0,
        "Nats of KL in all that cost nothing: the rate that is wanted at least.",
        low=0.0,
        high=1e4,
        panel=PANEL,
    )
    bag_of_words: float = setting(
        0.5,
        "Weight of telling the words, in any order, from the latent variable alone.",
        low=0.0,
        high=1e3,
        panel=PANEL,
    )

    @property
    def input_scale(self) -> float:
        """What embeddings are multiplied by where they are read: as rows of the output layer they are small."""
        return math.sqrt(self.embedding_size)

    @property
    def told_size(self) -> int:
        """Numbers that the decoder is told of what was said, and of what is meant."""
        return self.context_size + (self.latent_size if self.latent else 0)

    @property
    def hierarchical(self) -> bool:
        """Whether the dialogue before the last utterance is seen."""
        return self.architecture != "seq2seq"

    @property
    def looks(self) -> tuple[str, ...]:
        """What attention looks at, each with keys of its own."""
        return {"none": (), "last": ("last",), "context": ("last", "earlier")}[self.attention]

    @property
    def latent(self) -> bool:
        """Whether there is a latent variable."""
        return self.architecture == "vhred"


@dataclass(frozen=True)
class DialogueRunSpec(RunSpec):
    """One training of a dialogue model."""

    epochs: float | None = again(
        RunSpec, "epochs", help="Passes over the dialogues (default: 20, or as many as 15 minutes allow)."
    )
    batch_size: int = again(RunSpec, "batch_size", 8, "Dialogues learned from side by side in one update.")
    learning_rate: float = again(RunSpec, "learning_rate", 0.005, "Highest step size of AdamW.")
    average: float = again(RunSpec, "average", 0.998)
