"""evaluate --paired: two models compared unit by unit (lines or paragraphs) on the same text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from seqcli.cli.options import Session
from seqcli.errors import MisuseError, quoted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seqcli.paired import Difference
    from seqcli.text.corpus import Encoded
    from seqcli.text.pieces import Pieces
    from seqcli.text.vocabulary import Vocabulary

UNKNOWN_APART = 0.001  # difference of the unknown rates that is worth a word
COLUMNS = (
    "first", "second", "measure", "units", "first_value", "second_value", "difference", "low", "high", "p",
    "first_better",
)  # fmt: skip


class Measured(NamedTuple):
    """A text as one model sees it."""

    name: str
    vocabulary: Vocabulary
    encoded: Encoded
    logs: NDArray[Any]  # of the probability of each token [N]
    pieces: Pieces
    unit: str  # line, paragraph, or auto: what the model's text ended with <eos>


def compare_models(session: Session, measured: Sequence[Measured], per_character: bool) -> None:
    """Print how the first model differs from each of the others."""
    from seqcli.paired import compare

    first = measured[0]
    for other in measured[1:]:
        _check_comparable(first, other, per_character)
    with session.terminal.results(*COLUMNS) as out:
        for other in measured[1:]:
            sizes = _characters(first) if per_character else _unit_sums(first.encoded.ids, None)
            scale = 1 / math.log(2) if per_character else 1.0
            costs = [-scale * _unit_sums(one.encoded.ids, one.logs) for one in (first, other)]
            found = compare(costs[0], costs[1], sizes)
            measure = "bits_per_character" if per_character else "nats_per_token"
            values = (found.first, found.second, found.difference, found.low, found.high, found.p, found.first_better)
            out.add(first.name, other.name, measure, found.units, *values)
            out.flush()
            session.terminal.note(_in_words(first, other, measure, found))
    _note_unknown(session, measured)


def _check_comparable(first: Measured, other: Measured, per_character: bool) -> None:
    """Raise MisuseError for models that end units at other places, or whose tokens differ where they are counted."""
    counts = [int(_unit_sums(one.encoded.ids, None).size) for one in (first, other)]
    if counts[0] != counts[1]:
        raise MisuseError(
            f"{quoted(first.name)} sees {counts[0]:,} units in the text, {quoted(other.name)} {counts[1]:,}: one ends "
            "them at lines, one at paragraphs; give a text whose lines are its units, without blank ones."
        )
    same = tokens_seen(first.vocabulary, first.encoded.ids) == tokens_seen(other.vocabulary, other.encoded.ids)
    if not per_character and not same:
        raise MisuseError(
            f"{quoted(first.name)} and {quoted(other.name)} cut the text into other tokens, or know others; compare "
            "them with --per-character: bits per character can always be compared."
        )


def tokens_seen(vocabulary: Vocabulary, ids: NDArray[np.int32]) -> bytes:
    """Return what is the same for two models that know the same tokens, numbered alike or not, and cut a text alike."""
    import hashlib

    import numpy as np

    order = sorted(range(len(vocabulary)), key=vocabulary.tokens.__getitem__)
    places = np.empty(len(order), np.int32)
    places[order] = np.arange(len(order), dtype=np.int32)
    names = "\0".join(vocabulary.tokens[i] for i in order).encode("utf-8", "surrogatepass")
    return hashlib.sha256(names + places[ids].tobytes()).digest()


def _characters(one: Measured) -> NDArray[np.float64]:
    """Return the characters of each unit. -> [U]"""
    from seqcli.text.units import is_paragraphs, unit_characters

    return unit_characters(one.pieces, is_paragraphs(one.pieces, one.unit)).astype(float)


def _unit_sums(ids: NDArray[np.int32], values: NDArray[Any] | None) -> NDArray[np.float64]:
    """Add up a value of each token, or count them, unit by unit. ids [N], values [N] -> [U]"""
    import numpy as np

    from seqcli.text.vocabulary import EOS

    starts = np.concatenate([[0], np.flatnonzero(ids == EOS)[:-1] + 1])
    each = np.ones(len(ids)) if values is None else values.astype(np.float64)
    sums: NDArray[np.float64] = np.add.reduceat(each, starts)
    return sums


def _in_words(first: Measured, other: Measured, measure: str, found: Difference) -> str:
    """Return what was found as a person says it."""
    less = "less" if found.difference < 0 else "more"
    low, high = sorted((abs(found.low), abs(found.high)))
    sure = f"{low:.4f} to {high:.4f}" if found.low * found.high > 0 else f"{found.low:+.4f} to {found.high:+.4f}"
    return (
        f"{quoted(first.name)} needs {abs(found.difference):.4f} {measure.replace('_', ' ')} {less} than "
        f"{quoted(other.name)} (95 %: {sure}; p = {found.p:.2g}); it is the better one on {found.first_better:.0%} of "
        f"{found.units:,} units."
    )


def _note_unknown(session: Session, measured: Sequence[Measured]) -> None:
    """Say where figures per character flatter the model that leaves more of the text unknown."""
    rates = [one.encoded.unknown_rate for one in measured]
    if max(rates) - min(rates) > UNKNOWN_APART:
        shown = ", ".join(f"{quoted(one.name)} {rate:.2%}" for one, rate in zip(measured, rates, strict=True))
        session.terminal.note(f"Note: unknown tokens are cheap, and the models have different shares of them: {shown}.")
