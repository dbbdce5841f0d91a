"""A file or a named pipe, opened without ever waiting for a writer."""

from __future__ import annotations

import os
import stat
import time

from seqcli.errors import CorpusError, quoted

WRITER_SECONDS = 1.0  # how long a named pipe may stand without anybody to write into it
FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
BLOCK = 1 << 16  # bytes of a pipe taken at first


def open_source(path: str) -> int:
    """Return a descriptor, not blocking, of a file or a named pipe; whatever else it is, is refused (CorpusError)."""
    try:
        descriptor = os.open(path, FLAGS)
    except ValueError as error:
        raise CorpusError(f"Cannot read {quoted(path)}: not a possible path.") from error
    kind = os.fstat(descriptor).st_mode
    if not (stat.S_ISREG(kind) or stat.S_ISFIFO(kind)):
        os.close(descriptor)
        what = "a folder" if stat.S_ISDIR(kind) else "a device or socket"
        raise CorpusError(f"{quoted(path)} is {what}, not a text file; give a file.")
    return descriptor


def is_pipe(descriptor: int) -> bool:
    """Return whether a descriptor is of a pipe, named or not."""
    return stat.S_ISFIFO(os.fstat(descriptor).st_mode)


def first_of_pipe(descriptor: int, path: str) -> bytes:
    """Return what stands in a pipe, which may be nothing yet, and let it block from now on.

    A read says whether anybody writes into it: nothing at all where there is no writer, "try again" where there is one.
    Raises CorpusError for a pipe that nobody writes into.
    """
    deadline = time.monotonic() + WRITER_SECONDS
    while time.monotonic() < deadline:
        try:
            first = os.read(descriptor, BLOCK)
        except BlockingIOError:
            first = b""
        else:
            if not first:
                time.sleep(0.02)
                continue
        os.set_blocking(descriptor, True)
        return first
    raise CorpusError(f"Nobody writes into the pipe {quoted(path)}; start the writer or give a file.")
