"""How varied texts are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence


def distinct(texts: Sequence[Sequence[Hashable]], n: int) -> float:
    """Return the share of different n-grams among all, none across two texts. Source: Li et al. 2016, section 5.3."""
    found = Counter(tuple(text[i : i + n]) for text in texts for i in range(len(text) - n + 1))
    return len(found) / max(found.total(), 1)
