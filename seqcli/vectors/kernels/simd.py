"""LLVM's vector instructions for numba kernels, written one by one so that none is left to chance.

Kernels that use them are compiled without numba's fastmath: it would let the optimiser cancel the additions that round
an exponent. `LANES` floats are one vector.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import binding, ir
from numba.core import cgutils
from numba.extending import intrinsic as _intrinsic

intrinsic: Any = _intrinsic  # its typing speaks of the function written, not of the one that kernels call

LANES = 16 if binding.get_host_cpu_features().get("avx512f") else 8
TILE = 4  # rows side by side: with 4 vectors each they fill the registers of AVX-512, and spill little elsewhere

FLOAT, INT = ir.FloatType(), ir.IntType(64)
VECTOR = ir.VectorType(FLOAT, LANES)
LANE_INTS = ir.VectorType(ir.IntType(32), LANES)
MIXING = ("contract", "nsz", "arcp")  # products and sums may fuse, no more: results stay those of the code below

_room: Any = cgutils.alloca_once


class Emitter:
    """Writes vector instructions into one function."""

    def __init__(self, context: Any, builder: Any) -> None:
        self.context, self.builder = context, builder

    def matrix(self, kind: Any, value: Any) -> Any:
        """Return the address of a matrix's first number and the numbers in one of its rows."""
        array = self.context.make_array(kind)(self.context, self.builder, value)
        stride = self.builder.extract_value(array.shape, kind.ndim - 1) if kind.ndim > 1 else None
        return array.data, stride

    def at(self, base: Any, index: Any) -> Any:
        return self.builder.gep(base, [index])

    def offset(self, base: Any, row: Any, stride: Any) -> Any:
        return self.at(base, self.builder.mul(row, stride))

    def plus(self, a: Any, b: int) -> Any:
        return self.builder.add(a, ir.Constant(INT, b)) if b else a

    def load(self, address: Any) -> Any:
        pointer = self.builder.bitcast(address, VECTOR.as_pointer())
        return self.builder.load(pointer, align=4, typ=VECTOR)

    def store(self, vector: Any, address: Any) -> None:
        self.builder.store(vector, self.builder.bitcast(address, VECTOR.as_pointer()), align=4)

    def spread(self, scalar: Any) -> Any:
        """Return a vector of one number repeated."""
        one = self.builder.insert_element(ir.Constant(VECTOR, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(LANE_INTS, [0] * LANES)
        return self.builder.shuffle_vector(one, ir.Constant(VECTOR, ir.Undefined), zeros)

    def number(self, address: Any) -> Any:
        return self.builder.load(address, typ=FLOAT)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        return self.builder.fadd(self.builder.fmul(a, b, flags=MIXING), c, flags=MIXING)

    def const(self, value: float) -> Any:
        return ir.Constant(VECTOR, [value] * LANES)

    def variables(self, count: int, value: float = 0.0) -> list[Any]:
        """Return vectors that a loop can change; the optimiser keeps them in registers."""
        found = [_room(self.builder, VECTOR) for _ in range(count)]
        for v in found:
            self.builder.store(self.const(value), v)
        return found

    def value(self, variable: Any) -> Any:
        return self.builder.load(variable, typ=VECTOR)

    @contextmanager
    def steps(self, start: Any, stop: Any, step: int) -> Iterator[Any]:
        """Loop while start + step <= stop is possible; yields the index."""
        b = self.builder
        with cgutils.for_range_slice(b, start, stop, ir.Constant(INT, step), INT, inc=True) as (index, _):
            yield index

    def clamp(self, x: Any, limit: float) -> Any:
        b = self.builder
        for bound, test in ((limit, "<"), (-limit, ">")):
            c = self.const(bound)
            x = b.select(b.fcmp_ordered(test, x, c), x, c)
        return x

    def sigmoid(self, x: Any) -> Any:
        """Return 1 / (1 + e^-x) to six digits: whole powers of 2 by the exponent's bits, the rest by a polynomial."""
        b = self.builder
        t = b.fmul(self.clamp(x, 30.0), self.const(-1.0 / math.log(2.0)), flags=MIXING)
        shifted = b.fadd(t, self.const(12582912.0))  # 1.5 * 2^23: the sum's low bits are t rounded
        whole = b.fsub(shifted, self.const(12582912.0))
        rest = b.fsub(t, whole)  # in -0.5..0.5
        power = self.const(_EXP2[0])
        for c in _EXP2[1:]:
            power = self.fma(power, rest, self.const(c))
        bits = b.shl(b.bitcast(shifted, LANE_INTS), ir.Constant(LANE_INTS, [23] * LANES))
        exponential = b.bitcast(b.add(b.bitcast(power, LANE_INTS), bits), VECTOR)
        one = self.const(1.0)
        return b.fdiv(one, b.fadd(one, exponential))

    def sums(self, vectors: list[Any]) -> Any:
        """Return a vector whose lanes are, in order and over again, the sums of the lanes of 2^n vectors."""
        b = self.builder
        even = ir.Constant(LANE_INTS, [2 * i for i in range(LANES)])
        odd = ir.Constant(LANE_INTS, [2 * i + 1 for i in range(LANES)])
        for _ in range(LANES.bit_length() - 1):
            pairs = list(zip(vectors[::2], vectors[1::2], strict=True)) if len(vectors) > 1 else [(vectors[0],) * 2]
            vectors = [b.fadd(b.shuffle_vector(p, q, even), b.shuffle_vector(p, q, odd)) for p, q in pairs]
        return vectors[0]


_EXP2 = (  # 2^x on -0.5..0.5, the highest power first: Taylor's series, its last term 1.5e-4 * 0.5^6
    math.log(2) ** 6 / 720,
    math.log(2) ** 5 / 120,
    math.log(2) ** 4 / 24,
    math.log(2) ** 3 / 6,
    math.log(2) ** 2 / 2,
    math.log(2),
    1.0,
)
