"""The settings of word vectors: how text becomes words, what is learned, how; and those of tables that were read."""

from __future__ import annotations

from dataclasses import dataclass

from seqcli.settings import setting
from seqcli.text.settings import TextSpec


@dataclass(frozen=True)
class VectorsTextSpec(TextSpec):
    """How text becomes the words that get a vector."""

    min_count: int | None = setting(
        5, "A word seen less often in the training part gets no vector.", low=1, high=10**9, panel="Text"
    )
    vocabulary_size: int = setting(
        1_000_000, "At most this many words, the commonest.", low=4, high=10**8, panel="Text"
    )
    held_out: float = setting(
        0.01, "Share of the text held out where no --valid is given.", above=0.0, high=0.5, panel="Text"
    )
    phrases: bool = setting(False, "Join pairs of words that stand together often: new_york.", panel="Text")
    phrase_threshold: float = setting(
        100.0, "How much oftener than by chance a phrase must occur.", low=0.0, high=1e12, panel="Text"
    )


@dataclass(frozen=True)
class VectorsSpec:
    """Word vectors learned from the company that words keep: word2vec."""

    architecture: str = setting(
        "skip-gram", "Predict the contexts from the word, or (cbow) the word.", choices=("skip-gram", "cbow")
    )
    embedding_size: int = setting(100, "Numbers per word.", low=1, high=16_384)
    window: int = setting(5, "Words on either side that are context; each time 1 to this many.", low=1, high=1000)
    output: str = setting(
        "negative-sampling",
        "What a word is told apart by: random other words, or the nodes of a Huffman tree.",
        choices=("negative-sampling", "hierarchical-softmax"),
    )
    negatives: int = setting(5, "Random words for each true one, in the mean.", low=1, high=1000)
    subsample: float = setting(
        1e-3, "A word of a larger share of the text is passed over at random; 0: none is.", low=0.0, high=1.0
    )
    subwords: bool = setting(False, "Also learn character n-grams, so that a word never seen has a vector.")
    min_ngram: int = setting(3, "Shortest character n-gram.", low=1, high=64)
    max_ngram: int = setting(6, "Longest character n-gram.", low=1, high=64)
    buckets: int = setting(200_000, "Rows that character n-grams share.", low=1, high=2**31 - 1)

    @property
    def dimensions(self) -> int:
        """Numbers per word, as a table that was not trained here calls it too."""
        return self.embedding_size


@dataclass(frozen=True)
class VectorsRunSpec:
    """One training of word vectors: how long, from which random start, and whether it must be repeatable."""

    epochs: float | None = setting(None, "Passes over the text (default: 5).", above=0.0, high=1e6, panel="Training")
    minutes: float | None = setting(
        None,
        "Minutes that the command takes, reading and evaluation included; the schedule lands on it.",
        above=0.0,
        high=1e5,
        panel="Training",
    )
    learning_rate: float = setting(
        0.05,
        "First step size; it falls to 15 % of this. A window above 5 makes it as much smaller (skip-gram).",
        above=0.0,
        high=1e6,
        panel="Training",
    )
    patience: int | None = setting(
        None,
        "Stop after this many evaluations without a new best, and keep the best.",
        low=1,
        high=10**6,
        panel="Training",
    )
    seed: int = setting(1, "Start of every random number.", low=0, high=2**31 - 1, panel="Training")
    threads: int | None = setting(
        None, "CPU threads (default: all that this process may use).", low=1, high=1024, panel="Training"
    )
    reproducible: bool = setting(
        False, "Same seed and threads, same vectors, bit for bit; somewhat slower.", panel="Training"
    )


@dataclass(frozen=True)
class TableSpec:
    """A table of word vectors that was read from a file or made smaller, not trained."""

    format: str = setting(
        "word2vec-text",
        "Format of the file it was read from; seqcli: another model.",
        choices=(
            "word2vec-text",
            "word2vec-binary",
            "glove",
            "fasttext-vec",
            "fasttext-bin",
            "numpy",
            "projector",
            "seqcli",
        ),
    )
    quantize: str = setting(
        "none", "Numbers as bytes (int8) or as codes for two at a time (pq).", choices=("none", "int8", "pq")
    )
    dimensions: int = setting(100, "Numbers per word.", low=1, high=65_536)
    min_ngram: int = setting(0, "Shortest character n-gram; 0: the table has none.", low=0, high=64)
    max_ngram: int = setting(0, "Longest character n-gram.", low=0, high=64)
    buckets: int = setting(0, "Rows that character n-grams share.", low=0, high=2**31 - 1)
