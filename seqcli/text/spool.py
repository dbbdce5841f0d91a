"""Ids that are too many to hold: in memory up to a limit, beyond it in a file without a name that ends with us."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import IO, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import CorpusError, quoted

IN_MEMORY = 1 << 24  # bytes: 4 million ids, a text of 20 MB; a text of 1 GB would hold 700 MB of them
MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of malloc.h
PART = 1 << 20  # ids handed out at a time from a file: a few MB, whatever the length of the text

T = TypeVar("T", bound=np.generic)


class Spool(Generic[T]):
    """Ids that are appended, then read in order, part by part, or as one array. They are never copied as a whole."""

    def __init__(self, dtype: type[T], folder: str | None) -> None:
        """folder: where the file lies that takes what is beyond the limit; None: all stays in memory."""
        self._dtype = np.dtype(dtype)
        self._folder = folder
        self._memory = bytearray()  # grows in place: the system moves its pages, not its bytes
        self._file: IO[bytes] | None = None
        self._size = 0
        self._start = 0  # of the ids in the file, in bytes

    @classmethod
    def kept(cls, dtype: type[T], file: IO[bytes], start: int, size: int) -> Spool[T]:
        """Return ids that lie in a file already, behind so many bytes; nothing is appended to them."""
        spool = cls(dtype, None)
        spool._file, spool._start, spool._size = file, start, size
        return spool

    def __len__(self) -> int:
        return self._size

    @property
    def spilled(self) -> bool:
        """Whether the ids lie in a file."""
        return self._file is not None

    def append(self, ids: NDArray[Any]) -> None:
        """Append ids. Raises CorpusError where the disk has no room for them."""
        data = ids.astype(self._dtype, copy=False).data.cast("B")
        if self._file is None and self._folder is not None and len(self._memory) + len(data) > IN_MEMORY:
            self._spill(self._folder)
        if self._file is None:
            self._memory += data
        else:
            self._write(self._file, data)
        self._size += len(ids)

    def parts(self, start: int = 0, stop: int | None = None) -> Iterator[NDArray[T]]:
        """Yield the ids from start to stop in order, a few MB at a time."""
        stop = self._size if stop is None else stop
        for low in range(start, stop, PART):
            yield self._part(low, min(low + PART, stop))

    def array(self) -> NDArray[T]:
        """Return the ids as one array that cannot be written to, mapped from the file where there is one."""
        if self._file is None:
            array = np.frombuffer(self._memory, self._dtype)
            array.flags.writeable = False
            return array
        return np.frombuffer(
            mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ), self._dtype, self._size, self._start
        )

    def _part(self, start: int, stop: int) -> NDArray[T]:
        if self._file is None:
            return self.array()[start:stop]
        width = self._dtype.itemsize  # read, not mapped: mapped pages count as memory of this process
        return np.frombuffer(
            os.pread(self._file.fileno(), (stop - start) * width, self._start + start * width), self._dtype
        )

    def _spill(self, folder: str) -> None:
        try:
            os.makedirs(folder, exist_ok=True)  # where models go, which the first training makes
            file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (it lives as long as this object)
        except OSError as error:
            raise CorpusError(
                f"Cannot write in {quoted(folder)}, where the ids of so long a text must go: {error.strerror}."
            ) from error
        self._write(file, memoryview(self._memory))
        self._memory, self._file = bytearray(), file

    def _write(self, file: IO[bytes], data: memoryview) -> None:
        try:
            file.write(data)
            file.flush()
        except OSError as error:
            raise CorpusError(
                f"Cannot keep the ids of the text in {quoted(self._folder)}: {error.strerror}; make room on that disk."
            ) from error


def room(count: int, dtype: type[T], folder: str | None) -> NDArray[T]:
    """Return zeros that can be written to: in memory where they are few or folder is None, else mapped from a file."""
    size = count * np.dtype(dtype).itemsize
    if folder is None or size <= IN_MEMORY:
        return np.zeros(count, dtype)
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.truncate(size)
            if sys.platform == "linux":
                os.posix_fallocate(file.fileno(), 0, size)  # a full disk is an error now, not a crash later
            return np.frombuffer(mmap.mmap(file.fileno(), size), dtype)
    except OSError as error:
        raise CorpusError(
            f"Cannot keep {size:,} bytes in {quoted(folder)} while the text is read: {error.strerror}; make room there."
        ) from error


def let_go(*arrays: NDArray[Any]) -> None:
    """Let go of the pages of mapped arrays that were read: they count as memory of this process, however long the text.

    What is held in memory stays.
    """
    for array in arrays:
        base = array.base
        while isinstance(base, (np.ndarray, memoryview)):
            base = base.base if isinstance(base, np.ndarray) else base.obj
        if isinstance(base, mmap.mmap):
            base.madvise(mmap.MADV_DONTNEED)


def give_back() -> None:
    """Give memory that is free back to the system, where the C library can, and from now on large arrays at once.

    Reading a text leaves tens of MB of it, and every save as much again.
    """
    with contextlib.suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        library.malloc_trim(0)
        library.mallopt(MMAP_THRESHOLD, 1 << 20)
