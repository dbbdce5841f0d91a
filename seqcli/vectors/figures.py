"""The figures of word vectors on a test of word pairs or analogies: each beside its coverage and interval."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from seqcli.errors import quoted
from seqcli.vectors.evaluate import (
    Pairs,
    compare_analogies,
    compare_pairs,
    read_test,
    score_analogies,
    score_pairs,
    share_interval,
)

if TYPE_CHECKING:
    from seqcli.vectors.evaluate import Difference, Section
    from seqcli.vectors.table import Table

METHODS = {"add": "3CosAdd", "mul": "3CosMul"}
BOTH = "(covered by both)"


class Figure(NamedTuple):
    """One measure of a model on a test, or on a section of it, or of the difference of two models.

    low..high: the 95 % interval; p: the chance of such a difference between equally good models; None where undefined.
    """

    model: str
    test: str
    section: str
    measure: str
    items: int
    covered: int
    coverage: float
    value: float | None
    low: float | None
    high: float | None
    p: float | None


def figures(models: Sequence[tuple[str, Table]], path: str) -> Iterator[Figure]:
    """Yield the figures of models, by their names, on a file: each by itself, then each compared with the first."""
    from seqcli.text.reading import read_lines

    test = read_test(list(read_lines([path])), quoted(path))
    return _of_pairs(models, path, test) if isinstance(test, Pairs) else _of_analogies(models, path, test)


def _of_pairs(models: Sequence[tuple[str, Table]], path: str, pairs: Pairs) -> Iterator[Figure]:
    items = len(pairs.words)
    results = [(name, score_pairs(table, pairs)) for name, table in models]
    for name, result in results:
        numbers = (result.correlation, result.low, result.high)
        yield _figure(name, path, "", "spearman", items, result.covered, numbers)
    for name, result in results[1:]:
        found = compare_pairs(results[0][1], result, pairs)
        yield from _difference(results[0][0], name, path, "spearman", items, found)


def _of_analogies(models: Sequence[tuple[str, Table]], path: str, sections: Sequence[Section]) -> Iterator[Figure]:
    results = [(name, score_analogies(table, sections)) for name, table in models]
    for name, result in results:
        for method, measure in METHODS.items():
            rows = {s.name: (len(s.covered), int(s.covered.sum()), int(getattr(s, method).sum())) for s in result}
            items, covered, right = map(sum, zip(*rows.values(), strict=True))
            for section, row in {**rows, "(all)": (items, covered, right)}.items():
                numbers = (row[2] / row[1] if row[1] else math.nan, *share_interval(row[2], row[1]))
                yield _figure(name, path, section, measure, row[0], row[1], numbers)
    total = sum(len(section.questions) for section in sections)
    for name, result in results[1:]:
        for method, measure in METHODS.items():
            found = compare_analogies(results[0][1], result, method)
            yield from _difference(results[0][0], name, path, measure, total, found)


def _difference(first: str, second: str, path: str, measure: str, items: int, found: Difference) -> Iterator[Figure]:
    """Yield each model's figure on the items that both cover, and the difference."""
    nan = math.nan
    for name, value in ((first, found.first), (second, found.second)):
        yield _figure(name, path, BOTH, measure, items, found.items, (value, nan, nan))
    gap = (found.first - found.second, found.low, found.high)
    yield _figure(f"{first} - {second}", path, BOTH, measure, items, found.items, gap, found.p)


def _figure(
    model: str,
    test: str,
    section: str,
    measure: str,
    items: int,
    covered: int,
    numbers: tuple[float, float, float],
    p: float = math.nan,
) -> Figure:
    value, low, high, chance = (number if math.isfinite(number) else None for number in (*numbers, p))
    return Figure(model, test, section, measure, items, covered, covered / max(items, 1), value, low, high, chance)
