"""Byte strings become integers: a hash table of the distinct pieces of a text, in the order of first sight.

The kernel is numba's: a byte loop with a hash table is several times as fast as numpy's sorts.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from seqcli.text.character_kinds import SPACES
from seqcli.text.compiled import compiled
from seqcli.text.spool import PART, Spool, let_go

ONE, ONES, HIGHS = (np.uint64(x) for x in (1, 0x0101010101010101, 0x8080808080808080))
TEXTS = 1 << 12  # spellings made at a time
LINE = 0  # the id of the end of a line
BASES = 14695981039346656037, 7809847782465536322  # two hashes of a spelling begin with
_BOUNDARY = np.zeros(256, np.bool_)
_BOUNDARY[list(SPACES)] = True


class Interner:
    """The distinct pieces of all blocks seen, numbered in order of first sight; 0 is the end of a line.

    Where they would take more memory than they may, those so far are put into a file, and are numbered anew where they
    are seen again: `repeats` says that a piece may have several numbers, each of its own stretch of the text.
    """

    def __init__(self, folder: str | None = None, most: int | None = None) -> None:
        """folder: for an unnamed file with pieces beyond `most` bytes; None for either: all stay in memory."""
        self.folder, self.most = folder, most
        self._ends: Spool[np.int64] = Spool(np.int64, folder)  # of the spellings in files, ...
        self._spelled: Spool[np.uint8] = Spool(np.uint8, folder)
        self._base = 0  # ... whose numbers come before those of the table
        self.repeats = False  # whether a piece may have more than one number
        self._slots = np.zeros(1 << 16, np.uint32)  # open addressing, at most half full; 0 = free
        self._keys = np.zeros(len(self._slots) // 2, np.uint64)  # [pieces]
        self._offsets = np.zeros(len(self._keys) + 1, np.int64)  # piece i is _spelling[_offsets[i] : _offsets[i + 1]]
        self._spelling = np.zeros(1 << 20, np.uint8)
        self._spelling[0], self._offsets[1] = 10, 1
        self._ids = np.empty(0, np.uint32)
        self._count = 1

    def __len__(self) -> int:
        return self._base + self._count

    def spelled(self) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Return where each piece is spelled, int64 [pieces + 1], and the spellings, uint8."""
        offsets = self._offsets[: self._count + 1]
        return offsets, self._spelling[: offsets[-1]]

    def take(self, offsets: NDArray[np.int64], spelling: NDArray[np.uint8], repeats: bool = False) -> None:
        """Take over pieces that were spelled; no other ones follow."""
        self._offsets, self._spelling, self._count = offsets, spelling, len(offsets) - 1
        self.repeats = repeats
        self._let_go_of_table()

    @property
    def nbytes(self) -> int:
        """The bytes that the pieces take while a text is read, spare room left out."""
        spelled = int(self._offsets[self._count])
        return spelled + self._count * (self._keys.itemsize + self._offsets.itemsize + 4 * self._slots.itemsize)

    def text(self, index: int) -> str:
        """Return the spelling of a piece."""
        return self._spelling[self._offsets[index] : self._offsets[index + 1]].tobytes().decode()

    def texts(self) -> Iterator[str]:
        """Yield the spelling of every piece, LINE first."""
        for low in range(0, self._count, TEXTS):
            ends = (self._offsets[low : min(low + TEXTS, self._count) + 1]).tolist()
            data = self._spelling[ends[0] : ends[-1]].tobytes()
            near = [(a - ends[0], b - ends[0]) for a, b in itertools.pairwise(ends)]
            if data.isascii():  # decoded once for all: several times as fast
                text = data.decode()
                yield from (text[a:b] for a, b in near)
            else:
                yield from (data[a:b].decode() for a, b in near)
            let_go(self._spelling, self._offsets)

    def ids_of(self, block: bytes) -> NDArray[np.uint32]:
        """Return the block, which ends at a white-space byte, as piece ids; the next call writes over them."""
        data = np.frombuffer(block + bytes(8), np.uint8)
        words = np.lib.stride_tricks.as_strided(
            data[:8].view(np.uint64), (len(block),), (1,)
        )  # 8 bytes from each place
        data = data[: len(block)]
        if len(self._ids) < len(data):
            self._ids = np.empty(len(data), np.uint32)
        at = written = 0
        while at < len(data):
            self._make_room(len(data) - at)
            at, written, self._count = _scan(
                data,
                words,
                at,
                self._ids,
                written,
                _BOUNDARY,
                self._slots,
                self._keys,
                self._offsets,
                self._spelling,
                self._count,
                self._base,
            )
        return self._ids[:written]

    def find(self, text: str) -> int:
        """Return the number of a piece, 0 where it never stood in the text."""
        wanted = text.encode()
        for first, data in self._parts():
            base = int(self._offsets[first])
            at = data.find(wanted)
            while at >= 0:
                piece = int(np.searchsorted(self._offsets[: self._count], base + at))
                ends = self._offsets[piece : piece + 2].tolist()
                if piece < self._count and ends == [base + at, base + at + len(wanted)]:
                    return piece
                at = data.find(wanted, at + 1)
        return 0

    @property
    def composed(self) -> bool:
        """Whether all pieces are composed (NFC) as they stand; a part of a composed text is composed."""
        return all(data.isascii() or unicodedata.is_normalized("NFC", data.decode()) for _, data in self._parts())

    def hashes(self, out: NDArray[np.uint64] | None = None, which: int = 0) -> NDArray[np.uint64]:
        """Return a hash of every spelling, the same in every table; out: to write to. which: of two hashes."""
        out = np.empty(self._count, np.uint64) if out is None else out
        for low in range(0, self._count, PART):
            some = slice(low, min(low + PART, self._count))
            _hash_all(self._spelling, self._offsets[some.start : some.stop + 1], np.uint64(BASES[which]), out[some])
            let_go(self._spelling, self._offsets, out)
        return out

    def finish(self) -> None:
        """Let go of what only new blocks need."""
        if self.repeats:
            self._put_away()
            self._offsets, self._spelling = self._ends.array(), self._spelled.array()
            self._count, self._base = len(self._offsets) - 1, 0
        self._let_go_of_table()

    def _let_go_of_table(self) -> None:
        self._slots, self._keys, self._ids = (np.empty(0, a.dtype) for a in (self._slots, self._keys, self._ids))

    def _parts(self) -> Iterator[tuple[int, bytes]]:
        """Yield the spellings, some at a time, with the number of the first."""
        for low in range(0, self._count, PART):
            begin, end = self._offsets[low], self._offsets[min(low + PART, self._count)]
            yield low, self._spelling[begin:end].tobytes()
            let_go(self._spelling, self._offsets)

    def _put_away(self) -> None:
        """Put the pieces of the table into files; what follows is numbered behind them."""
        if not self.repeats:  # the end of a line, which is the same everywhere, comes first and once
            self._ends.append(self._offsets[:2])
            self._spelled.append(self._spelling[:1])
        self._ends.append(self._offsets[2 : self._count + 1] + (len(self._spelled) - 1))
        self._spelled.append(self._spelling[1 : self._offsets[self._count]])
        self.repeats = True
        self._base += self._count - 1
        self._slots[:], self._count = 0, 1

    def _make_room(self, bytes_left: int) -> None:
        """Grow what the next scan could fill: it stops by itself when the table is half full."""
        used = int(self._offsets[self._count])
        if used + bytes_left > len(self._spelling):
            self._spelling.resize(used + used // 2 + bytes_left, refcheck=False)
        if self._count >= len(self._keys):
            if self.folder is not None and self.most is not None and 2 * self.nbytes > self.most:
                self._put_away()
                return
            self._slots = np.zeros(2 * len(self._slots), np.uint32)
            self._keys.resize(len(self._slots) // 2, refcheck=False)
            self._offsets.resize(len(self._keys) + 1, refcheck=False)
            _place_all(self._slots, self._keys, self._count)


@compiled
def _mix(x):  # type: ignore[no-untyped-def]
    """Spread every bit of a key over all others. Source: Steele et al. 2014, the finaliser of SplitMix64."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@compiled
def _scan(data, words, at, ids, written, boundary, slots, keys, offsets, spelling, count, base):  # type: ignore[no-untyped-def]
    """Write the ids of data[at:] to ids[written:]; return (position reached, ids written, pieces known).

    base: what is added to the numbers in the table.
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
            piece = np.int64(slots[slot])
            if piece == 0:
                if count >= len(keys):
                    return start, written, count
                begin = offsets[count]
                for i in range(length):
                    spelling[begin + i] = data[start + i]
                offsets[count + 1] = begin + length
                keys[count] = key
                slots[slot] = np.uint32(count)
                piece = count
                count += 1
                break
            if keys[piece] == key:
                if short:
                    break
                begin = offsets[piece]
                same = offsets[piece + 1] - begin == length
                i = 0
                while same and i < length:
                    same = spelling[begin + i] == data[start + i]
                    i += 1
                if same:
                    break
            slot = (slot + np.uint64(1)) & mask
        ids[written] = base + piece
        written += 1
    return at, written, count


@compiled
def _place_all(slots, keys, count):  # type: ignore[no-untyped-def]
    """Put every known piece into an empty table."""
    mask = np.uint64(len(slots) - 1)
    for piece in range(1, count):
        slot = _mix(keys[piece]) & mask
        while slots[slot] != 0:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = np.uint32(piece)


@compiled
def _hash_all(spelling, offsets, basis, out):  # type: ignore[no-untyped-def]
    """Write a hash of 64 bits of every piece. Source: Fowler, Noll and Vo's FNV-1a, mixed."""
    for piece in range(len(out)):
        key = basis
        for i in range(offsets[piece], offsets[piece + 1]):
            key = (key ^ np.uint64(spelling[i])) * np.uint64(1099511628211)
        out[piece] = _mix(key)
