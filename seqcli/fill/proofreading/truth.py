"""What was meant in a damaged text, place by place: what calibration learns from and evaluation counts with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seqcli.fill.proofreading.candidates import Confusions
from seqcli.fill.proofreading.decision import Truth
from seqcli.fill.proofreading.edits import Edit, edit_of, is_same
from seqcli.fill.proofreading.examination import Examined
from seqcli.fill.proofreading.noise import Error

NO_ERROR = -1
UNCLEAR = -2  # the second part of a word that was split: neither right nor to be marked


def error_of_tokens(starts: Sequence[int], ends: Sequence[int], errors: Sequence[Error]) -> NDArray[np.int64]:
    """Return which error each token is marked for, NO_ERROR for none. starts, ends: of the tokens, in order.

    A word that is missing is marked at the next one, a doubled one at the second.
    """
    found = np.full(len(starts), NO_ERROR, np.int64)
    for number, error in enumerate(errors):
        first = int(np.searchsorted(ends, error.start, side="right"))
        last = int(np.searchsorted(starts, max(error.end, error.start + 1), side="left"))
        if error.start == error.end:
            last = first + 1
        tokens = list(range(first, min(last, len(starts))))
        if not tokens:
            continue
        chosen = tokens[-1] if error.kind == "doubled" else tokens[0]
        if error.kind not in ("doubled", "extra"):
            found[tokens] = UNCLEAR
        found[chosen] = number
    return found


def truth_of(examined: Examined, confusions: Confusions, errors: Sequence[Error]) -> tuple[Truth, NDArray[np.int64]]:
    """Return what was meant at each place of evidence, and the error of each token of the text."""
    tokens, text = examined.reading.tokens, examined.reading.text
    of_token = error_of_tokens([t.start for t in tokens], [t.end for t in tokens], errors)
    evidence, sites = examined.evidence, examined.sites
    right = np.zeros(len(evidence.sites), bool)
    numbers = of_token[evidence.sites]
    for row in np.flatnonzero(numbers >= 0).tolist():
        error = errors[int(numbers[row])]
        site, kind, entry = int(evidence.sites[row]), int(evidence.kinds[row]), int(evidence.entries[row])
        edit = edit_of(examined.reading, examined.table, confusions, site, kind, entry)
        right[row] = edit is not None and is_same(text, edit, Edit(error.start, error.end, error.right))
    of_site = of_token[sites.sites]
    weight = np.where(of_site == UNCLEAR, 0.0, 1.0)
    return Truth(right, of_site >= 0, weight), of_token
