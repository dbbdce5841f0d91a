"""A bidirectional model as an ONNX graph: a sentence in, the log-probability of every token at every place out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from seqcli.exchange.graph import Graph
from seqcli.fill.settings import FillSpec
from seqcli.layers.steps import Array
from seqcli.text.vocabulary import EOS

EXPLANATION = (
    "ids [B, T]: tokens of sentences by their place in the metadata's vocabulary, no <eos> before or behind them; "
    "lengths [B]: of each. log_probabilities [B, T, V]: natural logs of every token's probability at each place, as "
    "all the other tokens say; what stands behind a sentence's end means nothing."
)


def fill_graph(spec: FillSpec, arrays: Mapping[str, Array]) -> Graph:
    """Return the graph of a model. arrays: as `fill_table` lists them."""
    graph = Graph()
    ids = graph.input("ids", "int64", ("B", "T"))
    lengths = graph.input("lengths", "int64", ("B",))
    steps = graph.add("Cast", lengths, to=6)  # int32, as the recurrent operators want them
    turned = graph.add("Transpose", ids, perm=[1, 0])  # [T, B]
    embedding = graph.constant(arrays["embedding.weight"], "embedding")
    size = spec.hidden_size
    sides, near = [], []
    for at, stack in enumerate(spec.stacks):
        words = turned if stack == "onward" else graph.reversed(turned, lengths)
        x = graph.add("Gather", embedding, _before(graph, words))  # [T, B, E]: what each place is behind
        states = x
        for i in range(spec.layers):
            states, _ = graph.recurrent(spec.cell, arrays, f"stacks.{stack}.layers.{i}", states, lengths=steps)
        part = graph.linear(states, arrays["join.weight"].T[at * size : (at + 1) * size])
        beside = _near(graph, x, arrays[f"near.{stack}"]) if spec.window else None
        if stack != "onward":
            part = graph.reversed(part, lengths)
            beside = graph.reversed(beside, lengths) if beside else None
        sides.append(part)
        near += [beside] if beside else []
    joined = graph.add("Relu", graph.add("Add", graph.add("Sum", *sides), graph.constant(arrays["join.bias"])))
    met = graph.linear(joined, arrays["project.weight"].T, arrays["project.bias"])
    vectors = graph.add("Transpose", graph.add("Sum", met, *near), perm=[1, 0, 2])  # [B, T, E]
    output = graph.add("Transpose", embedding, perm=[1, 0]) if spec.tied else graph.constant(arrays["output.weight"].T)
    scores = graph.add("Add", graph.add("MatMul", vectors, output), graph.constant(arrays["output_bias"]))
    count = len(arrays["output_bias"])
    graph.output(graph.add("LogSoftmax", scores, axis=-1), "log_probabilities", "float", ("B", "T", count))
    return graph


def _before(graph: Graph, words: str) -> str:
    """words [T, B] -> the word before each, <eos> before the first."""
    start, end, axis = (graph.constant(np.array([n])) for n in (0, -1, 0))
    rest = graph.add("Slice", words, start, end, axis)
    first = graph.add("Slice", words, start, graph.constant(np.array([1])), axis)
    nothing = graph.add("Mul", first, graph.constant(np.int64(0)))
    return str(graph.add("Concat", graph.add("Add", nothing, graph.constant(np.int64(EOS))), rest, axis=0))


def _near(graph: Graph, x: str, weights: Array) -> str:
    """x [T, B, E], weights [W, E] -> the W words before each place, weighed and summed, as fill.arrays does."""
    total = ""
    start, axis = graph.constant(np.array([0])), graph.constant(np.array([0]))
    steps = graph.add("Slice", graph.add("Shape", x), start, graph.constant(np.array([1])))
    for back, weight in enumerate(weights):
        pads = graph.constant(np.array([back, 0, 0, 0, 0, 0]))
        moved = graph.add("Slice", graph.add("Pad", x, pads), start, steps, axis)
        part = graph.add("Mul", moved, graph.constant(weight))
        total = graph.add("Add", total, part) if total else part
    return total
