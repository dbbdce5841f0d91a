"""The word vectors that a command asks, and how each line of a question is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from seqcli.cli.options import option
from seqcli.cli.questions import add_empty, answer_each
from seqcli.cli.session import Session
from seqcli.cli.vectors.words import answerable, are_lines, words_of_argument

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.errors import ModelError
    from seqcli.vectors.answers import Neighbor, WordVectors

RANKED = ("rank", "neighbor", "similarity")

among_option = option("--among", metavar="WORDS", help="Only these: a file, a word a line, or words apart by commas.")


def asked_vectors(session: Session, model: str | None) -> WordVectors:
    """Return the word vectors of the shelf by a name, and note where they know few words."""
    from seqcli.vectors.answers import open_vectors
    from seqcli.vectors.load import few_words

    vectors = open_vectors(session, model)
    if (said := few_words(vectors.record)) is not None:
        session.note(said)
    return vectors


def answer_lines(
    session: Session,
    columns: Sequence[str],
    words: tuple[str, ...],
    file: str | None,
    answer: Callable[[str, bool], Iterable[tuple[Any, ...]]],
    between: str = " ",
) -> None:
    """Write the records of every question; arguments are one. answer: is told whether it is a line of a file."""
    piped = are_lines(words, file)

    def add(out: Results, answer: Callable[[str, bool], Any], texts: Sequence[str], first: int) -> None:
        for text in texts:
            for record in answer(text, piped):
                out.add(*record)

    whole = (between.join(words),) if words else ()
    answer_each(session, columns, words_of_argument(whole, file), lambda: answer, add)


def answer_words(
    session: Session,
    columns: Sequence[str],
    words: tuple[str, ...],
    file: str | None,
    vectors: WordVectors,
    answer: Callable[[list[str]], Iterable[Iterable[tuple[Any, ...]]]],
) -> None:
    """Write the records of each word; each argument is one. answer: gives those of every known word.

    Of a file or pipe each line is told of, known or not; of arguments the unknown are refused when others are answered.
    """
    piped = are_lines(words, file)
    failed: ModelError | None = None

    def add(out: Results, vectors: WordVectors, texts: Sequence[str], first: int) -> None:
        nonlocal failed
        known, failed = answerable(session, vectors, texts, piped)
        found = {word: list(records) for word, records in zip(known, answer(known), strict=True)}
        for text in texts:
            if text in found:
                for record in found[text]:
                    out.add(*record)
            elif piped:
                add_empty(out, text)

    answer_each(session, columns, words_of_argument(words, file), lambda: vectors, add)
    if failed:
        raise failed


def ranked(text: str, found: list[Neighbor] | None) -> Iterator[tuple[Any, ...]]:
    """Yield the records of what was found, numbered, an empty one where there was nothing to find."""
    if found is None:
        yield text, None, None, None
    for rank, near in enumerate(found or (), 1):
        yield text, rank, *near
