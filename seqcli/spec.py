"""Every setting once: type, default, range and a line of help. Options, record keys and constructors come from here."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, NamedTuple, TypeVar, get_args, get_type_hints

from seqcli.errors import MisuseError, quoted

S = TypeVar("S")


def setting(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    choices: tuple[str, ...] = (),
    panel: str = "Model",
    absent: Any = MISSING,
) -> Any:
    """Declare a setting: its default, its line of help and its legal range (low..high inclusive, above exclusive).

    absent: what it was in the models that were made before it was a setting.
    """
    meta = {"help": help, "low": low, "high": high, "above": above, "choices": choices, "panel": panel}
    return field(default=default, metadata={**meta, "absent": absent})


@dataclass(frozen=True)
class TextSpec:
    """How text becomes token ids."""

    tokenizer: str = setting(
        "words",
        "How text is cut into tokens.",
        choices=("words", "whitespace", "characters", "subwords", "japanese", "mecab"),
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
        "Minutes of training, evaluation included; the schedule lands on it.",
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
        None, "CPU threads (default: all that this process may use).", low=1, high=1024, panel="Training"
    )
    precision: str = setting(
        "float32",
        "Numbers that updates are computed in; bfloat16 is quicker only on a CPU with AMX.",
        choices=("float32", "bfloat16"),
        panel="Training",
    )


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
    lowercase: bool = setting(False, "Fold case: 'The' and 'the' are one token.", panel="Text")
    min_count: int | None = setting(
        None,
        "A token seen less often in the training part is unknown (default: 1 for subwords, else 2).",
        low=1,
        high=10**9,
        panel="Text",
    )
    vocabulary_size: int = setting(
        30_000, "At most this many tokens, special symbols included.", low=3, high=10**7, panel="Text"
    )
    subwords: int = setting(
        4_000, "Subwords to learn, where --tokenizer is subwords.", low=50, high=10**6, panel="Text"
    )
    longest: int = setting(
        200,
        "Longest sentence to learn from, in tokens; pairs with a longer one are left out.",
        low=2,
        high=10_000,
        panel="Text",
    )
    held_out: float = setting(
        0.03, "Share of the pairs held out where no --valid is given; 1,000 at most.", above=0.0, high=0.5, panel="Text"
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
    embedding_size: int = setting(256, "Numbers per token in the embedding.", low=1, high=16_384)
    encoder_size: int = setting(192, "Numbers in the encoder's state, in each direction.", low=1, high=16_384)
    hidden_size: int = setting(384, "Numbers in the decoder's state.", low=1, high=16_384)
    layers: int = setting(1, "Recurrent layers of encoder and decoder.", low=1, high=16)
    dropout: float = setting(0.3, "Share of activations dropped while training.", low=0.0, high=0.95)
    label_smoothing: float = setting(
        0.1, "Share of each target that is spread over all tokens while training.", low=0.0, high=0.9
    )
    tied: bool = setting(True, "Output layer shares the target embedding's weights.")


@dataclass(frozen=True)
class TranslationRunSpec(RunSpec):
    """One training of a translator."""

    epochs: float | None = setting(
        None,
        "Passes over the pairs (default: 30, or as many as 15 minutes allow).",
        above=0.0,
        high=1e6,
        panel="Training",
    )
    batch_size: int = setting(
        64, "Pairs learned from side by side in one update.", low=1, high=65_536, panel="Training"
    )
    learning_rate: float = setting(0.003, "Highest step size of AdamW.", above=0.0, high=1e6, panel="Training")
    average: float = setting(
        0.998,
        "Decay per update of a running mean of the weights, which is then measured and kept; 0: the last weights.",
        low=0.0,
        high=0.99999,
        panel="Training",
    )


@dataclass(frozen=True)
class CountingSpec:
    """One counting of a text: it has no settings, ends by itself, and gives the same each time."""


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
        None, "Minutes of training; the schedule lands on it.", above=0.0, high=1e5, panel="Training"
    )
    learning_rate: float = setting(
        0.05, "First step size; it falls to 15 % of this.", above=0.0, high=1e6, panel="Training"
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


GATES = {"rnn": 1, "gru": 3, "lstm": 4}  # products of a recurrent step: as many times H rows have its weights

PAST_KEYS = 64  # numbers that a state is found by where a language model attends to its past

TASKS = {
    "lm": "predicts the next token",
    "vectors": "holds word vectors",
    "translation": "translates (ask it with translate, score-translation, evaluate-translation)",
}


class Architecture(NamedTuple):
    """What a model of one kind is made of: its task, "module:class" (a string: nothing heavy is imported), settings."""

    task: str
    model: str
    spec: type
    text: type = TextSpec
    run: type = RunSpec
    answers: str = ""  # "module:class" of a language model that answers with numpy alone
    defaults: Mapping[str, Any] = {}


_RECURRENT = Architecture(
    "lm", "seqcli.models.language:LanguageModel", LanguageSpec, answers="seqcli.inference:LanguageArrays"
)

ARCHITECTURES: dict[str, Architecture] = {
    "rnn": _RECURRENT._replace(defaults={"learning_rate": 0.003}),  # at 0.01, for gated cells, it hardly learns
    "gru": _RECURRENT,
    "lstm": _RECURRENT,
    "ngram": Architecture(
        "lm", "seqcli.ngram.smoothing:train", NgramSpec, TextSpec, CountingSpec, "seqcli.ngram.arrays:NgramArrays"
    ),
    **dict.fromkeys(
        ("skip-gram", "cbow"),
        Architecture("vectors", "seqcli.vectors.train:VectorTraining", VectorsSpec, VectorsTextSpec, VectorsRunSpec),
    ),
    "seq2seq": Architecture(
        "translation", "seqcli.models.seq2seq:Translator", TranslationSpec, PairsTextSpec, TranslationRunSpec
    ),
    "imported": Architecture("vectors", "seqcli.vectors.table:Table", TableSpec),
}


def option_name(name: str) -> str:
    """Return a setting's name as it is typed: min_count -> --min-count."""
    return "--" + name.replace("_", "-")


