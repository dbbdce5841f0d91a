"""What is asked of word vectors, as it is written in a line: sums of words, pairs, the words to look among."""

from __future__ import annotations

import os

from seqcli.errors import CorpusError, MisuseError, ModelError, quoted


def signed_words(text: str) -> tuple[list[str], list[str]]:
    """Return the words of an analogy that are added and those subtracted: king - man + woman.

    Raises MisuseError for another kind of line.
    """
    parts: tuple[list[str], list[str]] = ([], [])
    sign, expecting = 0, True
    for field in text.split():
        if field in ("+", "-"):
            if expecting and any(parts):
                break
            sign, expecting = int(field == "-"), True
        elif expecting:
            parts[sign].append(field)
            expecting = False
        else:
            expecting = True
            break
    if expecting or not any(parts):
        raise MisuseError(f"{quoted(text)} is no analogy; write words with + or - between: king - man + woman")
    return parts


def two_words(text: str) -> tuple[str, str]:
    """Return the two words of a line, apart by a tab or spaces. Raises ModelError for another kind of line."""
    pair = text.split("\t")[:2] if "\t" in text else text.split()
    if len(pair) != 2:
        raise ModelError(f"{quoted(text)} is not two words; give other words.")
    return pair[0], pair[1]


def two_sentences(text: str) -> tuple[str, str]:
    """Return the two sentences of a line, apart by a tab. Raises ModelError for another kind of line."""
    pair = text.split("\t")
    if len(pair) != 2:
        raise ModelError(f"{quoted(text)} is not two sentences apart by a tab; give other words.")
    return pair[0], pair[1]


def listed_words(among: str) -> list[str]:
    """Return the words of a file, a word a line, or those that stand there, apart by commas. Raises CorpusError."""
    if not os.path.isfile(among):
        return [word.strip() for word in among.split(",")]
    try:
        with open(among, encoding="utf-8", errors="replace") as stream:
            return [line.strip() for line in stream]
    except OSError as error:
        raise CorpusError(f"Cannot read {quoted(among)}: {error.strerror}; check the path.") from error
