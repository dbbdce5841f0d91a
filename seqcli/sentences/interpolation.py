"""One sentence walked into another: codes on the straight way between theirs, written so that each step is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqcli.errors import MisuseError
from seqcli.sentences.decode import searched

if TYPE_CHECKING:
    from seqcli.sentences.answer_settings import Walking
    from seqcli.sentences.load import Asked


class Step(NamedTuple):
    """A sentence on the way from one to another, and the share of the way that is done there."""

    share: float
    sentence: str


def walk(asked: Asked, first: str, second: str, how: Walking) -> list[Step]:
    """Return the steps from one sentence to another, the ends as given or as the model writes them.

    What is between is as long as the shorter end at least, as the longer one at most. Neighbouring codes often have the
    same likeliest sentence: a step then shows its next likely one, as long as the beam has one that was not shown.
    """
    ids = [asked.ids(first), asked.ids(second)]
    if min(map(len, ids)) == 1:
        raise MisuseError("An end of the way is empty; give two sentences.")
    start, end = asked.model.encode(ids).mean
    shares = np.linspace(0.0, 1.0, how.steps)
    codes = np.array([start + np.float32(share) * (end - start) for share in shares])
    lengths = sorted(len(one) - 1 for one in ids)
    shown = set() if how.decoded_ends else {first, second}
    steps = []
    for share, best in zip(shares, searched(asked.model, codes, how.beam, (lengths[0], lengths[1])), strict=True):
        texts = [asked.text(one.ids) for one in best]
        fresh = next((text for text in texts if text not in shown), texts[0])
        if share in (0.0, 1.0) and not how.decoded_ends:
            fresh = second if share else first
        shown.add(fresh)
        steps.append(Step(float(share), fresh))
    return steps
