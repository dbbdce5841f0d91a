"""The table of tasks and architectures: what a model of each kind is made of (strings, not imports)."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple


def resolved(where: str) -> Any:
    """Return what "module:name" names, imported now."""
    module, name = where.split(":")
    return getattr(importlib.import_module(module), name)


class Task(NamedTuple):
    """What models of one task do and are called, the commands that train and measure one, and "module:name"s.

    load(session, record) gives the object that answers; trainer(session, order) is what training.driver runs. Of a
    training that several processes share, leads is what rank 0 hands out work by, takes_part what the others do.
    """

    does: str
    one: str
    many: str
    trained_by: str
    evaluated_by: str
    load: str
    trainer: str
    leads: str = "seqcli.training.leader:Leader"
    takes_part: str = "seqcli.training.worker:take_part"


TASKS = {
    "lm": Task(
        "predicts the next token",
        "language model",
        "language models",
        "train-lm FILE",
        "evaluate",
        "seqcli.language.answers:load",
        "seqcli.language.training:LanguageTrainer",
    ),
    "vectors": Task(
        "holds word vectors",
        "model of word vectors",
        "models of word vectors",
        "train-w2v FILE",
        "evaluate-vectors",
        "seqcli.vectors.answers:load",
        "seqcli.vectors.training:VectorsTrainer",
        "seqcli.vectors.processes:Leader",
        "seqcli.vectors.processes:take_part",
    ),
    "translation": Task(
        "translates (ask it with translate, score-translation, evaluate-translation)",
        "translator",
        "translators",
        "train-translate SOURCE TARGET",
        "evaluate-translation",
        "seqcli.translation.answers:load",
        "seqcli.translation.training:TranslationTrainer",
    ),
    "dialogue": Task(
        "answers in a dialogue (ask it with reply, evaluate-dialogue)",
        "dialogue model",
        "dialogue models",
        "train-dialogue FILE",
        "evaluate-dialogue",
        "seqcli.dialogue.answers:load",
        "seqcli.dialogue.training:DialogueTrainer",
    ),
    "fill": Task(
        "fills gaps (ask it with fill, evaluate-fill)",
        "bidirectional model",
        "bidirectional models",
        "train-fill FILE",
        "evaluate-fill",
        "seqcli.fill.answers:load",
        "seqcli.fill.training:FillTrainer",
    ),
    "sentences": Task(
        "holds sentences as codes (ask it with sample, reconstruct, interpolate, attribute, edit)",
        "model of sentences",
        "models of sentences",
        "train-vae FILE",
        "evaluate-sentences",
        "seqcli.sentences.answers:load",
        "seqcli.sentences.training:SentencesTrainer",
    ),
}


class Architecture(NamedTuple):
    """What a model of one kind is made of: "module:class" of its network and of its three groups of settings."""

    task: str
    model: str
    spec_class: str
    text_class: str = "seqcli.text.settings:TextSpec"
    run_class: str = "seqcli.training.settings:RunSpec"
    answers: str = ""  # of a language model that answers with numpy alone
    defaults: Mapping[str, Any] = {}  # settings that are not the usual ones

    @property
    def spec(self) -> type:
        """The settings of the model."""
        return _class(self.spec_class)

    @property
    def text(self) -> type:
        """The settings of its text."""
        return _class(self.text_class)

    @property
    def run(self) -> type:
        """The settings of its training."""
        return _class(self.run_class)


@functools.cache
def _class(where: str) -> type:
    found: type = resolved(where)
    return found


_RECURRENT = Architecture(
    "lm",
    "seqcli.language.model:LanguageModel",
    "seqcli.language.settings:LanguageSpec",
    answers="seqcli.language.arrays:LanguageArrays",
)
_WORD2VEC = Architecture(
    "vectors",
    "seqcli.vectors.loop:VectorTraining",
    "seqcli.vectors.settings:VectorsSpec",
    "seqcli.vectors.settings:VectorsTextSpec",
    "seqcli.vectors.settings:VectorsRunSpec",
)
_DIALOGUE = Architecture(
    "dialogue",
    "seqcli.dialogue.model:DialogueModel",
    "seqcli.dialogue.settings:DialogueSpec",
    "seqcli.dialogue.settings:DialogueTextSpec",
    "seqcli.dialogue.settings:DialogueRunSpec",
)

_SENTENCES = Architecture(
    "sentences",
    "seqcli.sentences.model:SentenceModel",
    "seqcli.sentences.settings:VaeSpec",
    "seqcli.sentences.settings:SentencesTextSpec",
    "seqcli.sentences.settings:SentencesRunSpec",
)

ARCHITECTURES: dict[str, Architecture] = {  # of a name that two tasks have, the later one's has its task before it
    "rnn": _RECURRENT._replace(defaults={"learning_rate": 0.003}),  # at 0.01, for gated cells, it hardly learns
    "gru": _RECURRENT,
    "lstm": _RECURRENT,
    "ngram": Architecture(
        "lm",
        "seqcli.language.ngram.smoothing:train",
        "seqcli.language.settings:NgramSpec",
        run_class="seqcli.language.settings:CountingSpec",
        answers="seqcli.language.ngram.arrays:NgramArrays",
    ),
    "skip-gram": _WORD2VEC,
    "cbow": _WORD2VEC,
    "seq2seq": Architecture(
        "translation",
        "seqcli.translation.model:Translator",
        "seqcli.translation.settings:TranslationSpec",
        "seqcli.translation.settings:PairsTextSpec",
        "seqcli.translation.settings:TranslationRunSpec",
    ),
    "dialogue/seq2seq": _DIALOGUE._replace(defaults={"attention": "last"}),
    "hred": _DIALOGUE,
    "vhred": _DIALOGUE,
    "bidirectional": Architecture(
        "fill",
        "seqcli.fill.model:FillModel",
        "seqcli.fill.settings:FillSpec",
        "seqcli.fill.settings:FillTextSpec",
        "seqcli.fill.settings:FillRunSpec",
    ),
    "vae": _SENTENCES,
    "autoencoder": _SENTENCES._replace(
        spec_class="seqcli.sentences.settings:CodedSpec",
        defaults={  # it must learn by heart how to write what its code says, not what is likely
            **{"dropout": 0.0, "weight_dropout": 0.0, "embedding_dropout": 0.0},
            **{"bag_of_words": 0.5, "word_dropout": 0.2, "encoder_size": 256, "longest": 30, "rotary": 16},
        },
    ),
    "sentence-lm": _SENTENCES._replace(spec_class="seqcli.sentences.settings:SentenceSpec"),
    "imported": Architecture("vectors", "seqcli.vectors.table:Table", "seqcli.vectors.settings:TableSpec"),
}


def key_of(task: str, architecture: str) -> str:
    """Return where an architecture of a task stands in the table, whether it is there or not."""
    kind = ARCHITECTURES.get(architecture)
    return architecture if kind is None or kind.task == task else f"{task}/{architecture}"


def names_of(task: str) -> list[str]:
    """Return the architectures of a task, by the names that its settings and records have."""
    return [key.rpartition("/")[2] for key, kind in ARCHITECTURES.items() if kind.task == task]
