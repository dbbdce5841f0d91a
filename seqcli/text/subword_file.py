"""A subword model as sentencepiece writes it, looked through before the library sees it, which trusts what it reads.

The file is a ModelProto of protocol buffers: pieces (text, score, kind), how they were learned, how text is changed.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator

VARINT, LONG, BYTES, SHORT = 0, 1, 2, 5  # how a field is written
PIECE, TRAINER, NORMALIZER = 1, 2, 3  # fields of the whole
NORMAL, UNKNOWN, BYTE = 1, 2, 6  # kinds of piece; our models have no others
UNIGRAM = 1  # the kind of model
MODEL_TYPE, BYTE_FALLBACK = 3, 35  # fields of how it was learned
LARGEST_SCORE = 1e6  # a score is the log of a probability
LONGEST_PIECE = 4096  # bytes

Field = tuple[int, int | bytes]


def check(data: bytes) -> None:
    """Raise ValueError, its text a reason, for what is not a subword model that was learned here."""
    pieces: list[tuple[str, int]] = []
    settings: dict[int, dict[int, int | bytes]] = {}
    for number, value in _fields(data):
        if number == PIECE and isinstance(value, bytes):
            pieces.append(_piece(value))
        elif number in (TRAINER, NORMALIZER) and isinstance(value, bytes) and number not in settings:
            settings[number] = dict(_fields(value))
        else:
            raise ValueError("it has a part that no subword model of ours has")
    if sorted(settings) != [TRAINER, NORMALIZER]:
        raise ValueError("it is cut off")
    _check_pieces(pieces)
    _check_settings(settings[TRAINER], settings[NORMALIZER])


def _fields(data: bytes) -> Iterator[Field]:
    """Yield the fields of a message: number, and value."""
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if kind == BYTES:
            size, at = _varint(data, at)
        elif kind in (LONG, SHORT):
            size = 8 if kind == LONG else 4
        else:
            raise ValueError("a field of it is of no kind that there is")
        if size > end - at:
            raise ValueError("it is cut off")
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins at a place, and the place behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ValueError("it is cut off")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError("a number in it is too long")


def _piece(data: bytes) -> tuple[str, int]:
    """Return the text and the kind of a piece."""
    found = dict(_fields(data))
    text, score, kind = found.get(1), found.get(2), found.get(3, NORMAL)
    if not isinstance(text, bytes) or not isinstance(score, bytes) or len(score) != 4 or not set(found) <= {1, 2, 3}:
        raise ValueError("a piece in it has no text or no score")
    if not 0 < len(text) <= LONGEST_PIECE or b"\0" in text:
        raise ValueError("a piece in it is empty, too long or no text")
    number = struct.unpack("<f", score)[0]
    if not math.isfinite(number) or abs(number) > LARGEST_SCORE:
        raise ValueError("a score in it is not finite")
    if not isinstance(kind, int) or kind not in (NORMAL, UNKNOWN, BYTE):
        raise ValueError("a piece in it is of a kind that our models have not")
    return text.decode(), kind  # UnicodeDecodeError is a ValueError too


def _check_pieces(pieces: list[tuple[str, int]]) -> None:
    kinds = [kind for _, kind in pieces]
    texts = {text for text, _ in pieces}
    if kinds.count(UNKNOWN) != 1 or NORMAL not in kinds or len(texts) != len(pieces):
        raise ValueError("its pieces are none, repeated, or without the unknown one")
    if {text for text, kind in pieces if kind == BYTE} != {f"<0x{byte:02X}>" for byte in range(256)}:
        raise ValueError("its pieces lack some of the 256 bytes")


def _check_settings(trainer: dict[int, int | bytes], normalizer: dict[int, int | bytes]) -> None:
    """Raise ValueError for another kind of model, and for one that changes text by a table of its own."""
    if trainer.get(MODEL_TYPE, UNIGRAM) != UNIGRAM or trainer.get(BYTE_FALLBACK) != 1:
        raise ValueError("it is not a model of the kind that is learned here")
    for value in trainer.values():
        if isinstance(value, bytes) and len(value) not in (4, 8):
            value.decode()
    if normalizer.get(1) != b"identity" or normalizer.get(2, b"") != b"" or not set(normalizer) <= {1, 2, 3, 4, 5}:
        raise ValueError("it changes text by a table of its own")
