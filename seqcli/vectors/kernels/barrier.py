"""A meeting point for the threads of a kernel, so that what they compute does not depend on who is quicker."""

from __future__ import annotations

from llvmlite import ir
from numba.core import types

from seqcli.text.compiled import compiled
from seqcli.vectors.kernels.simd import intrinsic

SPINS = 4096  # looks at the counter, some microseconds, before the core is offered to others

_yield = types.ExternalFunction("sched_yield", types.int32())
_INT = ir.IntType(64)


@intrinsic
def _count_up(typingctx, counter):  # type: ignore[no-untyped-def]
    """Add one to counter[0], int64 [1], and return what it was, at once and for all threads."""

    def write(context, builder, signature, args):  # type: ignore[no-untyped-def]
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.atomic_rmw("add", data, ir.Constant(_INT, 1), "seq_cst")

    return types.int64(counter), write


@intrinsic
def _look(typingctx, counter):  # type: ignore[no-untyped-def]
    """Return counter[0], int64 [1], as other threads left it."""

    def write(context, builder, signature, args):  # type: ignore[no-untyped-def]
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.load_atomic(data, "seq_cst", 8, typ=_INT)

    return types.int64(counter), write


@compiled
def meet(counter, threads):  # type: ignore[no-untyped-def]
    """Wait until every thread is here. counter: int64 [1], 0 before the first meeting."""
    everyone = (_count_up(counter) // threads + 1) * threads
    spins = 0
    while _look(counter) < everyone:
        spins += 1
        if spins > SPINS:
            _yield()
