"""Words that a writer says are right: those of --words FILE, and of `seqcli.words` beside a text."""

from __future__ import annotations

import os
from collections.abc import Iterable

from seqcli.errors import CorpusError, quoted

BESIDE = "seqcli.words"
MOST = 1 << 24  # bytes: a list of words is no corpus


def accepted_words(files: Iterable[str], texts: Iterable[str] = ()) -> frozenset[str]:
    """Return the accepted words in lower case: a word a line, or several; what stands behind # is a remark.

    files: must be there. texts: paths, beside which seqcli.words is read where it is there, or in a folder above it.
    Raises CorpusError.
    """
    found = set[str]()
    for path in [*files, *dict.fromkeys(one for text in texts for one in _beside(text))]:
        found.update(_words(path))
    return frozenset(found)


def _beside(text: str) -> list[str]:
    """Return the lists of words that belong to a text: beside it, and in the folders above it in its git work tree."""
    folder = os.getcwd() if text == "-" else os.path.dirname(os.path.abspath(text))
    above = [folder]
    while not os.path.exists(os.path.join(above[-1], ".git")):
        parent = os.path.dirname(above[-1])
        if parent == above[-1]:
            above = above[:1]  # no work tree: only what lies beside the text is the text's
            break
        above.append(parent)
    paths = (os.path.join(one, BESIDE) for one in above)
    return [path for path in paths if os.path.isfile(path)]


def _words(path: str) -> set[str]:
    try:
        with open(path, "rb") as stream:
            data = stream.read(MOST + 1)
    except OSError as error:
        raise CorpusError(f"Cannot read {quoted(path)}: {error.strerror or error}; check the path.") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{quoted(path)}, byte {error.start}: not utf-8; a list of words is a text file.") from error
    if len(data) > MOST or "\0" in text:
        raise CorpusError(f"{quoted(path)} is no list of words; give a word a line.")
    return {word.lower() for line in text.splitlines() for word in line.split("#")[0].split()}
