"""What a report tells of a model, before it is a page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seqcli.text.content_words import content_rows
from seqcli.text.reading import read_lines
from seqcli.text.tokens import shown

if TYPE_CHECKING:
    from seqcli.text.form import Form

LOOKED = 2_000  # of a vocabulary's tokens, the commonest


@dataclass(frozen=True)
class Answers:
    """What a model said, unedited: a table of it, and the command that says the same.

    remark: what a reader must know to judge it. pictures: in SVG, each with what it shows in words.
    """

    title: str
    command: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    remark: str = ""
    pictures: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Asked:
    """What the models of a report are asked.

    texts: prompts, words, sources ... as --ask gave them; empty: each kind of model has some of its own. test: the
    files of a text that they never learned from.
    """

    texts: tuple[str, ...] = ()
    test: tuple[str, ...] = ()


def spread(items: Sequence[Any], count: int) -> list[Any]:
    """Return some items, evenly spread over all."""
    step = max(len(items) / count, 1.0) if count else 1.0
    return [items[int(i * step)] for i in range(min(count, len(items)))]


def lines_of(asked: Asked, form: Form, count: int) -> list[str]:
    """Return some lines of the test text, evenly spread; none without one."""
    return spread([line for line in read_lines(asked.test, form) if line.strip()], count) if asked.test else []


def content_words(tokens: Sequence[str], count: int) -> list[str]:
    """Return common words that mean something. tokens: a vocabulary's, the commonest first."""
    some = tokens[:LOOKED]
    return [shown(some[row]) for row in content_rows(some, count)]


def percent(share: float) -> str:
    """Return a share as a person reads it."""
    return f"{share:.1%}" if share >= 0.0005 or share == 0 else "< 0.1%"


def likelihoods(answers: Sequence[tuple[str, float]]) -> str:
    """Return words with their probabilities in one line."""
    return ", ".join(f"{word or '␣'} {percent(probability)}" for word, probability in answers)


def bits(nats: float) -> float:
    """Return nats as bits."""
    return nats / math.log(2)
