"""How good vectors are: word pairs against people's scores, analogies by section, and one model against another.

No figure stands without its coverage: a word that the model does not know is neither right nor wrong.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import CorpusError, quoted
from seqcli.vectors.table import EPSILON, Table

Doubles = NDArray[np.float64]

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_NUMBER_BEGINS = re.compile(r"[+-]?\.?\d")  # in any script
CONFIDENCE = 1.959963985  # standard deviations to either side: 95 %
RESAMPLES = 2000  # of a paired test: the p-value's own error is then below 0.01
COLUMNS = 16_384  # words of the table compared at once
QUESTIONS = 256  # analogies answered at once: 16 MB of scores


@dataclass(frozen=True)
class Pairs:
    """Word pairs and the scores that people gave them."""

    words: list[tuple[str, str]]
    scores: Doubles


@dataclass(frozen=True)
class PairResult:
    """A model's similarities of word pairs, nan where a word is unknown, and their rank correlation with the scores.

    low..high: the 95 % confidence interval, nan below four covered pairs.
    """

    similarities: Doubles
    correlation: float
    low: float
    high: float

    @property
    def covered(self) -> int:
        """How many pairs have two known words."""
        return int(np.isfinite(self.similarities).sum())


@dataclass(frozen=True)
class Section:
    """Analogies of one kind, each of four words: the first is to the second as the third is to the fourth."""

    name: str
    questions: list[tuple[str, str, str, str]]


@dataclass(frozen=True)
class SectionResult:
    """Which analogies of a section are covered, and which of those 3CosAdd (add) and 3CosMul (mul) solve."""

    name: str
    covered: NDArray[np.bool_]
    add: NDArray[np.bool_]
    mul: NDArray[np.bool_]


@dataclass(frozen=True)
class Difference:
    """A figure of two models on the items that both cover, the 95 % interval of A less B, and how surprising it is.

    p: the chance of a difference at least as large, were the two models as good as each other.
    """

    items: int
    first: float
    second: float
    low: float
    high: float
    p: float


def read_test(lines: Sequence[str], where: str) -> Pairs | list[Section]:
    """Return word pairs, or analogies: a section's name or four words in the first line tell them. Raises CorpusError.

    where: what a message calls the lines.
    """
    first = next((line.split() for line in lines if line.strip()), [])
    analogies = first and (first[0].startswith(":") or (len(first) == 4 and _number(first[3]) is None))
    return read_analogies(lines, where) if analogies else read_pairs(lines, where)


def read_pairs(lines: Iterable[str], where: str) -> Pairs:
    """Return word pairs: two words and a score a line, apart by tabs, commas or spaces; one title line may stand first.

    Raises CorpusError naming the line.
    """
    words: list[tuple[str, str]] = []
    scores: list[float] = []
    begun = False
    for number, line in enumerate(lines, 1):
        fields = _fields(line)
        if not fields or fields[0].startswith("#"):
            continue
        score = _number(fields[2]) if len(fields) >= 3 else None
        if score is None and not begun and len(fields) >= 3 and not _NUMBER_BEGINS.match(fields[2]):
            begun = True  # the title line
            continue
        if score is None:
            what = f"{quoted(line)} is not two words and a score such as 7.5"
            raise CorpusError(f"{where}, line {number}: {what}; mend the file.")
        begun = True
        words.append((fields[0], fields[1]))
        scores.append(score)
    if not words:
        raise CorpusError(f"{where} holds no word pairs; give two words and a score a line.")
    return Pairs(words, np.array(scores))


def _fields(line: str) -> list[str]:
    """Return what stands in a line, apart by tabs, else commas, else white space: by the first that makes three of it.

    None of it where the line could be read in two ways: a,b,7,5 has a decimal comma, or a column more.
    """
    if line.count("\t") >= 2:
        return [field.strip() for field in line.split("\t")]
    fields = [field.strip() for field in line.split(",")]
    if len(fields) < 3:
        return [field.strip(",") for field in line.split()]
    decimal_comma = len(fields) == 4 and fields[2].isdigit() and fields[3].isdigit()
    several_words = any(" " in field for field in fields[:2]) and _NUMBER_BEGINS.match(fields[2])
    return [line] if decimal_comma or several_words else fields


def read_analogies(lines: Iterable[str], where: str) -> list[Section]:
    """Return the sections of an analogy file: ": name" begins one, four words a line. Raises CorpusError."""
    sections: list[Section] = []
    for number, line in enumerate(lines, 1):
        fields = line.split()
        if not fields:
            continue
        if fields[0].startswith(":"):
            sections.append(Section(line.strip()[1:].strip() or "(no name)", []))
        elif len(fields) == 4:
            if not sections:
                sections.append(Section("(no name)", []))
            sections[-1].questions.append((fields[0], fields[1], fields[2], fields[3]))
        else:
            raise CorpusError(f"{where}, line {number}: {quoted(line)} is not four words; mend the file.")
    if not any(section.questions for section in sections):
        raise CorpusError(f"{where} holds no analogies; give four words a line.")
    return sections


def score_pairs(table: Table, pairs: Pairs) -> PairResult:
    """Measure a table on word pairs."""
    similarities = np.full(len(pairs.words), np.nan)
    for at, (first, second) in enumerate(pairs.words):
        if table.row(first) is not None and table.row(second) is not None:
            similarities[at] = table.similarity(first, second)
    known = np.isfinite(similarities)
    correlation = spearman(similarities[known], pairs.scores[known])
    return PairResult(similarities, correlation, *_interval(correlation, int(known.sum())))


def spearman(first: Doubles, second: Doubles) -> float:
    """Return the rank correlation, equal values sharing their mean rank; nan where it is not defined."""
    if len(first) < 2:
        return math.nan
    return float(_pearson(ranks(first), ranks(second)))


def ranks(values: Doubles) -> Doubles:
    """Return the ranks from 1; equal values have the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    shared: Doubles = ((last - counts + 1 + last) / 2)[place]
    return shared


