"""What .gz, .bz2 and .xz files hold. Imported only where there is one: these modules cost milliseconds at start-up."""

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
FIRST_BYTES = 1 << 24  # of text: what is read ahead of it, 128 kB at most, then counts for little
OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


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
    except (EOFError, OSError, lzma.LZMAError, zlib.error) as error:
        raise CorpusError(f"{quoted(path)} is a damaged compressed file ({error}); fetch it again.") from error
    if raw:
        raise CorpusError(f"{quoted(path)} unpacks to over {BOMB_RATIO} times its size; unpack it by hand first.")


def expansion(path: str) -> float:
    """Return how many bytes of text a byte of a compressed file is, by its first MB. Raises CorpusError as reading."""
    try:
        with open(path, "rb") as stream, OPENERS[os.path.splitext(path)[1]](stream, "rb") as inside:
            taken = len(inside.read(FIRST_BYTES))
            return taken / max(stream.tell(), 1)
    except (EOFError, OSError, lzma.LZMAError, zlib.error) as error:
        raise CorpusError(f"{quoted(path)} is a damaged compressed file ({error}); fetch it again.") from error
