"""A dialogue model as an ONNX graph: what was said and the beginning of a reply in, what comes next in it out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from seqcli.dialogue.settings import DialogueSpec
from seqcli.dialogue.shapes import DISTANCES
from seqcli.exchange.graph import Graph
from seqcli.layers.shapes import WIDEST
from seqcli.layers.steps import Array

EXPLANATION = (
    "utterances [U, N]: what was said, tokens by their place in the metadata's vocabulary, each ended by <eos>; "
    "lengths [U]: of each; speakers [U + 1]: who said each, and who replies, as numbers. beginning [R, T]: of replies, "
    "behind an <eos>; noise [R, Z], of a model with a latent variable: zeros mean its mean. log_probabilities "
    "[R, T, V]: natural logs of every token's probability to come behind each."
)


def dialogue_graph(spec: DialogueSpec, arrays: Mapping[str, Array]) -> Graph:
    """Return the graph of a model. arrays: as `dialogue_table` lists them."""
    graph = Graph()
    utterances = graph.add("Transpose", graph.input("utterances", "int64", ("U", "N")), perm=[1, 0])
    lengths = graph.input("lengths", "int64", ("U",))
    speakers = graph.input("speakers", "int64", ("M",))
    beginning = graph.add("Transpose", graph.input("beginning", "int64", ("R", "T")), perm=[1, 0])
    embedding = graph.constant(arrays["embedding.weight"], "embedding")
    heard = graph.add("Gather", embedding, utterances)
    scaled = graph.add("Mul", heard, graph.number(spec.input_scale))
    both = ("encoder.onward", "encoder.returning")
    states, ends = graph.both_ways("gru", _both(arrays), both, 1, scaled, lengths)  # [N, U, 2H]
    known = _known(graph, spec, arrays, graph.add("Concat", *ends, axis=1), speakers)  # [R or 1, C]

    started = graph.add("Tanh", graph.linear(known, arrays["start.weight"].T, arrays["start.bias"]))
    replies = graph.add("Slice", graph.add("Shape", beginning), *_places(graph, 1, 2))
    shape = graph.add("Concat", replies, graph.constant(np.array([spec.hidden_size])), axis=0)
    x = graph.add("Mul", graph.add("Gather", embedding, beginning), graph.number(spec.input_scale))
    x = graph.add("Add", x, graph.linear(known, arrays["told.weight"].T))  # [T, R, E]
    y, _ = graph.recurrent("gru", arrays, "decoder", x, [graph.add("Expand", started, shape)])
    y = graph.add("Transpose", y, perm=[1, 0, 2])  # [R, T, H]

    parts, added = [y], ""
    for look in spec.looks:
        weights = _weights(graph, spec, arrays, look, (y, states, lengths, speakers))  # [R, T, U * N]
        parts.append(graph.add("MatMul", weights, _flat(graph, states)))
        words = graph.linear(graph.add("MatMul", weights, _flat(graph, heard)), arrays[f"lexical.{look}.weight"].T)
        added = graph.add("Add", added, words) if added else words
    told = graph.linear(graph.add("Concat", *parts, axis=2), arrays["combine.weight"].T, arrays["combine.bias"])
    out = graph.add("Tanh", told)
    out = graph.add("Add", out, added) if added else out
    scores = graph.add("MatMul", out, graph.add("Transpose", embedding, perm=[1, 0]))
    scores = graph.add("Add", scores, graph.constant(arrays["output_bias"]))
    size = len(arrays["output_bias"])
    graph.output(graph.add("LogSoftmax", scores, axis=-1), "log_probabilities", "float", ("R", "T", size))
    return graph


def _both(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Return the encoder's two directions as layers of two stacks."""
    kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    stacks = (("onward", ""), ("returning", "_reverse"))
    return {f"encoder.{s}.layers.0.{k}_l0": arrays[f"encoder.{k}_l0{end}"] for s, end in stacks for k in kinds}


