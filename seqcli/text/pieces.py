"""A text as integers, in one pass: the white-space pieces of a corpus and where each one stands.

Every tokenizer is a function of one piece (what stands between two spaces), so each distinct piece is tokenised once,
however often it occurs. The kernel is numba's: a byte loop with a hash table is several times as fast as numpy's sorts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seqcli.text.reading import SPACES

ONE, ONES, HIGHS = (np.uint64(x) for x in (1, 0x0101010101010101, 0x8080808080808080))
LINE = 0  # the id of the end of a line
_BOUNDARY = np.zeros(256, np.bool_)
_BOUNDARY[list(SPACES)] = True


class Pieces:
    """The distinct pieces of a text in order of first sight, and the text as their ids.

    After `read`: `ids` uint32 [positions] (LINE = end of a line); piece i is `text(i)`.
    """

    def __init__(self) -> None:
        self.lines = 0
        self.bytes = 0
        self.blank_share = 0.0  # blank lines among the lines of the first block
        self.longest_line = 0  # bytes, among the lines of the first block
        self._digest = hashlib.sha256()
        self._ids = np.empty(0, np.uint32)
        self._written = 0
        self._slots = np.zeros((1 << 16, 2), np.uint64)  # open addressing: key, id (0 = free: LINE is never looked up)
        self._offsets = np.zeros(self._capacity + 1, np.int64)  # piece i is _spelling[_offsets[i] : _offsets[i + 1]]
        self._spelling = np.zeros(1 << 20, np.uint8)
        self._spelling[0], self._offsets[1] = 10, 1
        self._count = 1

    @classmethod
    def read(cls, blocks: Iterable[bytes]) -> Pieces:
        """Return the pieces of a text given as blocks that end at a white-space byte.

        The kernel runs beside the reading: it lets go of the interpreter, so that two cores share the work.
        """
        pieces = cls()
        with ThreadPoolExecutor(1) as beside:
            before: Future[None] | None = None
            for block in blocks:
                if before:
                    before.result()
                else:
                    pieces._look_at_lines(block)
                before = beside.submit(pieces._add, block)
                pieces._digest.update(block)
                pieces.bytes += len(block)
                pieces.lines += block.count(b"\n")
            if before:
                before.result()
        pieces._ids.resize(pieces._written, refcheck=False)
        return pieces

    def __len__(self) -> int:
        return self._count

    @property
    def ids(self) -> NDArray[np.uint32]:
        """The text as piece ids, uint32 [positions]."""
        return self._ids

    @property
    def sha256(self) -> str:
        """The digest of the text after cleaning: the same for every path, line ending and compression."""
        return self._digest.hexdigest()

    def text(self, index: int) -> str:
        """Return the spelling of a piece."""
        return self._spelling[self._offsets[index] : self._offsets[index + 1]].tobytes().decode()

    def texts(self) -> Iterator[str]:
        """Yield the spelling of every piece, LINE first."""
        return (self.text(i) for i in range(self._count))

    @property
    def _capacity(self) -> int:
        return len(self._slots) // 2

    def _look_at_lines(self, block: bytes) -> None:
        """Note the shape of the first lines: it tells wrapped paragraphs from lines that stand for themselves."""
        lines = [line.strip() for line in block.split(b"\n")[:-1]]
        self.blank_share = lines.count(b"") / max(len(lines), 1)
        self.longest_line = max(map(len, lines), default=0)

    def _add(self, block: bytes) -> None:
        data = np.frombuffer(block + bytes(8), np.uint8)
        words = np.lib.stride_tricks.as_strided(
            data[:8].view(np.uint64), (len(block),), (1,)
        )  # 8 bytes from each place
        data = data[: len(block)]
        if self._written + len(data) > len(self._ids):  # realloc moves pages, not bytes; unused ones cost nothing
            self._ids.resize(2 * len(self._ids) + len(data), refcheck=False)
        at = 0
        while at < len(data):
            self._make_room(len(data) - at)
            at, self._written, self._count = _scan(
                data,
                words,
                at,
                self._ids,
                self._written,
                _BOUNDARY,
                self._slots,
                self._offsets,
                self._spelling,
                self._count,
            )

    def _make_room(self, bytes_left: int) -> None:
        """Grow what the next scan could fill: it stops by itself when the table is half full."""
        used = int(self._offsets[self._count])
        if used + bytes_left > len(self._spelling):
            self._spelling.resize(2 * len(self._spelling) + bytes_left, refcheck=False)
        if self._count >= self._capacity:
            old = self._slots
            self._slots = np.zeros((2 * len(old), 2), np.uint64)
            self._offsets.resize(self._capacity + 1, refcheck=False)
            _place_all(self._slots, old)


@njit(cache=True, nogil=True)
def _mix(x):  # type: ignore[no-untyped-def]
    """Spread every bit of a key over all others. Source: Steele et al. 2014, the finaliser of SplitMix64."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@njit(cache=True, nogil=True)
