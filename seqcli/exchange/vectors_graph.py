"""Word vectors as an ONNX graph: words in, their vectors and how alike every other word is out."""

from __future__ import annotations

import numpy as np

from seqcli.exchange.graph import Graph
from seqcli.layers.steps import Array

EXPLANATION = (
    "ids [B]: words by their place in the metadata's vocabulary. vectors [B, D]: as the model holds them; similarities "
    "[B, V]: the cosine of each to every word's."
)


def vectors_graph(matrix: Array) -> Graph:
    """Return the graph of a table of vectors [V, D]."""
    graph = Graph()
    ids = graph.input("ids", "int64", ("B",))
    lengths = np.sqrt((matrix.astype(np.float64) ** 2).sum(1, keepdims=True))
    unit = graph.constant((matrix / np.maximum(lengths, np.finfo(np.float32).tiny)).astype(np.float32), "directions")
    table = graph.constant(matrix.astype(np.float32), "vectors.all")
    vectors = graph.add("Gather", table, ids)
    similarities = graph.add("MatMul", graph.add("Gather", unit, ids), graph.add("Transpose", unit, perm=[1, 0]))
    graph.output(vectors, "vectors", "float", ("B", matrix.shape[1]))
    graph.output(similarities, "similarities", "float", ("B", len(matrix)))
    return graph
