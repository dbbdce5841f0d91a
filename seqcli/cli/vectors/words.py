"""The words that a command asks about: which are known, and what is said of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from seqcli.cli.inputs import batches_of_texts
from seqcli.cli.session import Session
from seqcli.errors import MisuseError, ModelError, SeqcliError, quoted

if TYPE_CHECKING:
    from seqcli.vectors.answers import WordVectors

Asked = TypeVar("Asked")
Parsed = TypeVar("Parsed")
EXPLAINED = 10  # unknown words of a line: what is spelled like one is searched for among all words


def are_lines(words: Sequence[str], file: str | None) -> bool:
    """Return whether questions are the lines of a file or pipe: of those a bad one is noted, and passed over."""
    return not words or list(words) == ["-"] or file is not None


def words_of_argument(words: Sequence[str], file: str | None) -> Iterator[list[str]]:
    """Yield the texts to answer: each argument is one, and so is each line of a file or pipe."""
    if not are_lines(words, file):
        yield list(words)
        return
    for texts in batches_of_texts(words, file):
        yield [text.strip() for text in texts]


def known_words(session: Session, vectors: WordVectors, words: Sequence[str], piped: bool) -> list[str]:
    """Return the words that have a vector, each once; of the others a pipe hears in a note, an argument is refused."""
    known, unknown = _told_apart(session, vectors, words, piped, EXPLAINED)
    for error in map(vectors.unknown, unknown[:EXPLAINED]):
        _refuse(session, piped, error)
    if len(unknown) > EXPLAINED:
        session.note(f"Note: {len(unknown) - EXPLAINED:,} more words of the line are unknown.")
    return known


def answerable(
    session: Session, vectors: WordVectors, words: Sequence[str], piped: bool
) -> tuple[list[str], ModelError | None]:
    """Return the words that have a vector, and what is to be raised, once they are answered, of arguments with none.

    Raises it at once where no word can be answered.
    """
    known, unknown = _told_apart(session, vectors, words, piped)
    errors: list[ModelError] = [vectors.unknown(word) for word in unknown]
    if piped or len(errors) > 1:
        for error in errors:
            session.note(f"Note: {error}")
    if piped or not errors:
        return known, None
    total = len(known) + len(errors)
    many = ModelError(f"{len(errors)} of {total} words have no vector in {quoted(vectors.name)}; give others for them.")
    failed = many if len(errors) > 1 else errors[0]
    if not known:
        raise failed
    return known, failed


def _told_apart(
    session: Session, vectors: WordVectors, words: Sequence[str], piped: bool, explained: int | None = None
) -> tuple[list[str], list[str]]:
    """Return the words that have a vector and those that have none, each once.

    explained: of how many at most is said that their vectors are made of n-grams.
    """
    known, unknown, made = [], [], []
    for word in dict.fromkeys(words):
        if not word:
            if not piped:
                vectors.check(word)
        elif word in vectors:
            known.append(word)
            if not vectors.has_row(word):
                made.append(word)
        else:
            unknown.append(word)
    said = made[:explained]
    for error in map(vectors.unknown, said):
        session.note(f"Note: {error} Its vector is the mean of its n-grams' vectors.")
    if len(said) < len(made):
        session.note(f"Note: so are the vectors of {len(made) - len(said):,} more words of the line.")
    return known, unknown


def parsed(session: Session, piped: bool, asked: Asked, parse: Callable[[Asked], Parsed]) -> Parsed | None:
    """Return what a line parses to, None for a bad one of a file or pipe, which a note tells."""
    try:
        return parse(asked)
    except (MisuseError, ModelError) as error:
        _refuse(session, piped, error)
        return None


def _refuse(session: Session, piped: bool, error: SeqcliError) -> None:
    """Raise an error about an argument; say a note about a line of a file or pipe, which is answered on."""
    if not piped:
        raise error
    session.note(f"Note: {error}")
