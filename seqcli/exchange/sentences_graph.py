"""A model of sentences as an ONNX graph: codes of sentences; and what comes next behind a beginning, given a code."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from seqcli.exchange.graph import Graph
from seqcli.latent.settings import LatentSpec
from seqcli.layers.rotary import angles
from seqcli.layers.shapes import cluster_bounds
from seqcli.layers.steps import Array
from seqcli.sentences.arrays import LAYER_NORM, NEAR, TURNED, WIDEST
from seqcli.sentences.settings import CodedSpec, SentenceSpec

EXPLANATION = (
    "ids [B, T]: tokens by their place in the metadata's vocabulary, each sentence ended by <eos>; lengths [B]: of "
    "each. mean and log_variance [B, Z]: of their codes. code [B, Z] and beginning [B, U], tokens behind an <eos>, may "
    "be of other sentences. log_probabilities [B, U, V]: natural logs of every token's probability to come behind each."
)


def sentences_graph(spec: SentenceSpec, arrays: Mapping[str, Array]) -> Graph:
    """Return the graph of a model. arrays: as `sentences_table` lists them."""
    graph = Graph()
    embedding = graph.constant(arrays["embedding.weight"], "embedding")
    code = ""
    if isinstance(spec, CodedSpec):
        _encode(graph, spec, arrays, embedding)
        code = graph.input("code", "float", ("B", spec.latent_size))
    beginning = graph.add("Transpose", graph.input("beginning", "int64", ("B", "U")), perm=[1, 0])
    x = graph.add("Gather", embedding, beginning)  # [U, B, E]
    initial: list[str] = []
    if code:
        started = graph.add("Tanh", graph.linear(code, arrays["decoder.start.weight"].T, arrays["decoder.start.bias"]))
        initial = graph.add("Split", started, axis=1, outputs=2)
        codes = _at_every_step(graph, code, x)
        if isinstance(spec, CodedSpec) and spec.rotary:
            codes = _turned(graph, codes, spec)
        x = graph.add("Concat", x, codes, axis=2)
    h, _ = graph.recurrent("lstm", arrays, "decoder.recurrent.layers.0", x, initial)
    hidden = graph.linear(h, arrays["decoder.projection.weight"].T, arrays["decoder.projection.bias"])
    logs = _two_levels(graph, arrays, graph.add("Transpose", hidden, perm=[1, 0, 2]))
    graph.output(logs, "log_probabilities", "float", ("B", "U", len(arrays["embedding.weight"])))
    return graph


def _encode(graph: Graph, spec: CodedSpec, arrays: Mapping[str, Array], embedding: str) -> None:
    """Add the encoder: what goes in, and the codes that come out."""
    ids = graph.add("Transpose", graph.input("ids", "int64", ("B", "T")), perm=[1, 0])
    lengths = graph.input("lengths", "int64", ("B",))
    x = _normal(graph, graph.add("Gather", embedding, ids))
    states, ends = graph.both_ways("lstm", arrays, ("encoder.onward", "encoder.returning"), 1, x, lengths)
    read = _normal(graph, graph.add("Concat", *ends, graph.mean(states, lengths), axis=1))
    latent = isinstance(spec, LatentSpec)
    if latent:
        read = graph.add("Mul", read, graph.number(NEAR))
    size = spec.latent_size
    mean = graph.linear(read, arrays["posterior.mean.weight"].T, arrays["posterior.mean.bias"])
    if spec.rotary:
        shares = graph.linear(graph.add("Concat", x, states, axis=2), TURNED * arrays["turn.weight"].T)
        real = graph.add("Cast", graph.add("Transpose", graph.inside(x, lengths), perm=[1, 0]), to=1)
        shares = graph.add("Mul", shares, graph.add("Unsqueeze", real, graph.constant(np.array([2]))))
        own = graph.add("ReduceSum", _turned(graph, shares, spec, back=True), graph.constant(np.array([0])), keepdims=0)
        mean = graph.add("Add", mean, own)
    graph.output(mean, "mean", "float", ("B", size))
    if latent:
        name = "posterior.log_variance"
        spread = graph.linear(read, arrays[f"{name}.weight"].T, arrays[f"{name}.bias"])
        spread = graph.add("Clip", spread, graph.number(-WIDEST), graph.number(WIDEST))
        graph.output(spread, "log_variance", "float", ("B", size))


def _normal(graph: Graph, x: str) -> str:
    """x [..., D] -> with mean 0 and variance 1 in each row."""
    away = graph.add("Sub", x, graph.add("ReduceMean", x, axes=[-1], keepdims=1))
    variance = graph.add("ReduceMean", graph.add("Mul", away, away), axes=[-1], keepdims=1)
    return str(graph.add("Div", away, graph.add("Sqrt", graph.add("Add", variance, graph.number(LAYER_NORM)))))


def _turned(graph: Graph, x: str, spec: CodedSpec, back: bool = False) -> str:
    """x [T, B, Z] -> each step turned by its place, or back: layers.rotary."""
    turns = angles(-1 if back else 1, spec.rotary, spec.latent_size)[None, None]  # [1, 1, Z / 2]
    column = graph.add("Unsqueeze", graph.add("Cast", graph.places(x), to=1), graph.constant(np.array([1, 2])))
    by = graph.add("Mul", column, graph.constant(turns))
    cos, sin = graph.add("Cos", by), graph.add("Sin", by)
    a, b = graph.add("Split", x, axis=2, outputs=2)
    first = graph.add("Sub", graph.add("Mul", a, cos), graph.add("Mul", b, sin))
    second = graph.add("Add", graph.add("Mul", a, sin), graph.add("Mul", b, cos))
    return str(graph.add("Concat", first, second, axis=2))


def _at_every_step(graph: Graph, code: str, x: str) -> str:
    """code [B, Z], x [U, B, E] -> the code as often as there are steps [U, B, Z]."""
    steps = graph.add("Slice", graph.add("Shape", x), graph.constant(np.array([0])), graph.constant(np.array([1])))
    shape = graph.add("Concat", steps, graph.constant(np.array([1, 1])), axis=0)
    return str(graph.add("Expand", graph.add("Unsqueeze", code, graph.constant(np.array([0]))), shape))


def _two_levels(graph: Graph, arrays: Mapping[str, Array], hidden: str) -> str:
    """hidden [B, U, E] -> logs of all tokens' probabilities: those of the first level, then of each cluster's share."""
    embedding, bias = arrays["embedding.weight"], arrays["decoder.output.bias"]
    bounds = cluster_bounds(len(embedding))
    head = bounds[0]
    weights, biases = [embedding[:head]], [bias[:head]]
    if len(bounds) > 1:
        weights.append(arrays["decoder.output.cluster.weight"])
        biases.append(arrays["decoder.output.cluster.bias"])
    first = graph.linear(hidden, np.concatenate(weights).T, np.concatenate(biases))
    first = graph.add("LogSoftmax", first, axis=-1)
    if len(bounds) == 1:
        return str(first)

    def part(low: int, high: int) -> str:
        places = (graph.constant(np.array([n])) for n in (low, high, 2))
        return str(graph.add("Slice", first, *places))

    rest = []
    for i, (low, high) in enumerate(itertools.pairwise(bounds)):
        own = graph.add("LogSoftmax", graph.linear(hidden, embedding[low:high].T, bias[low:high]), axis=-1)
        rest.append(graph.add("Add", own, part(head + i, head + i + 1)))
    return str(graph.add("Concat", part(0, head), *rest, axis=2))
