"""Sentences and their translations: line n of one file and line n of another, or two columns of one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from seqcli.errors import CorpusError, MisuseError
from seqcli.text.files import files_of, named
from seqcli.text.form import TEXT, Form
from seqcli.text.reading import read_cells, read_lines

HELD_OUT_MOST = 1_000  # pairs: enough for a BLEU to half a point, and an evaluation stays short


@dataclass(frozen=True)
class Pairs:
    """Sentences with their translations, both sides the same length; those with an empty side are counted, not kept."""

    source: list[str]
    target: list[str]
    lines: int  # read
    empty: int  # of them with nothing on one side or both
    sha256: str  # of what was read, the same for two files and one with two columns

    def __len__(self) -> int:
        return len(self.source)

    def __add__(self, other: Pairs) -> Pairs:
        return pairs_of([*self.source, *other.source], [*self.target, *other.target])

    @property
    def turned(self) -> Pairs:
        """The pairs in the other direction."""
        return replace(pairs_of(self.target, self.source), lines=self.lines, empty=self.empty)

    def part(self, places: Sequence[int]) -> Pairs:
        """Return some of the pairs, as a text of its own."""
        return pairs_of([self.source[i] for i in places], [self.target[i] for i in places])


def read_pairs(paths: Sequence[str], form: Form = TEXT) -> Pairs:
    """Read pairs from two files, line by line, or from one whose lines are source, TAB, target.

    Of a table or JSON lines, form says which two columns.
    Raises CorpusError, naming the first missing line, where one side is longer than the other.
    """
    files_of(paths)  # standard input can be only one of them
    if len(paths) == 1:
        sides = _columns(paths[0], replace(form, wanted=2))
    elif form.columns:
        raise MisuseError(f"--column reads pairs from one file; {len(paths)} were given.")
    elif len(paths) == 2:
        sides = list(read_lines(paths[:1], form)), list(read_lines(paths[1:], form))
        _check_lengths(paths, *map(len, sides))
    else:
        raise MisuseError(f"Pairs come from two files, or from one with two columns; {len(paths)} were given.")
    pairs = pairs_of(*sides)
    if not len(pairs):
        raise CorpusError(f"There is no pair in {named(*paths)}; give sentences with their translations.")
    return pairs


def pair_of_line(line: str, number: int) -> tuple[str, str] | None:
    """Return the source and the translation of a line, None of an empty one. Raises CorpusError for another kind."""
    sides = line.split("\t")
    if not line.strip():
        return None
    if len(sides) != 2 or not all(side.strip() for side in sides):
        raise CorpusError(f"Line {number} is no pair; give source, TAB, translation on every line.")
    return sides[0], sides[1]


def pairs_of(source: Sequence[str], target: Sequence[str]) -> Pairs:
    """Return pairs from two sides of the same length; those with an empty side are left out."""
    digest = hashlib.sha256()
    for one, other in zip(source, target, strict=True):
        digest.update(f"{one}\t{other}\n".encode())
    kept = [(one, other) for one, other in zip(source, target, strict=True) if one.strip() and other.strip()]
    return Pairs(
        [one for one, _ in kept], [other for _, other in kept], len(source), len(source) - len(kept), digest.hexdigest()
    )


def cut_held_out(pairs: Pairs, share: float) -> tuple[Pairs, Pairs]:
    """Return (training part, held-out part): a share of the pairs, spread evenly over all, at most 1,000."""
    count = min(max(round(len(pairs) * share), 1), HELD_OUT_MOST)
    if len(pairs) < 2:
        raise CorpusError("Nothing is left to hold out of one pair; give more pairs, or two files with --valid.")
    held = [(2 * k + 1) * len(pairs) // (2 * count) for k in range(count)]
    kept = set(range(len(pairs))).difference(held)
    return pairs.part(sorted(kept)), pairs.part(held)


def _columns(path: str, form: Form) -> tuple[list[str], list[str]]:
    source, target = [], []
    if form.columns:
        if len(form.columns) != form.wanted:
            raise MisuseError("A pair is two columns; give --column SOURCE --column TARGET.")
        for one, other in read_cells(path, form):
            source.append(" ".join(one.split("\n")))
            target.append(" ".join(other.split("\n")))
        return source, target
    for number, line in enumerate(read_lines([path], form), 1):
        columns = line.split("\t")
        if len(columns) != 2 and line.strip():
            raise CorpusError(
                f"{named(path)}, line {number}: {len(columns)} columns, expected 2: source, TAB, target; "
                "name two files, or mend the line."
            )
        source.append(columns[0])
        target.append(columns[1] if len(columns) == 2 else "")
    return source, target


def _check_lengths(paths: Sequence[str], source: int, target: int) -> None:
    if source != target:
        short, line = named(paths[0] if source < target else paths[1]), min(source, target) + 1
        raise CorpusError(
            f"{named(paths[0])} has {source:,} lines and {named(paths[1])} has {target:,}: line {line:,} is missing in "
            f"{short}; give files whose lines are pairs."
        )
