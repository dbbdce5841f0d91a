"""An ONNX graph, made node by node; and layers of ours as nodes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqcli.errors import SeqcliError
from seqcli.layers.steps import Array
from seqcli.version import __version__

OPSET = 17  # of the standard's operators; every runtime of the last years has it
FORMAT = 8  # of the file: the oldest that may hold that opset
LARGEST = 2_000_000_000  # bytes: protobuf holds no more in one message
INITIAL, AFTER = "initial.", "after."  # before the name of a state: what comes in, what goes out

Shape = Sequence[str | int]
_ORDER = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}  # of torch's gates, as ONNX wants them
_OPERATORS = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}


class Graph:
    """What is computed: values are called by name, and every method gives the names of new ones."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._count = 0

    def input(self, name: str, kind: str, shape: Shape) -> str:
        """Declare what is given: kind is float or int64."""
        self._inputs.append(_value(name, kind, shape))
        return name

    def output(self, value: str, name: str, kind: str, shape: Shape) -> None:
        """Declare a value as what is answered, under a name."""
        self._nodes.append(_node("Identity", [value], [name]))
        self._outputs.append(_value(name, kind, shape))

    def constant(self, array: Any, name: str = "") -> str:
        """Return the name of an array that is part of the model."""
        from onnx import numpy_helper

        name = name or self._new("constant")
        self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def add(self, operator: str, *values: str, outputs: int = 1, **attributes: Any) -> Any:
        """Add a node. -> the name of what it gives, a list of names where it gives several."""
        names = [self._new(operator.lower()) for _ in range(outputs)]
        self._nodes.append(_node(operator, values, names, **attributes))
        return names[0] if outputs == 1 else names

    def linear(self, x: str, weight: Array, bias: Array | None = None) -> str:
        """x [..., D], weight [D, K] -> x @ weight + bias [..., K]."""
        product: str = self.add("MatMul", x, self.constant(weight))
        return product if bias is None else str(self.add("Add", product, self.constant(bias)))

    def recurrent(
        self,
        kind: str,
        arrays: Mapping[str, Any],
        name: str,
        x: str,
        initial: Sequence[str] = (),
        activation: str = "tanh",
        lengths: str = "",
    ) -> tuple[str, list[str]]:
        """x [T, B, E], initial: states [B, H] -> states of all steps [T, B, H], and those behind the last [B, H] each.

        arrays: the weights, as torch calls them, of the layer `name`. lengths [B] as int32: of each text.
        """
        weights = [_gates(arrays[f"{name}.weight_{part}_l0"], kind)[None] for part in ("ih", "hh")]
        bias = np.concatenate([_gates(arrays[f"{name}.bias_{part}_l0"], kind) for part in ("ih", "hh")])[None]
        first = self.constant(np.array([0]))
        states = [self.add("Unsqueeze", state, first) for state in initial]
        given = [x, *(self.constant(one) for one in (*weights, bias)), lengths, *states]
        attributes: dict[str, Any] = {"hidden_size": weights[1].shape[2]}
        if kind == "gru":
            attributes["linear_before_reset"] = 1  # as torch: the reset comes behind the product
        if kind == "rnn":
            attributes["activations"] = [activation.capitalize()]
        count = 3 if kind == "lstm" else 2
        all_steps, *last = self.add(_OPERATORS[kind], *given, outputs=count, **attributes)
        direction = self.constant(np.array([1]))
        return self.add("Squeeze", all_steps, direction), [self.add("Squeeze", one, first) for one in last]

    def both_ways(
        self, kind: str, arrays: Mapping[str, Any], stacks: tuple[str, str], layers: int, x: str, lengths: str
    ) -> tuple[str, list[str]]:
        """x [T, B, E] of texts, lengths [B] -> states of both directions [T, B, 2H], zeros behind a text's end.

        stacks: the names of the layers from the beginning and from the end. Behind: what each direction ended with.
        """
        steps = self.add("Cast", lengths, to=6)  # int32, as the recurrent operators want them
        sides, ends = [], []
        for turned, stack in enumerate(stacks):
            states = self.reversed(x, lengths) if turned else x
            for i in range(layers):
                states, last = self.recurrent(kind, arrays, f"{stack}.layers.{i}", states, lengths=steps)
            sides.append(self.reversed(states, lengths) if turned else states)
            ends.append(last[0])
        return self.add("Concat", *sides, axis=2), ends

    def reversed(self, x: str, lengths: str) -> str:
        """x [T, B, ...] -> each text of it from its end to its beginning."""
        return str(self.add("ReverseSequence", x, lengths, time_axis=0, batch_axis=1))

    def number(self, value: float, kind: Any = np.float32) -> str:
        """Return the name of one number."""
        return self.constant(np.array(value, kind))

    def mean(self, x: str, lengths: str) -> str:
        """x [T, B, D], zeros behind the ends, lengths [B] -> the mean over each text [B, D]."""
        total = self.add("ReduceSum", x, self.constant(np.array([0])), keepdims=0)
        counts = self.add("Unsqueeze", self.add("Cast", lengths, to=1), self.constant(np.array([1])))
        return str(self.add("Div", total, counts))

    def inside(self, x: str, lengths: str) -> str:
        """x [T, B, ...], lengths [B] -> [B, T]: whether there is a token."""
        return str(self.add("Less", self.places(x), self.add("Unsqueeze", lengths, self.constant(np.array([1])))))

    def places(self, x: str) -> str:
        """x [T, ...] -> 0 to T - 1 [T]."""
        steps = self.add("Gather", self.add("Shape", x), self.number(0, np.int64))
        return str(self.add("Range", self.number(0, np.int64), steps, self.number(1, np.int64)))

    def to_bytes(self, about: Mapping[str, Any], tokens: Sequence[str], explanation: str) -> bytes:
        """Return the model as a file. about and tokens stand in its metadata: what it is, and its vocabulary by id.

        Raises SeqcliError for one that is too large for the format.
        """
        from onnx import checker, helper

        graph = helper.make_graph(
            self._nodes, "seqcli", self._inputs, self._outputs, list(self._constants.values()), explanation
        )
        made = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="seqcli", producer_version=__version__
        )
        made.ir_version = FORMAT
        helper.set_model_props(
            made, {"seqcli": json.dumps(about), "vocabulary": json.dumps(list(tokens), ensure_ascii=False)}
        )
        if made.ByteSize() > LARGEST:
            raise SeqcliError(
                f"The model has over {LARGEST:,} bytes, more than an ONNX file holds; export a smaller one."
            )
        checker.check_model(made)
        return bytes(made.SerializeToString(deterministic=True))

    def _new(self, what: str) -> str:
        self._count += 1
        return f"{what}.{self._count}"


def _gates(weight: Array, kind: str) -> Array:
    """weight [G * H, ...] -> the same, its gates in ONNX's order."""
    parts = np.split(weight, len(_ORDER[kind]))
    return np.concatenate([parts[i] for i in _ORDER[kind]])


def _node(operator: str, values: Sequence[str], names: Sequence[str], **attributes: Any) -> Any:
    from onnx import helper

    return helper.make_node(operator, list(values), list(names), **attributes)


def _value(name: str, kind: str, shape: Shape) -> Any:
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(name, TensorProto.INT64 if kind == "int64" else TensorProto.FLOAT, list(shape))
