"""A text as integers, in one pass: the white-space pieces of a corpus and where each one stands.

Every tokenizer is a function of one piece (what stands between two spaces), so each distinct piece is tokenised once,
however often it occurs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from seqcli.text.interning import LINE, Interner
from seqcli.text.spool import Spool

__all__ = ["LINE", "Pieces"]


class Pieces(Interner):
    """The distinct pieces of a text in order of first sight, and the text as their ids.

    After `read`: `spool` holds the text as piece ids (LINE = end of a line); piece i is `text(i)`.
    """

    def __init__(self, folder: str | None = None, most: int | None = None) -> None:
        """folder: for the ids of a text too long for memory, and pieces beyond `most` bytes; None: all in memory."""
        super().__init__(folder, most)
        self.spool: Spool[np.uint32] = Spool(np.uint32, folder)
        self.lines = 0
        self.bytes = 0
        self.blank_share = 0.0  # blank lines among the lines of the first block
        self.longest_line = 0  # bytes, among the lines of the first block
        self.sha256 = ""  # of the text after cleaning: the same for every path, line ending and compression

    @classmethod
    def read(cls, blocks: Iterable[bytes], folder: str | None = None, most: int | None = None) -> Pieces:
        """Return the pieces of a text given as blocks that end at a white-space byte.

        The kernel runs beside the reading: it lets go of the interpreter, so that two cores share the work.
        """
        pieces, digest = cls(folder, most), hashlib.sha256()
        with ThreadPoolExecutor(1) as beside:
            before: Future[None] | None = None
            for block in blocks:
                if before:
                    before.result()
                else:
                    pieces._look_at_lines(block)
                before = beside.submit(pieces._add, block)
                digest.update(block)
                pieces.bytes += len(block)
                pieces.lines += block.count(b"\n")
            if before:
                before.result()
        pieces.sha256 = digest.hexdigest()
        pieces.finish()
        return pieces

    @property
    def ids(self) -> NDArray[np.uint32]:
        """The text as piece ids, uint32 [positions], mapped from a file where it is long."""
        return self.spool.array()

    def _add(self, block: bytes) -> None:
        self.spool.append(self.ids_of(block))

    def _look_at_lines(self, block: bytes) -> None:
        """Note the shape of the first lines: it tells wrapped paragraphs from lines that stand for themselves."""
        lines = [line.strip() for line in block.split(b"\n")[:-1]]
        self.blank_share = lines.count(b"") / max(len(lines), 1)
        self.longest_line = max(map(len, lines), default=0)
