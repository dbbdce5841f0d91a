"""A text that was read once and is kept: its pieces in numbers, in one file, which is mapped and never held.

The file: a magic line, a line of JSON that says what follows, spaces up to 4,096 bytes; the text as numbers of pieces
(uint32, 0 is the end of a line), padded to 8 bytes; where each piece is spelled (int64); the spellings. Little-endian.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import CorpusError, quoted
from seqcli.text.character_kinds import SPACES
from seqcli.text.file_kinds import ENCODED
from seqcli.text.pieces import Pieces
from seqcli.text.spool import PART, Spool, let_go

HEADER = 4096  # bytes: the numbers begin on a page
BLOCK = 1 << 22  # bytes checked at a time
COUNTS = ("pieces", "positions", "spelled", "lines", "bytes", "longest_line")


def keep(pieces: Pieces, folder: str, name: str) -> Path:
    """Write a text into a folder, under a name that its content gives; return the file. One that is there is kept.

    It is there whole or not at all. Raises CorpusError where it cannot be written.
    """
    path = Path(folder) / f"{name}-{pieces.sha256[:12]}.ids"
    if path.exists():
        return path
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".", delete=False) as out:
            try:
                _write(pieces, out)
                os.chmod(out.name, 0o644)
                os.replace(out.name, path)
            except BaseException:
                os.unlink(out.name)
                raise
    except OSError as error:
        raise CorpusError(f"Cannot write the text in {quoted(folder)}: {error.strerror}; make room there.") from error
    return path


def is_encoded(paths: Sequence[str]) -> bool:
    """Return whether what is named is one kept text."""
    if len(paths) != 1 or not os.path.isfile(paths[0]):
        return False
    try:
        with open(paths[0], "rb") as stream:
            return stream.read(len(ENCODED)) == ENCODED
    except OSError:  # reading it says why
        return False


def opened(path: str, folder: str | None, most: int | None = None) -> Pieces:
    """Return a kept text; every byte of it is checked. Raises CorpusError for one that is damaged.

    folder: as in `read_pieces`, for what is made of it; most: bytes that its tokens may take in memory.
    """
    try:
        stream = open(path, "rb")  # noqa: SIM115  (it lives as long as the text)
        head = stream.read(HEADER)
        found = _told(json.loads(head[len(ENCODED) :]))
        _check(stream, found)
        spool = Spool.kept(np.uint32, stream, HEADER, found["positions"])
        for ids in spool.parts():
            if int(ids.max(initial=0)) >= found["pieces"]:
                raise ValueError("a number that no piece has")
        offsets, spelling = _pieces(stream, found)
    except OSError as error:
        raise CorpusError(f"Cannot read {quoted(path)}: {error.strerror}; check the path.") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CorpusError(f"{quoted(path)} is a damaged encoded text ({error}); encode the text again.") from error
    pieces = Pieces(folder, most)
    pieces.take(offsets, spelling, found["repeats"])
    pieces.spool = spool
    for key in ("lines", "bytes", "longest_line", "blank_share", "sha256"):
        setattr(pieces, key, found[key])
    return pieces


def _write(pieces: Pieces, out: IO[bytes]) -> None:
    """Write a text: its header last, for it tells the digest of what follows."""
    offsets, spelling = pieces.spelled()
    digest = hashlib.sha256()
    out.write(bytes(HEADER))
    for part in _parts(pieces, offsets, spelling):
        out.write(part)
        digest.update(part)
    told = {
        "sha256": pieces.sha256,
        "body_sha256": digest.hexdigest(),
        "pieces": len(pieces),
        "positions": len(pieces.spool),
        "spelled": len(spelling),
        "lines": pieces.lines,
        "bytes": pieces.bytes,
        "longest_line": pieces.longest_line,
        "blank_share": pieces.blank_share,
        "repeats": pieces.repeats,
    }
    out.seek(0)
    out.write((ENCODED + json.dumps(told).encode()).ljust(HEADER - 1) + b"\n")
    out.flush()
    os.fsync(out.fileno())


def _parts(pieces: Pieces, offsets: NDArray[np.int64], spelling: NDArray[np.uint8]) -> Iterator[bytes]:
    for ids in pieces.spool.parts():
        yield ids.astype("<u4", copy=False).tobytes()
    yield bytes(_padding(len(pieces.spool)))
    yield offsets.astype("<i8", copy=False).tobytes()
    yield spelling.tobytes()


def _padding(positions: int) -> int:
    return -4 * positions % 8


def _told(found: Any) -> dict[str, Any]:
    """Return what a header tells. Raises ValueError, KeyError, TypeError for anything that `keep` would not write."""
    if any(type(found[key]) is not int or not 0 <= found[key] < 1 << 48 for key in COUNTS):
        raise ValueError("an odd header")
    if any(type(found[key]) is not str or len(found[key]) != 64 for key in ("sha256", "body_sha256")):
        raise ValueError("an odd digest")
    if type(found["blank_share"]) is not float or not 0 <= found["blank_share"] <= 1 or found["pieces"] < 2:
        raise ValueError("an odd header")
    if type(found.get("repeats", False)) is not bool:
        raise ValueError("an odd header")
    return {"repeats": False, **found}


def _check(stream: IO[bytes], found: dict[str, Any]) -> None:
    """Raise ValueError where what follows the header is not as it was written."""
    positions = found["positions"]
    size = HEADER + 4 * positions + _padding(positions) + 8 * (found["pieces"] + 1) + found["spelled"]
    if os.fstat(stream.fileno()).st_size != size:
        raise ValueError("another size")
    digest = hashlib.sha256()
    stream.seek(HEADER)
    while block := stream.read(BLOCK):
        digest.update(block)
    if digest.hexdigest() != found["body_sha256"]:
        raise ValueError("other bytes")


def _pieces(stream: IO[bytes], found: dict[str, Any]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return where each piece is spelled, and the spellings, both mapped. Raises ValueError where they are none."""
    at, count = HEADER + 4 * found["positions"] + _padding(found["positions"]), found["pieces"] + 1
    offsets = Spool.kept(np.int64, stream, at, count).array()
    spelling = Spool.kept(np.uint8, stream, at + 8 * count, found["spelled"]).array()
    if offsets[0] or offsets[1] != 1 or offsets[-1] != len(spelling) or spelling[0] != 10:
        raise ValueError("odd places of pieces")
    for low in range(0, count - 1, PART):
        ends = offsets[low : low + PART + 1]
        if np.diff(ends).min() < 1 or ends[0] < 0 or ends[-1] > len(spelling):
            raise ValueError("odd places of pieces")
        some = spelling[ends[0] : ends[-1]]
        spaces = np.isin(some, np.frombuffer(bytes(SPACES), np.uint8))
        if spaces[low == 0 :].any() or ((some[ends[:-1] - ends[0]] & 0xC0) == 0x80).any():
            raise ValueError("odd pieces")
        some.tobytes().decode()
        let_go(offsets, spelling)
    return offsets, spelling