def compare_pairs(first: PairResult, second: PairResult, pairs: Pairs, seed: int = 1) -> Difference:
    """Compare two models on the pairs that both cover.

    The interval comes from pairs drawn anew (paired bootstrap), p from swapping the two models' ranks pair by pair.
    """
    both = np.isfinite(first.similarities) & np.isfinite(second.similarities)
    a, b, people = first.similarities[both], second.similarities[both], pairs.scores[both]
    items = len(people)
    if items < 4:
        return Difference(items, math.nan, math.nan, math.nan, math.nan, math.nan)
    random = np.random.default_rng(seed)
    found = spearman(a, people) - spearman(b, people)
    drawn = [random.integers(0, items, items) for _ in range(RESAMPLES)]
    spread = [spearman(a[i], people[i]) - spearman(b[i], people[i]) for i in drawn]
    low, high = np.nanpercentile(spread, (2.5, 97.5))
    ranked_a, ranked_b, ranked = ranks(a), ranks(b), ranks(people)
    swap = random.integers(0, 2, (RESAMPLES, items)).astype(bool)
    one, other = np.where(swap, ranked_b, ranked_a), np.where(swap, ranked_a, ranked_b)
    chance = _pearson(one, ranked) - _pearson(other, ranked)
    p = (1 + int((np.abs(chance) >= abs(found) - 1e-12).sum())) / (1 + RESAMPLES)
    return Difference(items, spearman(a, people), spearman(b, people), float(low), float(high), p)


def score_analogies(table: Table, sections: Iterable[Section]) -> list[SectionResult]:
    """Answer every analogy whose four words are known; the three given words cannot be the answer."""
    return [_section(table, section) for section in sections]


def compare_analogies(first: list[SectionResult], second: list[SectionResult], method: str) -> Difference:
    """Compare two models on the analogies that both cover; p is McNemar's, exact."""
    both = np.concatenate([a.covered & b.covered for a, b in zip(first, second, strict=True)])
    a = np.concatenate([getattr(result, method) for result in first])[both]
    b = np.concatenate([getattr(result, method) for result in second])[both]
    items = len(a)
    if not items:
        return Difference(0, math.nan, math.nan, math.nan, math.nan, math.nan)
    won, lost = int((a & ~b).sum()), int((b & ~a).sum())
    gap = (won - lost) / items
    deviation = math.sqrt(max((won + lost) / items - gap * gap, 0) / items)
    low, high = gap - CONFIDENCE * deviation, gap + CONFIDENCE * deviation
    return Difference(items, float(a.mean()), float(b.mean()), low, high, _sign_test(won, lost))


