"""A lock on an open file, held by one process and gone with it: flock, or what Windows has in its place."""

from __future__ import annotations

import errno
from importlib import import_module
from typing import Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PLACE = 1 << 30  # byte that is locked on Windows, far behind what is written in the file: others can read that


def take(fd: int) -> None:
    """Lock an open file, or raise BlockingIOError where another process has it."""
    if fcntl is not None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    windows: Any = import_module("msvcrt")
    try:
        _at_its_place(windows, fd, windows.LK_NBLCK)
    except OSError as error:
        raise BlockingIOError(errno.EWOULDBLOCK, "locked") from error


def give_back(fd: int) -> None:
    """Unlock an open file."""
    if fcntl is not None:
        fcntl.flock(fd, fcntl.LOCK_UN)
        return
    windows: Any = import_module("msvcrt")
    _at_its_place(windows, fd, windows.LK_UNLCK)


def _at_its_place(windows: Any, fd: int, what: int) -> None:
    """Lock or unlock one byte, which on Windows is the one at the file's position."""
    import os

    before = os.lseek(fd, 0, os.SEEK_CUR)
    os.lseek(fd, PLACE, os.SEEK_SET)
    try:
        windows.locking(fd, what, 1)
    finally:
        os.lseek(fd, before, os.SEEK_SET)
