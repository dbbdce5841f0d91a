"""What a translation must contain: given tokens for some of its source, and tokens of the source taken over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from seqcli.layers.steps import Array, Ids
from seqcli.text.vocabulary import EOS, UNK
from seqcli.translation.arrays import NEVER


@dataclass(frozen=True)
class Constraint:
    """Ids that the translation must contain, and the places of the source tokens that they translate."""

    places: frozenset[int]
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Request:
    """What is asked of the translation of one source: constraints, and whether it may contain the unknown token."""

    constraints: tuple[Constraint, ...] = ()
    unknown: bool = False
    inner: NDArray[np.bool_] | None = field(default=None, compare=False)  # [V]: tokens that go on with a word

    @property
    def length(self) -> int:
        """Tokens of all constraints."""
        return sum(len(constraint.ids) for constraint in self.constraints)


@dataclass(frozen=True)
class Met:
    """How far a hypothesis has met its constraints: those to come, the one being written, and where each was begun."""

    pending: tuple[int, ...] = ()
    active: int | None = None
    written: int = 0  # tokens of the active one
    begun: tuple[tuple[int, int], ...] = ()  # (constraint, its first token's place)
    fresh: bool = False  # one has just been met: no word goes on behind it
    late: bool = False  # the active one was not begun by attention

    def after(self, request: Request, length: int) -> Met:
        """Return what is met once the forced token stands at place `length`."""
        if self.active is None:
            return replace(self, fresh=False)
        begun = self.begun if self.written else (*self.begun, (self.active, length))
        if self.written + 1 < len(request.constraints[self.active].ids):
            return replace(self, written=self.written + 1, begun=begun)
        return Met(tuple(k for k in self.pending if k != self.active), None, 0, begun, True)


def restrict(
    scores: Array,
    totals: NDArray[np.float64],
    weights: Array,
    left: Ids,
    requests: Sequence[Request],
    met: list[Met],
) -> NDArray[np.float64]:
    """Take from the scores [R, V] what the requests of the rows do not allow; `met` notes what is begun.

    A constraint is begun where a row looks most at its source tokens; then its tokens follow each other, and cost
    nothing in the comparison with other rows, for every one must pay for them. What they cost is returned [R], to be
    added. It is begun too where a row wants to end without it, or would soon be too long for it, and then costs what it
    costs. totals [R]: logs of the sums of exponentials; weights [R, S]; left [R]: tokens that may still come. Source:
    the idea is that of guided decoding, Chatterjee et al. 2017.
    """
    costs = np.zeros(len(scores))
    looked = weights.argmax(1)
    sure = weights.max(1) > 0.0  # nothing is, where there is no attention
    for row, (request, state) in enumerate(zip(requests, met, strict=True)):
        if state.pending and state.active is None:
            place = int(looked[row]) if sure[row] else -1
            wanted = [k for k in state.pending if place in request.constraints[k].places]
            due = left[row] <= 1 + sum(len(request.constraints[k].ids) for k in state.pending)
            if wanted:
                met[row] = state = replace(state, active=wanted[0], written=0, late=False)
            elif due or int(scores[row].argmax()) == EOS:
                met[row] = state = replace(state, active=state.pending[0], written=0, late=True)
        if state.active is not None:
            forced = request.constraints[state.active].ids[state.written]
            kept = scores[row, forced]
            scores[row] = NEVER
            scores[row, forced] = kept if state.late else totals[row]
            costs[row] = 0.0 if state.late else kept - totals[row]
            continue
        if not request.unknown:
            scores[row, UNK] = NEVER
        if state.pending:
            scores[row, EOS] = NEVER
        if state.fresh and request.inner is not None:
            scores[row, : len(request.inner)][request.inner] = NEVER
    return costs


def first_met(request: Request) -> Met:
    """Return where a hypothesis begins."""
    return Met(tuple(range(len(request.constraints))))


def is_asking(request: Request) -> bool:
    """Return whether anything is asked at all."""
    return bool(request.constraints) or request.unknown