def value_type(cls: type, name: str) -> tuple[type, bool]:
    """Return a setting's plain type, and whether it may be None."""
    hint = _types(cls)[name]
    kinds = [a for a in get_args(hint) if a is not type(None)]
    return (kinds[0], True) if kinds else (hint, False)


@functools.cache  # a record has some forty settings, and to resolve the types of a class compiles every one of them
def _types(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def check(spec: Any) -> None:
    """Raise MisuseError, naming the option, for the first value outside its range."""
    for f in fields(spec):
        value, meta, name = getattr(spec, f.name), f.metadata, option_name(f.name)
        kind, optional = value_type(type(spec), f.name)
        if value is None and optional:
            continue
        if type(value) is not kind and not (kind is float and type(value) is int):
            raise MisuseError(f"{name} is {quoted(value)}; give a value of type {kind.__name__}.")
        if meta["choices"]:
            if value not in meta["choices"]:
                raise MisuseError(f"{name} is {quoted(value)}; choose from {', '.join(meta['choices'])}.")
        elif isinstance(value, (int, float)) and kind is not bool:
            low, high, above = meta["low"], meta["high"], meta["above"]
            inside = math.isfinite(float(value)) and (low is None or value >= low) and (above is None or value > above)
            if not inside or (high is not None and value > high):
                bound = f"above {above:g}" if above is not None else f"{low:g} or more"
                raise MisuseError(f"{name} is {quoted(value)}; give a number {bound}, at most {high:g}.")


def to_dict(spec: Any) -> dict[str, Any]:
    """Return the settings as they stand in a record."""
    return dataclasses.asdict(spec)


def from_dict(cls: type[S], values: object, where: str) -> S:
    """Return the settings that a record holds; every key must be there, of its type and in its range.

    Only a setting that is younger than the record may be missing: it is then what it was before it could be set.

    Raises MisuseError naming the key: the caller knows whether it was typed or read.
    """
    names = [f.name for f in fields(cls)]  # type: ignore[arg-type]
    if isinstance(values, dict):
        values = {f.name: f.metadata["absent"] for f in fields(cls) if f.metadata["absent"] is not MISSING} | values  # type: ignore[arg-type]
    if not isinstance(values, dict) or sorted(values) != sorted(names):
        odd = sorted(set(values) ^ set(names)) if isinstance(values, dict) else ["not an object"]
        raise MisuseError(f"{where} does not hold the expected settings: {quoted(', '.join(map(str, odd)))}.")
    spec = cls(**values)
    check(spec)
    return spec
