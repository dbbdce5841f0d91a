"""Single rows moved between the two large matrices and the small ones, for numba kernels.

Rows of the large matrices [V, D] are read and written as whole vectors, the last of which overlaps the one before where
D is no whole number of them; rows of work matrices are padded with zeros to whole vectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba.core import types

from seqcli.vectors.kernels.simd import INT, LANES, Emitter, intrinsic

LINE = 16  # floats in a line of the cache


@contextmanager
def _short(e: Emitter, size: Any) -> Iterator[Any]:
    """Write what is done number by number for a row that is shorter than a vector; yields the index."""
    short = e.builder.icmp_signed("<", size, ir.Constant(INT, LANES))
    with e.builder.if_then(short), e.steps(ir.Constant(INT, 0), size, 1) as d:
        yield d


@intrinsic
def copy_row(typingctx, out, i, matrix, row):  # type: ignore[no-untyped-def]
    """Copy out[i, :D] = matrix[row]. matrix [V, D]; out [N, D padded]."""
    signature = types.void(out, types.intp, matrix, types.intp)

    def write(context, builder, signature, args):  # type: ignore[no-untyped-def]
        e = Emitter(context, builder)
        o, width = e.matrix(signature.args[0], args[0])
        m, size = e.matrix(signature.args[2], args[2])
        o, m = e.offset(o, args[1], width), e.offset(m, args[3], size)
        last = e.plus(size, -LANES)
        with e.steps(ir.Constant(INT, 0), last, LANES) as d:
            e.store(e.load(e.at(m, d)), e.at(o, d))
        with builder.if_then(builder.icmp_signed(">=", last, ir.Constant(INT, 0))):
            e.store(e.load(e.at(m, last)), e.at(o, last))
        with _short(e, size) as d:
            builder.store(e.number(e.at(m, d)), e.at(o, d))
        return context.get_dummy_value()

    return signature, write


@intrinsic
def add_to_row(typingctx, matrix, row, share, changes, i):  # type: ignore[no-untyped-def]
    """Add share * changes[i, :D] to matrix[row]. matrix [V, D]; changes [N, D padded]."""
    signature = types.void(matrix, types.intp, types.float32, changes, types.intp)

    def write(context, builder, signature, args):  # type: ignore[no-untyped-def]
        e = Emitter(context, builder)
        m, size = e.matrix(signature.args[0], args[0])
        c, width = e.matrix(signature.args[3], args[3])
        m, c = e.offset(m, args[1], size), e.offset(c, args[4], width)
        share, last = e.spread(args[2]), e.plus(size, -LANES)

        def added(d: Any) -> Any:
            return e.fma(share, e.load(e.at(c, d)), e.load(e.at(m, d)))

        (end,) = e.variables(1)
        long = builder.icmp_signed(">=", last, ir.Constant(INT, 0))
        with builder.if_then(long):
            builder.store(added(last), end)  # before the vectors that it overlaps are written
        with e.steps(ir.Constant(INT, 0), last, LANES) as d:
            e.store(added(d), e.at(m, d))
        with builder.if_then(long):
            e.store(e.value(end), e.at(m, last))
        with _short(e, size) as d:
            product = builder.fmul(args[2], e.number(e.at(c, d)))
            builder.store(builder.fadd(product, e.number(e.at(m, d))), e.at(m, d))
        return context.get_dummy_value()

    return signature, write


@intrinsic
def blend(typingctx, out, i, factor, x, j, other, y, k):  # type: ignore[no-untyped-def]
    """Write out[i] = factor * (x[j] + other * y[k]). out, x, y [N, D padded]."""
    real, at = types.float32, types.intp
    signature = types.void(out, at, real, x, at, real, y, at)

    def write(context, builder, signature, args):  # type: ignore[no-untyped-def]
        e = Emitter(context, builder)
        (o, size), (x, _), (y, _) = (e.matrix(signature.args[n], args[n]) for n in (0, 3, 6))
        o, x, y = (e.offset(matrix, args[n], size) for matrix, n in ((o, 1), (x, 4), (y, 7)))
        factor, other = e.spread(args[2]), e.spread(args[5])
        with e.steps(ir.Constant(INT, 0), size, LANES) as d:
            total = e.fma(other, e.load(e.at(y, d)), e.load(e.at(x, d)))
            e.store(builder.fmul(factor, total), e.at(o, d))
        return context.get_dummy_value()

    return signature, write


@intrinsic
def fetch_row(typingctx, matrix, row):  # type: ignore[no-untyped-def]
    """Ask for matrix[row], which will be read and written soon. matrix [V, D]."""
    signature = types.void(matrix, types.intp)

    def write(context, builder, signature, args):  # type: ignore[no-untyped-def]
        e = Emitter(context, builder)
        m, size = e.matrix(signature.args[0], args[0])
        m = e.offset(m, args[1], size)
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        fetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        with e.steps(ir.Constant(INT, 0), size, LINE) as d:
            address = builder.bitcast(e.at(m, d), byte)
            builder.call(fetch, [address, number(1), number(3), number(1)])  # to write, keep close, data
        return context.get_dummy_value()

    return signature, write
