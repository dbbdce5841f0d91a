"""The words that a command asks about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seqcli.cli.inputs import batches_of_texts


def words_of_argument(words: Sequence[str], file: str | None) -> Iterator[tuple[list[str], bool]]:
    """Yield (texts to answer, whether they came from a file or pipe): each argument is one, and so is each line."""
    if words and list(words) != ["-"] and file is None:
        yield list(words), False
        return
    for texts in batches_of_texts(words, file):
        yield [text.strip() for text in texts], True
