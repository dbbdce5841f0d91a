"""A stored model as an ONNX file, checked against its own answers where onnxruntime is installed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqcli.errors import MisuseError, SeqcliError, quoted
from seqcli.exchange import agreement
from seqcli.exchange.graph import Graph
from seqcli.store.record import Record
from seqcli.store.weights import stored_weights
from seqcli.tasks import resolved

if TYPE_CHECKING:
    from seqcli.text.vocabulary import Vocabulary

NETWORKS: dict[str, tuple[str, str, Callable[..., agreement.Asked]]] = {  # task -> its graph, weights, questions
    "lm": ("language_graph", "seqcli.language.arrays:language_table", agreement.language),
    "fill": ("fill_graph", "seqcli.fill.arrays:fill_table", agreement.fill),
    "translation": ("translation_graph", "seqcli.translation.arrays:translation_table", agreement.translation),
    "sentences": ("sentences_graph", "seqcli.sentences.arrays:sentences_table", agreement.sentences),
    "dialogue": ("dialogue_graph", "seqcli.dialogue.shapes:dialogue_table", agreement.dialogue),
}
SEED = 1  # of the texts that are asked: an export is the same each time


class Exported(NamedTuple):
    """A graph and what is asked of it: EXPLANATION of its module, the vocabularies beside the main one."""

    graph: Graph
    asked: agreement.Asked
    explanation: str
    tokens: list[str]
    more: dict[str, list[str]]


def onnx_of(record: Record) -> tuple[bytes, float | None]:
    """Return a model as a file, and by how much its answers differ; None where nothing is there to ask it.

    Raises MisuseError for a model that is no network, SeqcliError where answers differ or a package is missing.
    """
    check_onnx()
    found = _of_vectors(record) if record.task == "vectors" else _of_network(record)
    about = {
        "model": record.name,
        "task": record.task,
        "architecture": record.architecture,
        "tokenizer": getattr(record.text, "tokenizer", None),
        "lowercase": getattr(record.text, "lowercase", None),
        **found.more,
    }
    data = found.graph.to_bytes(about, found.tokens, found.explanation)
    if not _is_there("onnxruntime"):
        return data, None
    apart = agreement.difference(data, found.asked)
    if not apart <= agreement.CLOSE:
        raise SeqcliError(f"The graph of {quoted(record.name)} answers otherwise, by {apart:.1g}; please report it.")
    return data, apart


def check_onnx() -> None:
    """Raise SeqcliError where the package that makes the file is not installed."""
    if not _is_there("onnx"):
        raise SeqcliError("The package 'onnx' is not installed; install it: pip install 'seqcli[onnx]'")


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ValueError:  # it is hidden
        return False


def _of_vectors(record: Record) -> Exported:
    from seqcli.exchange import vectors_graph
    from seqcli.vectors.load import table_of

    table = table_of(record)
    matrix = np.asarray(table.matrix, np.float32)
    asked = agreement.vectors(matrix, np.random.default_rng(SEED))
    return Exported(vectors_graph.vectors_graph(matrix), asked, vectors_graph.EXPLANATION, list(table.words), {})


def _of_network(record: Record) -> Exported:
    """Return the graph of a model that is a network."""
    if record.architecture == "ngram":
        raise MisuseError(f"{quoted(record.name)} counts and is no network; export it as .arpa.")
    name, table_of, ask = NETWORKS[record.task]
    module = importlib.import_module(f"seqcli.exchange.{name}")
    more: dict[str, list[str]] = {}
    if record.task == "translation":
        source, target = vocabularies(record)
        more = {"source_vocabulary": list(source.tokens)}
        table = resolved(table_of)(record.spec, len(source), len(target), record.text.joint)
        tokens = list(target.tokens)
    else:
        tokens = list(record.vocabulary().tokens)
        table = resolved(table_of)(record.spec, len(tokens))
    arrays = stored_weights(record, table)
    asked = ask(record.spec, arrays, len(tokens), np.random.default_rng(SEED))
    return Exported(getattr(module, name)(record.spec, arrays), asked, module.EXPLANATION, tokens, more)


def vocabularies(record: Record) -> tuple[Vocabulary, Vocabulary]:
    """Return those of a translator's source and target, which may be one."""
    if record.text.joint:
        one = record.vocabulary()
        return one, one
    return record.vocabulary("source-vocabulary"), record.vocabulary("target-vocabulary")
