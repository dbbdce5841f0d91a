"""The words that a command asks about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seqcli.cli.inputs import batches_of_texts


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
