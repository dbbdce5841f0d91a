"""Tokens drawn from probabilities, after temperature and truncation: every function takes natural logs [B, V]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcli.decoding.settings import Sampling

Reals = NDArray[np.float64]
Ids = NDArray[np.int64]


def shaped(logs: NDArray[Any], how: Sampling) -> Reals:
    """Return logs of probabilities to draw from: 0 (a log of -inf) for what is left out, of sum 1 the rest.

    logs [B, V]: of any sum; -inf where a token is forbidden.
    """
    logs = _normal(logs.astype(np.float64))
    if how.temperature == 0.0:
        return only(logs, logs.argmax(-1)[:, None])
    if how.temperature != 1.0:
        logs = _normal(logs / how.temperature)
    if how.top_k is not None:
        logs = top_k(logs, how.top_k)
    if how.top_p is not None:
        logs = top_p(logs, how.top_p)
    if how.typical is not None:
        logs = typical(logs, how.typical)
    return logs


def top_k(logs: Reals, count: int) -> Reals:
    """Keep the `count` likeliest tokens of each row."""
    if count >= logs.shape[1]:
        return logs
    return only(logs, np.argpartition(-logs, count - 1, axis=1)[:, :count])


def top_p(logs: Reals, share: float) -> Reals:
    """Keep the fewest tokens that make up a share of the probability. Source: Holtzman et al. 2020."""
    return _until(logs, np.argsort(-logs, axis=1, kind="stable"), share)


def typical(logs: Reals, share: float) -> Reals:
    """Keep the tokens whose surprise is nearest to the expected, up to a share. Source: Meister et al. 2023."""
    finite = np.where(np.isfinite(logs), logs, 0.0)
    expected = -(np.exp(logs) * finite).sum(1, keepdims=True)
    return _until(logs, np.argsort(np.abs(-logs - expected), axis=1, kind="stable"), share)


def only(logs: Reals, kept: Ids) -> Reals:
    """Keep some tokens of each row: kept [B, K]."""
    found = np.full_like(logs, -np.inf)
    np.put_along_axis(found, kept, np.take_along_axis(logs, kept, 1), 1)
    return _normal(found)


def draw(logs: Reals, chances: Reals) -> Ids:
    """Return a token of each row: the first at which the summed probabilities exceed its chance, [B] from 0 to 1."""
    sums = np.exp(logs).cumsum(1)
    found: Ids = (sums <= (chances * sums[:, -1])[:, None]).sum(1)
    last = logs.shape[1] - 1 - np.isfinite(logs)[:, ::-1].argmax(1)  # where rounding took the sum past the chance
    least: Ids = np.minimum(found, last)
    return least


def forbid(logs: NDArray[Any], tokens: Sequence[Sequence[int]]) -> Reals:
    """Return logs in which some tokens of each row cannot come; where nothing is left, they can after all."""
    found = logs.astype(np.float64)
    for row, banned in zip(found, tokens, strict=True):
        before = row.copy()
        row[list(banned)] = -np.inf
        if not np.isfinite(row).any():
            row[:] = before
    return found


def _until(logs: Reals, order: Ids, share: float) -> Reals:
    """Keep the tokens in an order, up to the one that brings their sum to a share."""
    sums = np.exp(np.take_along_axis(logs, order, 1)).cumsum(1)
    kept = np.roll(sums, 1, axis=1) < share
    kept[:, 0] = True
    found = np.full_like(logs, -np.inf)
    np.put_along_axis(found, order, np.where(kept, np.take_along_axis(logs, order, 1), -np.inf), 1)
    return _normal(found)


def _normal(logs: Reals) -> Reals:
    """Return logs of probabilities of sum 1."""
    highest = logs.max(1, keepdims=True)
    total: Reals = logs - (highest + np.log(np.exp(logs - highest).sum(1, keepdims=True)))
    return total
