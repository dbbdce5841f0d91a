"""Words spelled nearly like another one: exact edit distances to 100,000 words in hundredths of a second."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SHOWN = 5  # suggestions: more are not read
LONGEST = 64  # characters: nobody misspells longer words, and the time grows with the square
WORDS = 2_000_000  # of the commonest words are searched: beyond that a suggestion would cost seconds


def near_spellings(word: str, words: Sequence[str], most: int = SHOWN) -> list[str]:
    """Return the words at the least edit distance, up to a third of the letters; equal distances keep their order.

    The distance counts letters put in, left out, changed, and neighbours swapped (optimal string alignment); the case
    of letters does not count.
    """
    if not 0 < len(word) <= LONGEST:
        return []
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import cdist

    allowed = max(1, min(len(word) // 3, 3))
    some = [one for one in words[:WORDS] if one]
    choices = [one.lower() for one in some]
    distances = cdist([word.lower()], choices, scorer=OSA.distance, score_cutoff=allowed, dtype=np.int16)[0]
    near = np.flatnonzero(distances <= allowed)
    order = near[np.argsort(distances[near], kind="stable")]
    return [some[i] for i in order.tolist() if some[i] != word][:most]
