"""What the probabilities of an n-gram model add up to behind each of its contexts: 1, in a model that is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import quoted
from seqcli.language.ngram.arpa import ArpaError
from seqcli.language.ngram.arrays import NgramArrays, Nodes, Reals
from seqcli.text.vocabulary import EOS

TOLERANCE = 0.01  # what files with logs of three decimals come near
PART = 1 << 18  # n-grams looked at together: some 50 MB


def listed_sums(order: int, arrays: Mapping[str, NDArray[Any]]) -> list[Reals]:
    """Return what the n-grams behind each context add up to: behind none [1], behind one token [V], behind two, ..."""
    found = [np.exp(arrays["log_probabilities.1"].astype(np.float64)).sum(keepdims=True)]
    for n in range(2, order + 1):
        found.append(_by_context(arrays[f"children.{n - 1}"], np.exp(arrays[f"log_probabilities.{n}"], dtype=float)))
    return found


def total_sums(order: int, arrays: Mapping[str, NDArray[Any]], listed: list[Reals]) -> list[Reals]:
    """Return what all tokens add up to behind each context, those that it backs off for included; shapes as of listed.

    nan behind a context of two tokens or more that ends in EOS: nothing stands behind it.
    """
    model = NgramArrays(order, arrays)
    totals, tokens = [listed[0]], np.arange(len(listed[1]) if order > 1 else 0)[:, None]  # [contexts, their length]
    for size in range(1, order):
        backoffs = np.exp(arrays[f"log_backoffs.{size}"].astype(np.float64))
        found = np.empty(len(tokens))
        for low in range(0, len(tokens), PART):
            some = tokens[low : low + PART]
            states = _shorter(model, some)
            found[low : low + PART] = _rest(arrays, size, low, states, model, totals)
        found = listed[size] + backoffs * found
        if size > 1:
            found[tokens[:, -1] == EOS] = np.nan
        totals.append(found)
        if size < order - 1:
            counts = np.diff(arrays[f"children.{size}"])
            tokens = np.column_stack([np.repeat(tokens, counts, axis=0), arrays[f"words.{size + 1}"]])
    return totals


def _shorter(model: NgramArrays, tokens: NDArray[np.int64]) -> Nodes:
    """Return the states behind contexts without their first token. tokens [C, size] -> [C, order - 1]"""
    state = model.start(len(tokens))
    for column in tokens[:, 1:].T:
        state, _ = model.step(column.astype(np.int64), state)
    return state


def _rest(
    arrays: Mapping[str, NDArray[Any]], size: int, low: int, states: Nodes, model: NgramArrays, totals: list[Reals]
) -> Reals:
    """Return what the shorter contexts give to tokens that the contexts themselves do not list. -> [C]"""
    starts = arrays[f"children.{size}"][low : low + len(states) + 1].astype(np.int64)
    words = arrays[f"words.{size + 1}"][starts[0] : starts[-1]].astype(np.int64)
    logs = model.token_logs(np.repeat(states, np.diff(starts), axis=0), words)
    total = np.full(len(states), totals[0][0])
    for n in range(1, size):
        there = states[:, n - 1] >= 0
        total[there] = totals[n][states[there, n - 1]]
    return total - _by_context(starts - starts[0], np.exp(logs))


def _by_context(starts: NDArray[Any], values: Reals) -> Reals:
    """Add up values [N] from start to start. starts [C + 1] -> [C]"""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    found: Reals = sums[starts[1:]] - sums[starts[:-1]]
    return found


def check_sums(order: int, arrays: Mapping[str, NDArray[Any]], tokens: list[str], where: str) -> str | None:
    """Return in words where probabilities do not add up to 1, or None. Raises ArpaError where they cannot.

    where: what a message calls the file.
    """
    listed = listed_sums(order, arrays)
    for size, sums in enumerate(listed):
        if sums.max(initial=0.0) > 1 + TOLERANCE:
            at = int(sums.argmax())
            behind = f" behind {quoted(_context(arrays, tokens, size, at))}" if size else ""
            raise ArpaError(
                f"{where} is no model: its {size + 1}-grams{behind} have probabilities that add up to {sums[at]:.3g}; "
                "write the file anew."
            )
    totals = total_sums(order, arrays, listed)
    amiss = [np.abs(np.nan_to_num(sums, nan=1.0) - 1) for sums in totals]
    worst = max(range(order), key=lambda size: float(amiss[size].max(initial=0.0)))
    count = sum(int((gap > TOLERANCE).sum()) for gap in amiss)
    if not count:
        return None
    at = int(amiss[worst].argmax())
    behind = f"behind {quoted(_context(arrays, tokens, worst, at))}" if worst else "of single words"
    return (
        f"the probabilities do not add up to 1 in {count:,} of {sum(map(len, totals)):,} contexts (to "
        f"{totals[worst][at]:.3g} {behind}); perplexities of this model cannot be compared"
    )


def _context(arrays: Mapping[str, NDArray[Any]], tokens: list[str], size: int, at: int) -> str:
    """Return the tokens of a context, by its place among those of its size."""
    found: list[str] = []
    for n in range(size, 1, -1):
        found.append(tokens[int(arrays[f"words.{n}"][at])])
        at = int(np.searchsorted(arrays[f"children.{n - 1}"], at, "right")) - 1
    return " ".join(["<s>" if at == EOS else tokens[at], *reversed(found)])