def _scan(data, words, at, ids, written, boundary, slots, offsets, spelling, count):  # type: ignore[no-untyped-def]
    """Write the ids of data[at:] to ids[written:]; return (position reached, ids written, pieces known).

    Stops early, at the start of a piece, when a new piece finds the table half full. The key of a piece of up to seven
    bytes is its bytes and length; a longer one's is a hash, and a hit is compared byte for byte: no two pieces are ever
    taken for one.
    """
    mask = np.uint64(len(slots) - 1)
    size = len(data)
    while at < size:
        byte = data[at]
        if boundary[byte]:
            if byte == 10:
                ids[written] = LINE
                written += 1
            at += 1
            continue
        start = at
        key = words[at]
        white = (key - ONES * np.uint64(0x21)) & ~key & HIGHS  # its lowest bit: the first byte up to a space
        length = 8 if white == 0 else np.int64(((((white & -white) - ONE) & ONES) * ONES) >> np.uint64(56)) - 1
        short = length < 8 and at + length < size and boundary[data[at + length]]
        if short:
            key &= (ONE << np.uint64(8 * length)) - ONE
            key |= np.uint64(length) << np.uint64(56)
            at += length
        else:
            if length == 8:
                at += 8
            else:
                key = ONE  # a control character inside: hash from the start
            while at < size and not boundary[data[at]]:
                key = (key ^ np.uint64(data[at])) * np.uint64(1099511628211)
                at += 1
            length = at - start
            key |= ONE << np.uint64(63)
        slot = _mix(key) & mask
        while True:
            piece = np.int64(slots[slot, 1])
            if piece == 0:
                if count >= len(slots) // 2:
                    return start, written, count
                base = offsets[count]
                for i in range(length):
                    spelling[base + i] = data[start + i]
                offsets[count + 1] = base + length
                slots[slot, 0] = key
                slots[slot, 1] = np.uint64(count)
                piece = count
                count += 1
                break
            if slots[slot, 0] == key:
                if short:
                    break
                base = offsets[piece]
                same = offsets[piece + 1] - base == length
                i = 0
                while same and i < length:
                    same = spelling[base + i] == data[start + i]
                    i += 1
                if same:
                    break
            slot = (slot + np.uint64(1)) & mask
        ids[written] = piece
        written += 1
    return at, written, count


@njit(cache=True, nogil=True)
def _place_all(slots, old):  # type: ignore[no-untyped-def]
    """Put every used slot of the old table into the new one."""
    mask = np.uint64(len(slots) - 1)
    for i in range(len(old)):
        if old[i, 1] != 0:
            slot = _mix(old[i, 0]) & mask
            while slots[slot, 1] != 0:
                slot = (slot + np.uint64(1)) & mask
            slots[slot, 0] = old[i, 0]
            slots[slot, 1] = old[i, 1]
