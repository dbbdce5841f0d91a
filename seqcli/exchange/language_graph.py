"""A recurrent language model as an ONNX graph: tokens in, the log-probability of every next token out, and states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from seqcli.exchange.graph import AFTER, INITIAL, Graph
from seqcli.language.settings import LanguageSpec
from seqcli.layers.shapes import PAST_KEYS
from seqcli.layers.steps import Array

EXPLANATION = (
    "ids [B, T]: tokens by their place in the metadata's vocabulary, each text begun with <eos>. initial.*: zeros at "
    "the beginning of a text, else what after.* gave. log_probabilities [B, T, V]: natural logs of every token's "
    "probability to come behind each of them."
)


def language_graph(spec: LanguageSpec, arrays: Mapping[str, Array]) -> Graph:
    """Return the graph of a model. arrays: as `language_table` lists them."""
    graph = Graph()
    ids = graph.input("ids", "int64", ("B", "T"))
    turned = graph.add("Transpose", ids, perm=[1, 0])
    embedding = graph.constant(arrays["embedding.weight"], "embedding")
    x = graph.add("Gather", embedding, turned)  # [T, B, E]
    after: dict[str, str] = {}
    for i in range(spec.layers):
        names = [f"{part}.{i}" for part in ("hc" if spec.architecture == "lstm" else "h")]
        initial = [graph.input(INITIAL + name, "float", ("B", spec.hidden_size)) for name in names]
        layer = f"recurrent.layers.{i}"
        x, last = graph.recurrent(spec.architecture, arrays, layer, x, initial, spec.activation)
        after |= dict(zip(names, last, strict=True))
    x = graph.add("Transpose", x, perm=[1, 0, 2])  # [B, T, H]
    if spec.attention:
        x, past, seen = _look_back(graph, spec, arrays, x)
        after |= {"past": past, "seen": seen}
    if "projection.bias" in arrays:
        x = graph.linear(x, arrays["projection.weight"].T, arrays["projection.bias"])
    output = graph.add("Transpose", embedding, perm=[1, 0]) if spec.tied else graph.constant(arrays["output.weight"].T)
    scores = graph.add("Add", graph.add("MatMul", x, output), graph.constant(arrays["output_bias"]))
    size = len(arrays["output_bias"])
    graph.output(graph.add("LogSoftmax", scores, axis=-1), "log_probabilities", "float", ("B", "T", size))
    for name, value in after.items():
        graph.output(value, AFTER + name, "float", state_shapes(spec)[name])
    return graph


def state_shapes(spec: LanguageSpec) -> dict[str, tuple[str | int, ...]]:
    """Return the states that go in and out: name -> shape."""
    shapes: dict[str, tuple[str | int, ...]] = {}
    for i in range(spec.layers):
        for part in "hc" if spec.architecture == "lstm" else "h":
            shapes[f"{part}.{i}"] = ("B", spec.hidden_size)
    if spec.attention:
        shapes |= {"past": ("B", spec.attention, spec.hidden_size), "seen": ("B", spec.attention)}
    return shapes


def _look_back(graph: Graph, spec: LanguageSpec, arrays: Mapping[str, Any], x: str) -> tuple[str, str, str]:
    """x [B, T, H] -> x with what each saw of the W states before it, and the past behind the last step.

    Every step's window is a band in the scores of all of them: LanguageArrays looks through it step by step.
    """
    window, hidden = spec.attention, spec.hidden_size
    past = graph.input(f"{INITIAL}past", "float", ("B", window, hidden))
    seen = graph.input(f"{INITIAL}seen", "float", ("B", window))
    ones = graph.add("ReduceSum", graph.add("Mul", x, graph.constant(np.float32(0))), _axes(graph, 2), keepdims=0)
    real = graph.add("Concat", seen, graph.add("Add", ones, graph.constant(np.float32(1))), axis=1)  # [B, W + T]
    states = graph.add("Concat", past, x, axis=1)  # [B, W + T, H]
    query = graph.linear(x, arrays["attention.query.weight"].T)
    keys = graph.add("Transpose", graph.linear(states, arrays["attention.key.weight"].T), perm=[0, 2, 1])
    scores = graph.add("Mul", graph.add("MatMul", query, keys), graph.constant(np.float32(PAST_KEYS**-0.5)))
    allowed = graph.add("And", _band(graph, x, states, window), _real(graph, real))
    never = graph.constant(np.float32(-np.inf))
    scores = graph.add("Where", allowed, scores, never)  # [B, T, W + T]
    zero = graph.constant(np.float32(0))
    highest = graph.add("Max", graph.add("ReduceMax", scores, axes=[2], keepdims=1), zero)  # nothing scores 0
    powers = graph.add("Exp", graph.add("Sub", scores, highest))
    total = graph.add("ReduceSum", powers, _axes(graph, 2), keepdims=1)
    total = graph.add("Add", total, graph.add("Exp", graph.add("Neg", highest)))
    context = graph.add("MatMul", graph.add("Div", powers, total), states)
    found = graph.add("Add", x, graph.linear(context, arrays["attention.output.weight"].T))
    end = graph.constant(np.array([np.iinfo(np.int64).max]))
    start, axis = graph.constant(np.array([-window])), graph.constant(np.array([1]))
    return found, graph.add("Slice", states, start, end, axis), graph.add("Slice", real, start, end, axis)


def _band(graph: Graph, x: str, states: str, window: int) -> str:
    """-> [T, W + T]: whether state j stands among the W before step t, which is state W + t: t <= j < t + W."""
    zero, one = graph.constant(np.int64(0)), graph.constant(np.int64(1))
    place = graph.constant(np.array(1))
    steps, all_states = (graph.add("Gather", graph.add("Shape", value), place) for value in (x, states))
    step = graph.add("Unsqueeze", graph.add("Range", zero, steps, one), graph.constant(np.array([1])))
    state = graph.add("Unsqueeze", graph.add("Range", zero, all_states, one), graph.constant(np.array([0])))
    behind = graph.add("Add", step, graph.constant(np.int64(window)))
    return str(graph.add("And", graph.add("LessOrEqual", step, state), graph.add("Less", state, behind)))


def _real(graph: Graph, real: str) -> str:
    """real [B, N] -> [B, 1, N]: whether there is a state."""
    there = graph.add("Greater", real, graph.constant(np.float32(0)))
    return str(graph.add("Unsqueeze", there, graph.constant(np.array([1]))))


def _axes(graph: Graph, axis: int) -> str:
    return graph.constant(np.array([axis]))
