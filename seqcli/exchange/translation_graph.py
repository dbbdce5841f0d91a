"""A translator as an ONNX graph: a source and the beginning of a target in, what comes next in the target out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from seqcli.exchange.graph import Graph
from seqcli.layers.steps import Array
from seqcli.translation.arrays import NEVER
from seqcli.translation.settings import TranslationSpec

EXPLANATION = (
    "source [B, S]: tokens by their place in the metadata's source_vocabulary, each sentence ended by <eos>; lengths "
    "[B]: of each. target [B, T]: tokens of the vocabulary, begun with <eos>. log_probabilities [B, T, V]: natural "
    "logs of every token's probability to come behind each; attention [B, T, S]: what each looked at."
)


def translation_graph(spec: TranslationSpec, arrays: Mapping[str, Array]) -> Graph:
    """Return the graph of a model. arrays: as `translation_table` lists them."""
    graph = Graph()
    source = graph.add("Transpose", graph.input("source", "int64", ("B", "S")), perm=[1, 0])
    lengths = graph.input("lengths", "int64", ("B",))
    target = graph.add("Transpose", graph.input("target", "int64", ("B", "T")), perm=[1, 0])
    embedding = graph.constant(arrays["embedding.weight"], "embedding")
    own = "source_embedding.weight"
    seen = graph.add("Gather", graph.constant(arrays[own], "embedding.source") if own in arrays else embedding, source)
    both = ("encoder.onward", "encoder.returning")
    states, _ = graph.both_ways(spec.cell, arrays, both, spec.layers, seen, lengths)  # [S, B, 2H]
    first = _first_states(graph, spec, arrays, graph.mean(states, lengths))

    y = graph.add("Gather", embedding, target)
    for i in range(spec.layers):
        y, _ = graph.recurrent(spec.cell, arrays, f"decoder.layers.{i}", y, first[i])
    combine, hidden = arrays["combine.weight"], spec.hidden_size
    if spec.attention == "none":
        added = None
        told = graph.linear(graph.add("Transpose", y, perm=[1, 0, 2]), combine[:, :hidden].T, arrays["combine.bias"])
    else:
        weights = _weights(graph, spec, arrays, y, states, graph.inside(seen, lengths))  # [B, T, S]
        graph.output(weights, "attention", "float", ("B", "T", "S"))
        contexts = graph.add("MatMul", weights, graph.add("Transpose", states, perm=[1, 0, 2]))  # [B, T, 2H]
        if spec.reads_attention:
            read = graph.add("Concat", y, graph.add("Transpose", contexts, perm=[1, 0, 2]), axis=2)
            y, _ = graph.recurrent(spec.cell, arrays, "reader.layers.0", read, first[-1])
        behind = graph.add("Transpose", y, perm=[1, 0, 2])
        told = graph.linear(graph.add("Concat", behind, contexts, axis=2), combine.T, arrays["combine.bias"])
        words = graph.add("MatMul", weights, graph.add("Transpose", seen, perm=[1, 0, 2]))
        added = graph.linear(words, arrays["lexical.weight"].T) if spec.sees_words else None
    out = graph.add("Tanh", told)
    out = graph.add("Add", out, added) if added else out
    rows = graph.add("Transpose", embedding, perm=[1, 0]) if spec.tied else graph.constant(arrays["output.weight"].T)
    scores = graph.add("Add", graph.add("MatMul", out, rows), graph.constant(arrays["output_bias"]))
    size = len(arrays["output_bias"])
    graph.output(graph.add("LogSoftmax", scores, axis=-1), "log_probabilities", "float", ("B", "T", size))
    return graph


def _first_states(graph: Graph, spec: TranslationSpec, arrays: Mapping[str, Array], mean: str) -> list[list[str]]:
    """mean [B, 2H] of a source's states -> what each layer of the decoder begins with."""
    told = graph.add("Tanh", graph.linear(mean, arrays["start.weight"].T, arrays["start.bias"]))
    size, found = spec.hidden_size, []
    for i in range(spec.decoder_layers):
        bounds = (graph.constant(np.array([n])) for n in (i * size, (i + 1) * size, 1))
        h = graph.add("Slice", told, *bounds)
        found.append([h, graph.add("Mul", h, graph.number(0))] if spec.cell == "lstm" else [h])
    return found


def _weights(graph: Graph, spec: TranslationSpec, arrays: Mapping[str, Array], y: str, states: str, inside: str) -> str:
    """y [T, B, H], states [S, B, 2H], inside [B, S] -> what each step looks at [B, T, S]."""
    keys = graph.linear(graph.add("Transpose", states, perm=[1, 0, 2]), arrays["attention.keys.weight"].T)  # [B, S, H]
    queries = graph.add("Transpose", y, perm=[1, 0, 2])
    if spec.attention == "additive":
        queries = graph.linear(queries, arrays["attention.query.weight"].T, arrays["attention.query.bias"])
        each = graph.add("Unsqueeze", queries, graph.constant(np.array([2])))
        every = graph.add("Unsqueeze", keys, graph.constant(np.array([1])))
        energy = graph.linear(graph.add("Tanh", graph.add("Add", each, every)), arrays["attention.energy.weight"].T)
        scores = graph.add("Squeeze", energy, graph.constant(np.array([3])))
    else:
        scores = graph.add("MatMul", queries, graph.add("Transpose", keys, perm=[0, 2, 1]))
    there = graph.add("Unsqueeze", inside, graph.constant(np.array([1])))
    return str(graph.add("Softmax", graph.add("Where", there, scores, graph.number(float(NEVER))), axis=-1))