def _known(graph: Graph, spec: DialogueSpec, arrays: Mapping[str, Array], vectors: str, speakers: str) -> str:
    """vectors [U, 2H] of the utterances -> what a reply begins from: the context [1, C], and what is meant [R, Z]."""
    end = graph.add("Slice", vectors, *_places(graph, -1, np.iinfo(np.int64).max))
    context = graph.add("Tanh", graph.linear(end, arrays["last.weight"].T, arrays["last.bias"]))
    if spec.hierarchical:
        one, other = (graph.add("Slice", speakers, *_places(graph, *bounds)) for bounds in ((0, -2), (1, -1)))
        same = graph.add("Cast", graph.add("Equal", one, other), to=1)
        goes_on = graph.add("Concat", graph.constant(np.zeros(1, np.float32)), same, axis=0)  # [U]
        x = graph.add("Concat", vectors, graph.add("Unsqueeze", goes_on, graph.constant(np.array([1]))), axis=1)
        _, last = graph.recurrent("gru", arrays, "context", graph.add("Unsqueeze", x, graph.constant(np.array([1]))))
        context = graph.add("Add", context, last[0])
    if not spec.latent:
        return str(context)
    noise = graph.input("noise", "float", ("R", spec.latent_size))
    before = graph.add("Tanh", graph.linear(context, arrays["latent.before.weight"].T, arrays["latent.before.bias"]))
    mean, spread = (
        graph.linear(before, arrays[f"latent.prior.{name}.weight"].T, arrays[f"latent.prior.{name}.bias"])
        for name in ("mean", "log_variance")
    )
    spread = graph.add("Clip", spread, graph.number(-WIDEST), graph.number(WIDEST))
    deviation = graph.add("Exp", graph.add("Mul", spread, graph.number(0.5)))
    z = graph.add("Add", mean, graph.add("Mul", deviation, noise))
    nothing = graph.add("Mul", graph.add("ReduceSum", z, graph.constant(np.array([1]))), graph.number(0))  # [R, 1]
    return str(graph.add("Concat", graph.add("Add", context, nothing), z, axis=1))


def _weights(
    graph: Graph, spec: DialogueSpec, arrays: Mapping[str, Array], look: str, given: tuple[str, str, str, str]
) -> str:
    """given: y [R, T, H], states [N, U, 2H], lengths, speakers -> what a word looks at of one kind [R, T, U * N]."""
    y, states, lengths, speakers = given
    keys = graph.linear(_flat(graph, states), arrays[f"keys.{look}.weight"].T)
    keys = graph.add("Mul", keys, graph.number(spec.hidden_size**-0.5))
    scores = graph.add("MatMul", y, graph.add("Transpose", keys, perm=[1, 0]))
    count = graph.add("Gather", graph.add("Shape", lengths), graph.number(0, np.int64))
    turns = graph.add("Range", graph.number(0, np.int64), count, graph.number(1, np.int64))
    back = graph.add("Sub", count, turns)  # [U]
    if look == "last":
        seen = graph.add("Equal", back, graph.number(1, np.int64))
        nearness = graph.constant(np.zeros(1, np.float32))
    else:
        seen = graph.add("GreaterOrEqual", back, graph.number(2, np.int64))
        nearness = _nearness(graph, arrays["distance.weight"], back, speakers)
    seen = graph.add("And", graph.add("Unsqueeze", seen, graph.constant(np.array([1]))), graph.inside(states, lengths))
    nearness = graph.add("Unsqueeze", nearness, graph.constant(np.array([1])))
    never = graph.number(-np.inf)
    place = graph.add("Where", seen, nearness, never)  # [U, N]
    scores = graph.add("Add", scores, graph.add("Reshape", place, graph.constant(np.array([-1]))))
    top = graph.add("Max", graph.add("ReduceMax", scores, axes=[2], keepdims=1), graph.number(0))
    powers = graph.add("Exp", graph.add("Sub", scores, top))
    total = graph.add("ReduceSum", powers, graph.constant(np.array([2])), keepdims=1)
    return str(graph.add("Div", powers, graph.add("Add", total, graph.add("Exp", graph.add("Neg", top)))))


def _nearness(graph: Graph, distances: Array, back: str, speakers: str) -> str:
    """back [U], speakers [U + 1] -> what is added to the scores of each utterance's words [U]."""
    own = graph.add("Slice", speakers, *_places(graph, 0, -1))
    replying = graph.add("Slice", speakers, *_places(graph, -1, np.iinfo(np.int64).max))
    same = graph.add("Cast", graph.add("Equal", own, replying), to=7)
    away = graph.add("Sub", back, graph.number(2, np.int64))
    away = graph.add("Clip", away, graph.number(0, np.int64), graph.number(DISTANCES - 1, np.int64))
    at = graph.add("Add", graph.add("Mul", same, graph.number(DISTANCES, np.int64)), away)
    return str(graph.add("Gather", graph.constant(distances.reshape(-1)), at))


def _flat(graph: Graph, x: str) -> str:
    """x [N, U, D] -> an utterance behind the other [U * N, D]."""
    turned = graph.add("Transpose", x, perm=[1, 0, 2])
    size = graph.add("Slice", graph.add("Shape", x), *_places(graph, 2, 3))
    return str(graph.add("Reshape", turned, graph.add("Concat", graph.constant(np.array([-1])), size, axis=0)))


def _places(graph: Graph, start: int, stop: int) -> list[str]:
    """Return what a slice of the first axis is given."""
    return [graph.constant(np.array([start])), graph.constant(np.array([stop]))]
