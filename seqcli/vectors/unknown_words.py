"""Why a word has no vector, and what is spelled nearly like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqcli.errors import quoted
from seqcli.vectors.load import counts_of, word_hash

if TYPE_CHECKING:
    from seqcli.store import Record
    from seqcli.vectors.table import Table


def explained(record: Record, table: Table, word: str) -> str:
    """Say why a word has no vector in a model, and what is spelled nearly like it."""
    from seqcli.text.spelling import near_spellings

    near = near_spellings(word, table.shown_words)
    hint = f"did you mean {', '.join(map(quoted, near))}?" if near else "no word is spelled nearly like it."
    return f"{quoted(word)} {_why(record, table, word)}; {hint}"


def _why(record: Record, table: Table, word: str) -> str:
    seen = _times_seen(record, table, word)
    if seen:
        least = record.text.min_count
        return f"was seen {seen} time{'s' * (seen > 1)} in training, below the minimum count of {least}"
    if seen is None:
        return f"is not among the {len(table):,} words of {quoted(record.name)}"
    return f"was never seen in the training of {quoted(record.name)}"


def _times_seen(record: Record, table: Table, word: str) -> int | None:
    """Return how often a word below the minimum count was seen; None for a table of which that is not known."""
    arrays = counts_of(record, len(table))
    if "rare_hashes" not in arrays:
        return None  # it was imported
    import numpy as np

    for form in (word, word.lower()):
        at = int(np.searchsorted(arrays["rare_hashes"], wanted := word_hash(form)))
        if at < len(arrays["rare_hashes"]) and int(arrays["rare_hashes"][at]) == wanted:
            return int(arrays["rare_counts"][at])
    return 0
