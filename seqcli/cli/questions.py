"""The loop over questions: a model opened once there is something to ask, and every answer written at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from seqcli.cli.session import Session

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results

Q = TypeVar("Q")
M = TypeVar("M")


def answer_each(
    session: Session,
    columns: Sequence[str],
    batches: Iterable[Sequence[Q]],
    opened: Callable[[], M],
    add: Callable[[Results, M, Sequence[Q], int], None],
) -> M | None:
    """Write the records of every batch of questions, and let a reader have them before the next batch is waited for.

    opened: gives what answers. add: writes the records of a batch, and is told the number of its first question, from
    1. -> what answered, None where nothing was asked
    """
    model: M | None = None
    number = 1
    with session.terminal.results(*columns) as out:
        for batch in batches:
            model = opened() if model is None else model
            add(out, model, batch, number)
            out.flush()
            number += len(batch)
    return model


def add_numbered(out: Results, question: Any, answers: Iterable[Sequence[Any]]) -> None:
    """Write a record for each answer to a question, numbered from 1; one that is empty where there is none."""
    number = 0
    for number, answer in enumerate(answers, 1):
        out.add(question, number, *answer)
    if not number:
        add_empty(out, question)


def add_empty(out: Results, question: Any) -> None:
    """Write the record of a question that has no answer."""
    out.add(question, *[None] * (len(out.columns) - 1))