def share_interval(right: int, items: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share. Source: Wilson 1927."""
    if not items:
        return math.nan, math.nan
    share, square = right / items, CONFIDENCE**2
    middle = (share + square / (2 * items)) / (1 + square / items)
    half = CONFIDENCE * math.sqrt(share * (1 - share) / items + square / (4 * items**2)) / (1 + square / items)
    return middle - half, middle + half


def _section(table: Table, section: Section) -> SectionResult:
    asked = [[table.row(word) for word in question] for question in section.questions]
    covered = np.array([None not in rows for rows in asked], bool)
    known = np.array([rows for rows in asked if None not in rows], np.int64).reshape(-1, 4)
    add, mul = np.zeros(len(asked), bool), np.zeros(len(asked), bool)
    answers = _answers(table, known)
    add[covered], mul[covered] = answers[0] == known[:, 3], answers[1] == known[:, 3]
    return SectionResult(section.name, covered, add, mul)


def _answers(table: Table, known: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows that 3CosAdd and 3CosMul answer to questions [Q, 4]. -> [2, Q]"""
    used, places = np.unique(known[:, :3], return_inverse=True)
    places = places.reshape(-1, 3)
    units = table.matrix[used] / table.lengths[used, None]
    best = np.full((2, len(known)), -np.inf, np.float32)
    answers = np.full((2, len(known)), -1, np.int64)
    for start in range(0, len(table), COLUMNS):
        stop = min(start + COLUMNS, len(table))
        near = units @ table.matrix[start:stop].T / table.lengths[start:stop]  # [used, columns]
        shifted = (near + 1) / 2
        for first in range(0, len(known), QUESTIONS):
            some = slice(first, first + QUESTIONS)
            a, b, c = places[some].T
            given = known[some, :3] - start
            scores = (near[b] - near[a] + near[c], shifted[b] * shifted[c] / (shifted[a] + np.float32(EPSILON)))
            for method, score in enumerate(scores):
                _take_best(score, given, best[method, some], answers[method, some], start)
    return answers


def _take_best(
    scores: NDArray[np.float32],
    given: NDArray[np.int64],
    best: NDArray[np.float32],
    answers: NDArray[np.int64],
    start: int,
) -> None:
    """Replace, in place, the best answers so far where scores [Q, columns] have a better one that was not given."""
    question, column = np.nonzero((given >= 0) & (given < scores.shape[1]))
    scores[question, given[question, column]] = -np.inf
    top = scores.argmax(axis=1)
    value = scores[np.arange(len(scores)), top]
    better = value > best
    best[better], answers[better] = value[better], top[better] + start


def _pearson(first: Doubles, second: Doubles) -> Doubles:
    """Return the correlation along the last axis, nan where one side does not vary."""
    a = first - first.mean(axis=-1, keepdims=True)
    b = second - second.mean(axis=-1, keepdims=True)
    norm = np.sqrt((a * a).sum(axis=-1) * (b * b).sum(axis=-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        out: Doubles = (a * b).sum(axis=-1) / norm
    return out


def _interval(correlation: float, items: int) -> tuple[float, float]:
    """Return the 95 % interval of a rank correlation. Source: Bonett and Wright 2000, eq. 3."""
    if items < 4 or not math.isfinite(correlation):
        return math.nan, math.nan
    if abs(correlation) >= 1:
        return correlation, correlation
    half = CONFIDENCE * math.sqrt((1 + correlation**2 / 2) / (items - 3))
    return math.tanh(math.atanh(correlation) - half), math.tanh(math.atanh(correlation) + half)


def _sign_test(won: int, lost: int) -> float:
    """Return the two-sided chance of a split at least as uneven as this among won + lost fair coins."""
    tosses, fewer = won + lost, min(won, lost)
    logs = [math.lgamma(tosses + 1) - math.lgamma(i + 1) - math.lgamma(tosses - i + 1) for i in range(fewer + 1)]
    return min(1.0, 2 * math.fsum(math.exp(log - tosses * math.log(2)) for log in logs))


def _number(text: str) -> float | None:
    """Return a finite number in plain digits with a decimal point, None for whatever else float() would take."""
    value = float(text) if _NUMBER.fullmatch(text) else math.inf
    return value if math.isfinite(value) else None
