"""Texts to be answered: the words of the command line, a file, or a pipe, as batches of lines in order."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from seqcli.cli.options import option
from seqcli.cli.session import Session
from seqcli.errors import CorpusError, MisuseError, quoted

BATCH = 64  # lines answered side by side: enough for matrix products, few enough to answer soon
READ = 1 << 16  # bytes asked for at a time; what is there is taken, so that a line is answered when it comes
LONGEST_LINE = 1 << 20  # bytes: longer is no prompt


def input_options(command: Any) -> Any:
    """Add --file, for texts that stand in a file, one a line."""
    return option("-f", "--file", metavar="FILE", help="Answer every line of this file.")(command)


def note_joined(session: Session, words: Sequence[str]) -> None:
    """Say that arguments were read as one text where each may have been meant as one: some of them hold spaces."""
    if len(words) > 1 and any(len(word.split()) > 1 for word in words):
        whole = quoted(" ".join(words))
        session.note(
            f"Note: the {len(words)} arguments are read as one text, {whole}; for an answer to each, give lines: "
            "--file, or a pipe."
        )


def batches_of_texts(words: Sequence[str], file: str | None, size: int = BATCH) -> Iterator[list[str]]:
    """Yield the texts to answer: the words joined, the lines of a file, or those of standard input ("-", or a pipe).

    size: of a batch at most. Raises MisuseError where there is nothing to answer.
    """
    if file is not None and words:
        raise MisuseError("Give words or --file, not both.")
    if words and list(words) != ["-"]:
        yield [" ".join(words)]
    elif file is not None and file != "-":
        from seqcli.text.files import DOCUMENTS, refuse_url
        from seqcli.text.sources import first_of_pipe, is_pipe, open_source

        refuse_url(file)
        if file.lower().endswith(DOCUMENTS):
            yield from _batches_of_document(file, size)
            return
        try:
            with open(open_source(file), "rb", buffering=0) as stream:
                first = first_of_pipe(stream.fileno(), file) if is_pipe(stream.fileno()) else b""
                yield from _batches(stream.fileno(), quoted(file), size, first)
        except OSError as error:
            raise CorpusError(f"Cannot read {quoted(file)}: {error.strerror or error}; check the path.") from error
    else:
        if sys.stdin is None or sys.stdin.closed:
            raise CorpusError("Standard input is closed; give words, a file or a pipe.")
        if sys.stdin.isatty():
            raise MisuseError("There is nothing to answer; give words, --file FILE, or a pipe.")
        yield from _batches(sys.stdin.fileno(), "Standard input", size)


def _batches_of_document(file: str, size: int) -> Iterator[list[str]]:
    """Yield the lines of a document's text."""
    from itertools import islice

    from seqcli.text.form import TEXT
    from seqcli.text.reading import read_lines

    lines = read_lines([file], TEXT)
    while some := list(islice(lines, size)):
        yield some


def _batches(descriptor: int, where: str, size: int, raw: bytes = b"") -> Iterator[list[str]]:
    """Yield the lines that have come, up to `size` of them; bytes that are not UTF-8 are replaced.

    raw: what was read before.
    """
    rest = b""
    while raw := raw or os.read(descriptor, READ):
        *lines, rest = (rest + raw).split(b"\n")
        if len(rest) > LONGEST_LINE:
            raise CorpusError(f"{where} has a line of over {LONGEST_LINE >> 20} MB; break it up.")
        for i in range(0, len(lines), size):
            yield [_text(line) for line in lines[i : i + size]]
        raw = b""
    if rest:
        yield [_text(rest)]


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode(errors="replace")
