"""evaluate --paired: how the first model differs from each of the others, in records and in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqcli.cli.session import Session
from seqcli.errors import quoted
from seqcli.language.paired_comparison import UNKNOWN_APART, check_comparable, difference

if TYPE_CHECKING:
    from seqcli.language.paired_comparison import Measured
    from seqcli.statistics import Difference

COLUMNS = (
    "first", "second", "measure", "units", "first_value", "second_value", "difference", "low", "high", "p",
    "first_better",
)  # fmt: skip


def compare_models(session: Session, measured: Sequence[Measured], per_character: bool) -> None:
    """Print how the first model differs from each of the others."""
    first = measured[0]
    for other in measured[1:]:
        check_comparable(first, other, per_character)
    with session.terminal.results(*COLUMNS) as out:
        for other in measured[1:]:
            found = difference(first, other, per_character)
            measure = "bits_per_character" if per_character else "nats_per_token"
            values = (found.first, found.second, found.difference, found.low, found.high, found.p, found.first_better)
            out.add(first.name, other.name, measure, found.units, *values)
            out.flush()
            session.note(_in_words(first, other, measure, found))
    _note_unknown(session, measured)


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
        session.note(f"Note: unknown tokens are cheap, and the models have different shares of them: {shown}.")
