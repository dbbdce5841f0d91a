"""One text or many: what is asked decides what comes back, a list for a list and an iterator for an iterator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from seqcli.errors import MisuseError, quoted

Answer = TypeVar("Answer")
TOGETHER = 64  # texts answered side by side: enough for matrix products


def answered(
    asked: str | Iterable[str],
    answer: Callable[[Sequence[str]], Sequence[Answer]],
    size: int = TOGETHER,
) -> Any:
    """Answer one text by an answer, the texts of an iterator by an iterator, and those of anything else by a list.

    answer: gives one answer for each text of some; size: how many it is given at a time. An iterator is read that far
    ahead of what is taken. Raises MisuseError for what is no text.
    """
    if isinstance(asked, str):
        return answer([asked])[0]
    if not isinstance(asked, Iterable):
        raise MisuseError(f"{quoted(asked)} is no text; give a string, or several.")
    answers = _each(iter(asked), answer, size)
    return answers if isinstance(asked, Iterator) else list(answers)


def _each(texts: Iterator[str], answer: Callable[[Sequence[str]], Sequence[Answer]], size: int) -> Iterator[Answer]:
    while some := list(islice(texts, size)):
        for text in some:
            if not isinstance(text, str):
                raise MisuseError(f"{quoted(text)} is no text; give strings.")
        yield from answer(some)
