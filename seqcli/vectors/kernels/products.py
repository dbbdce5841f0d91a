"""Small matrix products in registers, for numba kernels.

numba's own loops over rows of a matrix become half as wide and read every number twice; BLAS has no product of 64 x 16
and must be called. Rows of work matrices are padded with zeros to whole vectors.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types

from seqcli.vectors.kernels.simd import INT, LANE_INTS, LANES, TILE, Emitter, intrinsic

UNROLL = 4  # steps of a product between two tests for its end
WIDE = 4  # vectors side by side in a tile: with 4 rows they fill half the registers of AVX-512
WHOLE = 8  # vectors side by side in a row: one loop, whose length is hard to predict, for up to 128 numbers


@intrinsic
def push_scores(typingctx, gradients, inputs, first, columns, column, depth, weights):  # type: ignore[no-untyped-def]
    """Score 2 TILE rows against LANES negatives: gradients[r, k] = -weights[r] * sigmoid(inputs[r] . columns[:, k]).

    gradients [N, K], inputs [N, D], columns [D, K] (the negatives, transposed), weights [N]; r from first, k from
    column; depth: the numbers in use of a row, a multiple of UNROLL.
    """
    signature = types.void(gradients, inputs, types.intp, columns, types.intp, types.intp, weights)

    def write(context, builder, signature, args):  # type: ignore[no-untyped-def]
        e = Emitter(context, builder)
        out, width = e.matrix(signature.args[0], args[0])
        x, size = e.matrix(signature.args[1], args[1])
        c, _ = e.matrix(signature.args[3], args[3])
        c = e.at(c, args[4])
        w, _ = e.matrix(signature.args[6], args[6])
        rows = [e.offset(x, e.plus(args[2], r), size) for r in range(2 * TILE)]
        sums = e.variables(2 * TILE)
        with e.steps(ir.Constant(INT, 0), args[5], UNROLL) as d:
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


def _scores(moving: bool) -> Any:
    @intrinsic
    def scores(typingctx, out, at, inputs, row, others, first, rate):  # type: ignore[no-untyped-def]
        """Score LANES pairs of rows: out[at + r] = rate * (1 - sigmoid(inputs[row] . others[first + r])).

        moving: of inputs[row + r]. out [N]; inputs, others [N, D].
        """
        signature = types.void(out, types.intp, inputs, types.intp, others, types.intp, types.float32)

        def write(context, builder, signature, args):  # type: ignore[no-untyped-def]
            e = Emitter(context, builder)
            o, _ = e.matrix(signature.args[0], args[0])
            x, size = e.matrix(signature.args[2], args[2])
            y, _ = e.matrix(signature.args[4], args[4])
            mine = [e.offset(x, e.plus(args[3], r if moving else 0), size) for r in range(LANES if moving else 1)]
            rows = [e.offset(y, e.plus(args[5], r), size) for r in range(LANES)]
            sums = e.variables(LANES)
            with e.steps(ir.Constant(INT, 0), size, LANES) as d:
                vectors = [e.load(e.at(row, d)) for row in mine]
                for r, s in enumerate(sums):
                    builder.store(e.fma(vectors[r % len(mine)], e.load(e.at(rows[r], d)), e.value(s)), s)
            score = e.sums([e.value(s) for s in sums])
            error = e.sigmoid(builder.fneg(score))
            e.store(builder.fmul(error, e.spread(args[6])), e.at(o, args[1]))
            return context.get_dummy_value()

        return signature, write

    return scores


pull_scores = _scores(moving=False)
pair_scores = _scores(moving=True)


@intrinsic
def transpose(typingctx, out, matrix):  # type: ignore[no-untyped-def]
    """Write a matrix [K, D] as out [D, K]; K and D are whole vectors."""
    signature = types.void(out, matrix)

    def write(context, builder, signature, args):  # type: ignore[no-untyped-def]
        e = Emitter(context, builder)
        o, rows = e.matrix(signature.args[0], args[0])
        m, size = e.matrix(signature.args[1], args[1])
        half = LANES // 2
        low = ir.Constant(LANE_INTS, [i // 2 + LANES * (i % 2) for i in range(LANES)])
        high = ir.Constant(LANE_INTS, [half + i // 2 + LANES * (i % 2) for i in range(LANES)])
        with e.steps(ir.Constant(INT, 0), rows, LANES) as k, e.steps(ir.Constant(INT, 0), size, LANES) as d:
            v = [e.load(e.at(e.offset(m, e.plus(k, r), size), d)) for r in range(LANES)]
            for _ in range(LANES.bit_length() - 1):  # each round moves one bit of the row's number into the lane's
                pairs = zip(v[:half], v[half:], strict=True)
                v = [builder.shuffle_vector(p, q, order) for p, q in pairs for order in (low, high)]
            for r in range(LANES):
                e.store(v[r], e.at(e.offset(o, e.plus(d, r), rows), k))
        return context.get_dummy_value()

    return signature, write


def _combine(rows: int, most: int, fresh: bool) -> Any:
    @intrinsic
    def combine(typingctx, out, first, factors, at, across, along, matrix, start, count):  # type: ignore[no-untyped-def]
        """Add the sum over k < count of factors[at + r * across + k * along] * matrix[start + k] to out[first + r].

        fresh: write it there. out, matrix [N, D]; factors flat.
        """
        intp = types.intp
        signature = types.void(out, intp, factors, intp, intp, intp, matrix, intp, intp)

        def write(context, builder, signature, args):  # type: ignore[no-untyped-def]
            e = Emitter(context, builder)
            o, size = e.matrix(signature.args[0], args[0])
            f, _ = e.matrix(signature.args[2], args[2])
            m, _ = e.matrix(signature.args[6], args[6])
            factor = [e.at(f, builder.add(args[3], builder.mul(ir.Constant(INT, r), args[4]))) for r in range(rows)]
            outs = [e.offset(o, e.plus(args[1], r), size) for r in range(rows)]
            m = e.offset(m, args[7], size)

            def tile(d: Any, wide: int) -> None:
                sums = [e.variables(wide) for _ in range(rows)]
                ats = [e.plus(d, v * LANES) for v in range(wide)]
                for r in range(0 if fresh else rows):
                    for v in range(wide):
                        builder.store(e.load(e.at(outs[r], ats[v])), sums[r][v])
                with e.steps(ir.Constant(INT, 0), args[8], 1) as k:
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

            wide = ir.Constant(INT, most * LANES)
            whole = builder.mul(builder.sdiv(size, wide), wide)
            with e.steps(ir.Constant(INT, 0), whole, most * LANES) as d:
                tile(d, most)
            rest = builder.sub(size, whole)
            for vectors in range(1, most):
                with builder.if_then(builder.icmp_signed("==", rest, ir.Constant(INT, vectors * LANES))):
                    tile(whole, vectors)
            return context.get_dummy_value()

        return signature, write

    return combine


write_tile = _combine(TILE, WIDE, fresh=True)
add_row = _combine(1, WHOLE, fresh=False)
