"""The table of architectures: what a model of each kind is made of (strings, not imports)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from seqcli.spec.language import CountingSpec, LanguageSpec, NgramSpec, RunSpec, TextSpec
from seqcli.spec.translation import PairsTextSpec, TranslationRunSpec, TranslationSpec
from seqcli.spec.vectors import TableSpec, VectorsRunSpec, VectorsSpec, VectorsTextSpec

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
