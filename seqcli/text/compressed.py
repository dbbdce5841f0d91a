"""What .gz, .bz2, .xz and .zst files hold. Imported only where there is one: to do so takes milliseconds."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from seqcli.errors import CorpusError, quoted

BOMB_RATIO, BOMB_BYTES = 300, 1 << 30  # a compressed text of real words shrinks 3 to 10 times, never 300
ZSTD_BYTES = 1 << 12  # of a .zst unpacked at a time: 128 MB at most, however it was made
FIRST_BYTES = 1 << 24  # of text: what is read ahead of it, 128 kB at most, then counts for little
OPENERS: dict[str, Callable[..., Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": lambda stream, mode: Zstd(stream),
}
DAMAGES = (EOFError, OSError, lzma.LZMAError, zlib.error)


class Zstd:
    """A .zst file, opened for reading. Raises EOFError where it ends early, OSError where it is damaged."""

    def __init__(self, stream: BinaryIO) -> None:
        try:
            import zstandard
        except ImportError as error:
            raise CorpusError(
                f"{quoted(stream.name)} is packed by zstd; pip install 'seqcli[zstd]', or unpack it first: unzstd"
            ) from error
        self._stream, self._zstandard = stream, zstandard
        self._frame: Any = None  # the one that is being unpacked
        self._packed, self._ready = b"", bytearray()

    def __enter__(self) -> Zstd:
        return self

    def __exit__(self, *error: object) -> None:
        self._ready.clear()

    def read(self, size: int) -> bytes:
        """Return up to so many bytes, nothing at the end."""
        while len(self._ready) < size and self._more():
            pass
        taken = bytes(self._ready[:size])
        del self._ready[:size]
        return taken

    def _more(self) -> bool:
        """Unpack a little more; return whether there was any."""
        self._packed = self._packed or self._stream.read(ZSTD_BYTES)
        if not self._packed:
            if self._frame is not None:
                raise EOFError("it ends early")
            return False
        self._frame = self._frame or self._zstandard.ZstdDecompressor().decompressobj()
        try:
            self._ready += self._frame.decompress(self._packed)
        except self._zstandard.ZstdError as error:
            raise OSError(str(error)) from error
        self._packed = self._frame.unused_data if self._frame.eof else b""
        self._frame = None if self._frame.eof else self._frame
        return True


def unpacked(stream: BinaryIO, path: str, block: int) -> Iterator[bytes]:
    """Yield what a compressed file holds, `block` bytes at a time.

    Raises CorpusError for a damaged file, and for one that unpacks to many times what a text could.
    """
    size, total = os.fstat(stream.fileno()).st_size, 0
    try:
        with OPENERS[os.path.splitext(path)[1]](stream, "rb") as inside:
            while raw := inside.read(block):
                total += len(raw)
                if total > BOMB_BYTES and total > BOMB_RATIO * size:
                    break
                yield raw
    except DAMAGES as error:
        raise CorpusError(f"{quoted(path)} is a damaged compressed file ({error}); fetch it again.") from error
    if raw:
        raise CorpusError(f"{quoted(path)} unpacks to over {BOMB_RATIO} times its size; unpack it by hand first.")


def expansion(path: str) -> float:
    """Return how many bytes of text a byte of a compressed file is, by its first MB. Raises CorpusError as reading."""
    try:
        with open(path, "rb") as stream, OPENERS[os.path.splitext(path)[1]](stream, "rb") as inside:
            taken = len(inside.read(FIRST_BYTES))
            return taken / max(stream.tell(), 1)
    except DAMAGES as error:
        raise CorpusError(f"{quoted(path)} is a damaged compressed file ({error}); fetch it again.") from error
