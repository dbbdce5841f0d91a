"""Texts as they are on disk, every character of them kept, and written back whole or not at all."""

from __future__ import annotations

import errno
import glob
import os
import stat
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from seqcli.errors import CorpusError, MisuseError, ModelError, quoted
from seqcli.store.files import discard, explained, stage
from seqcli.text.encodings import likely_encoding
from seqcli.text.file_kinds import binary_kind, is_wide
from seqcli.text.files import COMPRESSED, files_of, named
from seqcli.text.form import PLAIN, Form
from seqcli.text.sources import first_of_pipe, is_pipe, open_source

LARGEST = 1 << 28  # bytes: a text of 50 million words; its evidence must fit into memory beside it
_GLOB = "*?["
PROSE = (".txt", ".text", ".md", ".markdown", ".rst", ".tex", ".ltx", ".adoc", ".org", "")  # names of texts


def text_files(paths: Sequence[str], form: Form = PLAIN) -> list[str]:
    """Return the files that are named: folders opened, patterns such as *.md filled in, "-" kept.

    Raises CorpusError for a pattern that fits nothing.
    """
    found: list[str] = []
    for path in paths:
        if path != "-" and set(path) & set(_GLOB) and not os.path.exists(path):
            some = sorted(one for one in glob.glob(path, recursive=True) if os.path.isfile(one))
            if not some:
                raise CorpusError(f"No file fits {quoted(path)}; check the pattern.")
            found += some
        else:
            found.append(path)
    skipped = Counter[str]()
    files = files_of(list(dict.fromkeys(found)), replace(form, documents=False), skipped)
    if skipped:
        form.note(f"Note: {skipped.total():,} files in {named(*paths)} are passed over: they are no text.")
    return files


def read_text(path: str) -> str:
    """Return a text as it is written, every character of it. Raises CorpusError for bytes that are no UTF-8 text."""
    where = named(path)
    if path.endswith(COMPRESSED):
        raise CorpusError(f"{where} is compressed; unpack it first, and proofread what is in it.")
    try:
        data = _standard_input() if path == "-" else _bytes(path)
    except OSError as error:
        raise CorpusError(f"Cannot read {where}: {error.strerror or error}; check the path.") from error
    if len(data) > LARGEST:
        raise CorpusError(f"{where} has over {LARGEST >> 20} MB; proofread it in parts.")
    if (kind := binary_kind(data[:1024])) or is_wide(data[:1024]) or 0 in data[:4096]:
        what = f" ({kind.split(';')[0]})" if kind else ""
        raise CorpusError(f"{where} looks binary{what}; give a text file in UTF-8.")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        near = likely_encoding(data, error.start)
        step = f"convert it: iconv -f {near} -t utf-8" if near else "look at that place"
        raise CorpusError(f"{where}, line {line}, byte {error.start}: not utf-8 text; {step}.") from error


def _bytes(path: str) -> bytes:
    with open(open_source(path), "rb", buffering=0) as stream:
        first = first_of_pipe(stream.fileno(), path) if is_pipe(stream.fileno()) else b""
        return first + (stream.read(LARGEST + 1) if not first else _rest(stream.fileno()))


def _rest(descriptor: int) -> bytes:
    parts, size = [], 0
    while size <= LARGEST and (part := os.read(descriptor, 1 << 20)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _standard_input() -> bytes:
    if sys.stdin is None or sys.stdin.closed:
        raise CorpusError("Standard input is closed; name a file, or pipe a text in.")
    if sys.stdin.isatty():
        raise MisuseError("There is nothing to proofread; name files, or pipe a text in.")
    return _rest(sys.stdin.fileno())


def write_text(path: str, before: str, after: str) -> None:
    """Write a corrected text in place of the one that was read, with its permissions, whole or not at all.

    A link stays one: what it leads to is replaced. Raises ModelError, and where the text is no longer what was read.
    """
    target = os.path.realpath(path)
    with explained("write", path, "file"):
        folder, name = os.path.split(target)
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            mode = os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode
            if not stat.S_ISREG(mode):
                raise OSError(errno.EINVAL, "not a regular file")
            if not os.access(target, os.W_OK):
                raise PermissionError(errno.EACCES, "not writable")
            if _bytes(target) != before.encode():
                raise ModelError(f"{quoted(path)} changed while it was read; nothing was written, run it again.")
            _put(directory, name, after.encode(), stat.S_IMODE(mode))
            os.fsync(directory)
        finally:
            os.close(directory)


def _put(directory: int, name: str, data: bytes, mode: int) -> None:
    """Put a file in the place of one, with its permissions from the first moment that it is there."""
    temporary = stage(directory, [data])
    try:
        os.chmod(temporary, mode, dir_fd=directory)
        os.rename(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
    except BaseException:
        discard(directory, temporary)
        raise


def is_prose(path: str) -> bool:
    """Return whether a file's name is one of a text, not of a program or of data."""
    return os.path.splitext(path)[1].lower() in PROSE
