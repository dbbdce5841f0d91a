"""Operations on files that fail, stop half-way or kill the process: what disks, signals and power cuts do."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

CHANGING = ("open", "write", "fsync", "close", "rename", "unlink", "mkdir", "rmdir", "ftruncate")
READING = ("open", "preadv", "fstat", "lstat", "stat", "listdir", "close")
Fault = Callable[[Callable[..., Any], str, tuple[Any, ...], dict[str, Any]], Any]


class Operations:
    """Counts calls of os.… (and of fcntl.flock) within a block; one of them, or all from it on, is a fault instead."""

    def __init__(self, names: tuple[str, ...], at: int = 0, fault: Fault | None = None, lasting: bool = False) -> None:
        """at: which call, from 1; 0 for none."""
        self.count, self.calls = 0, list[str]()
        self._names, self._at, self._fault, self._lasting = (*names, "flock"), at, fault, lasting
        self._real: dict[str, Callable[..., Any]] = {}

    def __enter__(self) -> Operations:
        for name in self._names:
            self._real[name] = getattr(_module(name), name)
            setattr(_module(name), name, self._counted(name, self._real[name]))
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        for name, real in self._real.items():
            setattr(_module(name), name, real)
        self._fault = None  # a descriptor closed late, by a finalizer, is closed

    def _counted(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            self.calls.append(name)
            due = self.count == self._at or (self._lasting and self.count > self._at)
            if due and self._fault is not None:
                return self._fault(real, name, args, kwargs)
            return real(*args, **kwargs)

        return call


def _module(name: str) -> Any:
    return fcntl if name == "flock" else os


def killed(real: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Die before the operation."""
    os.kill(os.getpid(), signal.SIGKILL)


def killed_amid(real: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Die with half of a write done, or after any other operation."""
    try:
        real(args[0], args[1][: len(args[1]) // 2]) if name == "write" else real(*args, **kwargs)
    finally:
        os.kill(os.getpid(), signal.SIGKILL)


def failing(number: int) -> Fault:
    """Return the fault of an operation that fails with an errno; a file is closed all the same, as by close(2)."""

    def fault(real: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if name == "close":
            real(*args, **kwargs)
        raise OSError(number, os.strerror(number))

    return fault


def short(real: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Write one byte where more were given: a disk that is full to the last block; then it is full."""
    if name != "write":
        return real(*args, **kwargs)
    if len(args[1]) <= 1:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return real(args[0], args[1][:1])


def forked(action: Callable[[], object]) -> int:
    """Run an action in a child; return its exit status: 0 done, 1 an exception, -9 killed."""
    return together(1, action)[0]


def together(count: int, action: Callable[[], object]) -> list[int]:
    """Run an action in several children that start at once; return their exit statuses, sorted."""
    start, go = os.pipe()
    children = []
    for _ in range(count):
        child = os.fork()
        if child == 0:
            _run(action, start, go)
        children.append(child)
    os.close(start)
    os.close(go)
    return sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)


def _run(action: Callable[[], object], start: int, go: int) -> None:
    try:
        os.close(go)
        os.read(start, 1)  # returns once the parent and every child has closed the other end
        os.close(start)
        action()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
