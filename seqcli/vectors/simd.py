"""Small matrix products in registers, for numba kernels: written in LLVM's vectors, so that none is left to chance.

numba's own loops over rows of a matrix become half as wide and read every number twice; BLAS has no product of 64 x 16
and must be called. Kernels that use these products are compiled without numba's fastmath: it would let the optimiser
cancel the additions that round an exponent. `LANES` floats are one vector; rows of work matrices are padded with zeros
to whole vectors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.extending import intrinsic as _intrinsic

intrinsic: Any = _intrinsic  # its typing speaks of the function written, not of the one that kernels call

LANES = 16 if binding.get_host_cpu_features().get("avx512f") else 8
TILE = 4  # rows side by side: with 4 vectors each they fill the registers of AVX-512, and spill little elsewhere
WIDE = 4  # vectors side by side in a tile
UNROLL = 4  # steps of a product between two tests for its end; work rows are whole vectors, so it divides them

_FLOAT, _INT = ir.FloatType(), ir.IntType(64)
_VECTOR = ir.VectorType(_FLOAT, LANES)
_LANE_INTS = ir.VectorType(ir.IntType(32), LANES)
_MIXING = ("contract", "nsz", "arcp")  # products and sums may fuse, no more: results stay those of the code below


_room: Any = cgutils.alloca_once


class _Emitter:
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
        return self.builder.add(a, ir.Constant(_INT, b)) if b else a

    def load(self, address: Any) -> Any:
        pointer = self.builder.bitcast(address, _VECTOR.as_pointer())
        return self.builder.load(pointer, align=4, typ=_VECTOR)

    def store(self, vector: Any, address: Any) -> None:
        self.builder.store(vector, self.builder.bitcast(address, _VECTOR.as_pointer()), align=4)

    def spread(self, scalar: Any) -> Any:
        """Return a vector of one number repeated."""
        one = self.builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(_LANE_INTS, [0] * LANES)
        return self.builder.shuffle_vector(one, ir.Constant(_VECTOR, ir.Undefined), zeros)

    def number(self, address: Any) -> Any:
        return self.builder.load(address, typ=_FLOAT)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        return self.builder.fadd(self.builder.fmul(a, b, flags=_MIXING), c, flags=_MIXING)

    def const(self, value: float) -> Any:
        return ir.Constant(_VECTOR, [value] * LANES)

    def variables(self, count: int, value: float = 0.0) -> list[Any]:
        """Return vectors that a loop can change; the optimiser keeps them in registers."""
        found = [_room(self.builder, _VECTOR) for _ in range(count)]
        for v in found:
            self.builder.store(self.const(value), v)
        return found

    def value(self, variable: Any) -> Any:
        return self.builder.load(variable, typ=_VECTOR)

    @contextmanager
    def steps(self, start: Any, stop: Any, step: int) -> Iterator[Any]:
        """Loop while start + step <= stop is possible; yields the index."""
        b = self.builder
        with cgutils.for_range_slice(b, start, stop, ir.Constant(_INT, step), _INT, inc=True) as (index, _):
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
        t = b.fmul(self.clamp(x, 30.0), self.const(-1.0 / math.log(2.0)), flags=_MIXING)
        shifted = b.fadd(t, self.const(12582912.0))  # 1.5 * 2^23: the sum's low bits are t rounded
        whole = b.fsub(shifted, self.const(12582912.0))
        rest = b.fsub(t, whole)  # in -0.5..0.5
        power = self.const(_EXP2[0])
        for c in _EXP2[1:]:
            power = self.fma(power, rest, self.const(c))
        bits = b.shl(b.bitcast(shifted, _LANE_INTS), ir.Constant(_LANE_INTS, [23] * LANES))
        exponential = b.bitcast(b.add(b.bitcast(power, _LANE_INTS), bits), _VECTOR)
        one = self.const(1.0)
        return b.fdiv(one, b.fadd(one, exponential))

    def sums(self, vectors: list[Any]) -> Any:
        """Return a vector whose lanes are, in order and over again, the sums of the lanes of 2^n vectors."""
        b = self.builder
        even = ir.Constant(_LANE_INTS, [2 * i for i in range(LANES)])
        odd = ir.Constant(_LANE_INTS, [2 * i + 1 for i in range(LANES)])
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


@intrinsic
def push_scores(typingctx, gradients, inputs, first, columns, column, weights):  # type: ignore[no-untyped-def]
    """Score 2 TILE rows against LANES negatives: gradients[r, k] = -weights[r] * sigmoid(inputs[r] . columns[:, k]).

    gradients [N, K], inputs [N, D], columns [D, K] (the negatives, transposed), weights [N]; r from first, k from
    column; D % UNROLL == 0.
    """
    signature = types.void(gradients, inputs, types.intp, columns, types.intp, weights)

    def write(context, builder, signature, args):  # type: ignore[no-untyped-def]
        e = _Emitter(context, builder)
        out, width = e.matrix(signature.args[0], args[0])
        x, size = e.matrix(signature.args[1], args[1])
        c, _ = e.matrix(signature.args[3], args[3])
        c = e.at(c, args[4])
        w, _ = e.matrix(signature.args[5], args[5])
        rows = [e.offset(x, e.plus(args[2], r), size) for r in range(2 * TILE)]
        sums = e.variables(2 * TILE)
        with e.steps(ir.Constant(_INT, 0), size, UNROLL) as d:
            for u in range(UNROLL):
                at = e.plus(d, u)
                column = e.load(e.at(c, builder.mul(at, width)))
                for row, s in zip(rows, sums, strict=True):
                    builder.store(e.fma(e.spread(e.number(e.at(row, at))), column, e.value(s)), s)
        for r, s in enumerate(sums):
            row = e.plus(args[2], r)
            weight = e.spread(builder.fneg(e.number(e.at(w, row))))
            e.store(builder.fmul(weight, e.sigmoid(e.value(s))), e.at(e.offset(out, row, width), args[4]))
        return context.get_dummy_value()

    return signature, write


@intrinsic
def pull_scores(typingctx, out, at, inputs, row, others, first, rate):  # type: ignore[no-untyped-def]
    """Score one row against the TILE rows from `first`: out[at : at + TILE] = rate * (1 - sigmoid(inputs . others)).

    out [N] with LANES numbers of room behind `at`; inputs, others [N, D].
    """
    signature = types.void(out, types.intp, inputs, types.intp, others, types.intp, types.float32)

    def write(context, builder, signature, args):  # type: ignore[no-untyped-def]
        e = _Emitter(context, builder)
        o, _ = e.matrix(signature.args[0], args[0])
        x, size = e.matrix(signature.args[2], args[2])
        y, _ = e.matrix(signature.args[4], args[4])
        x = e.offset(x, args[3], size)
        rows = [e.offset(y, e.plus(args[5], r), size) for r in range(TILE)]
        sums = e.variables(TILE)
        with e.steps(ir.Constant(_INT, 0), size, LANES) as d:
            v = e.load(e.at(x, d))
            for r, s in zip(rows, sums, strict=True):
                builder.store(e.fma(v, e.load(e.at(r, d)), e.value(s)), s)
        score = e.sums([e.value(s) for s in sums])
        error = e.sigmoid(builder.fneg(score))
        e.store(builder.fmul(error, e.spread(args[6])), e.at(o, args[1]))
        return context.get_dummy_value()

    return signature, write


@intrinsic
def transpose(typingctx, out, matrix):  # type: ignore[no-untyped-def]
    """Write a matrix [K, D] as out [D, K]; K and D are whole vectors."""
    signature = types.void(out, matrix)

    def write(context, builder, signature, args):  # type: ignore[no-untyped-def]
        e = _Emitter(context, builder)
        o, rows = e.matrix(signature.args[0], args[0])
        m, size = e.matrix(signature.args[1], args[1])
        half = LANES // 2
        low = ir.Constant(_LANE_INTS, [i // 2 + LANES * (i % 2) for i in range(LANES)])
        high = ir.Constant(_LANE_INTS, [half + i // 2 + LANES * (i % 2) for i in range(LANES)])
        with e.steps(ir.Constant(_INT, 0), rows, LANES) as k, e.steps(ir.Constant(_INT, 0), size, LANES) as d:
            v = [e.load(e.at(e.offset(m, e.plus(k, r), size), d)) for r in range(LANES)]
            for _ in range(LANES.bit_length() - 1):  # each round moves one bit of the row's number into the lane's
                pairs = zip(v[:half], v[half:], strict=True)
                v = [builder.shuffle_vector(p, q, order) for p, q in pairs for order in (low, high)]
            for r in range(LANES):
                e.store(v[r], e.at(e.offset(o, e.plus(d, r), rows), k))
        return context.get_dummy_value()

    return signature, write


def _combine(rows: int) -> Any:
    @intrinsic
    def combine(typingctx, out, first, factors, at, across, along, matrix, start, count):  # type: ignore[no-untyped-def]
        """Add the sum over k < count of factors[at + r * across + k * along] * matrix[start + k] to out[first + r].

        out, matrix [N, D]; factors flat.
        """
        intp = types.intp
        signature = types.void(out, intp, factors, intp, intp, intp, matrix, intp, intp)

        def write(context, builder, signature, args):  # type: ignore[no-untyped-def]
            e = _Emitter(context, builder)
            o, size = e.matrix(signature.args[0], args[0])
            f, _ = e.matrix(signature.args[2], args[2])
            m, _ = e.matrix(signature.args[6], args[6])
            factor = [e.at(f, builder.add(args[3], builder.mul(ir.Constant(_INT, r), args[4]))) for r in range(rows)]
            outs = [e.offset(o, e.plus(args[1], r), size) for r in range(rows)]
            m = e.offset(m, args[7], size)

            def tile(d: Any, wide: int) -> None:
                sums = [e.variables(wide) for _ in range(rows)]
                ats = [e.plus(d, v * LANES) for v in range(wide)]
                for r in range(rows):
                    for v in range(wide):
                        builder.store(e.load(e.at(outs[r], ats[v])), sums[r][v])
                with e.steps(ir.Constant(_INT, 0), args[8], 1) as k:
                    row = e.offset(m, k, size)
                    vectors = [e.load(e.at(row, a)) for a in ats]
                    step = builder.mul(k, args[5])
                    for r in range(rows):
                        g = e.spread(e.number(e.at(factor[r], step)))
                        for v in range(wide):
                            builder.store(e.fma(g, vectors[v], e.value(sums[r][v])), sums[r][v])
                for r in range(rows):
                    for v in range(wide):
                        e.store(e.value(sums[r][v]), e.at(outs[r], ats[v]))

            wide = ir.Constant(_INT, WIDE * LANES)
            whole = builder.mul(builder.sdiv(size, wide), wide)
            with e.steps(ir.Constant(_INT, 0), whole, WIDE * LANES) as d:
                tile(d, WIDE)
            rest = builder.sub(size, whole)
            for vectors in range(1, WIDE):
                with builder.if_then(builder.icmp_signed("==", rest, ir.Constant(_INT, vectors * LANES))):
                    tile(whole, vectors)
            return context.get_dummy_value()

        return signature, write

    return combine


combine_tile = _combine(TILE)
combine_row = _combine(1)
