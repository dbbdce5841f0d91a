"""10,000 malformed vectors files: is any read wrong, slowly, or with too much memory?

A slow reader written from the grammar alone, sharing no code with seqcli's, is the oracle. Every file is made from a
good one by a mutation that suits its format. Verdicts: refused (both refuse), read (both read the same words and bits),
over-strict (seqcli refuses what the grammar allows), SILENTLY WRONG (seqcli reads other words or bits than the oracle,
or what the oracle refuses). Usage: python benchmarks/vectors_formats.py [files] [seed]
"""

from __future__ import annotations

import collections
import math
import random
import re
import resource
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from record import record

from seqcli.errors import SeqcliError
from seqcli.vectors.formats import read

DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
LIKE_A_NUMBER = re.compile(r"[+-]?(nan|inf|infinity|[0-9.,_]*[0-9][0-9.,_]*([eE][+-]?[0-9_]*)?)", re.I | re.ASCII)
FORBIDDEN = set("\0\r\n\v\f")
Found = tuple[list[str], list[bytes]]  # words, and each one's float32 bytes


class Bad(Exception):
    """The oracle refuses."""


def oracle(data: bytes) -> Found:
    """Read a word2vec or GloVe file by the grammar, with no thought of speed."""
    for magic in (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"PK", b"version https://git-lfs", b"\xff\xfe", b"\xfe\xff"):
        if data.startswith(magic):
            raise Bad
    if data[:1] == b"\x80" or data[:4] == struct.pack("<i", 793712314) or data[:6] == b"\x93NUMPY":
        raise Bad
    head = re.match(rb"(\xef\xbb\xbf)?[ \t]*([+-]?[0-9]+)[ \t]+([+-]?[0-9]+)[ \t]*\r?(\n|$)", data)
    if not head:
        return lines_of(data.removeprefix(b"\xef\xbb\xbf"), None)
    count, size, rest = int(head[2]), int(head[3]), data[head.end() :]
    if count < 1 or size < 1 or size > 65536 or count * (2 * size + 1) > len(data):
        raise Bad
    row = rest.split(b"\n")[0].split()
    textual = len(row) > size and all(DECIMAL.fullmatch(f.decode("latin-1")) for f in row[-size:])
    sample = rest[:4096]
    strange = any((b < 32 and b not in b"\t\n\r\v\f\x1b") or b == 127 or b > 0xF4 for b in sample)
    if not textual and strange:
        return binary_of(rest, count, size, bool(head[1]))
    return lines_of(rest, (count, size))


def lines_of(data: bytes, head: tuple[int, int] | None) -> Found:
    """Read lines of a word and numbers; head: what the header said."""
    lines = data.split(b"\n")
    while lines and not lines[-1].strip(b" \t\r"):
        lines.pop()
    size = head[1] if head else 0
    words: list[str] = []
    rows: list[bytes] = []
    count = 0
    for line in lines:
        line = line.removesuffix(b"\r")
        if not head and not size:
            for field in reversed(re.split(rb"[ \t\r\v\f]+", line.strip(b" \t\r\v\f"))[1:]):
                if not DECIMAL.fullmatch(field.decode("latin-1")):
                    break
                size += 1
            if not size:
                raise Bad
            if b"\t" in line and all(DECIMAL.fullmatch(f.decode("latin-1")) for f in line.split(b"\t")):
                raise Bad  # numbers alone: the projector's table, whose words are missing here
        word, row = one_line(line, size)
        count += 1
        if word not in words:
            words.append(word)
            rows.append(row)
    if not words or (head and count != head[0]):
        raise Bad
    if not head and all(LIKE_A_NUMBER.fullmatch(word) for word in words):
        raise Bad
    return words, rows


def one_line(line: bytes, size: int) -> tuple[str, bytes]:
    """Take `size` numbers from the right; what is left is the word."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Bad from error
    if FORBIDDEN & set(text):
        raise Bad
    left, numbers = text.rstrip(" \t"), []
    for _ in range(size):
        match = re.search(r"[ \t]+([^ \t]*)$", left)
        if not match or not DECIMAL.fullmatch(match[1]) or len(match[1]) > 400:
            raise Bad
        numbers.insert(0, float(match[1]))
        left = left[: match.start()]
    if not left or left[0] in " \t" or len(left.encode()) > 65536:
        raise Bad
    parts = re.split("[ \t]+", left)
    if len(parts) > 1 and LIKE_A_NUMBER.fullmatch(parts[-1]):
        raise Bad
    return left, packed(numbers)


def packed(numbers: list[float]) -> bytes:
    """Round to float32; what does not fit or is no number is refused."""
    try:
        data = struct.pack(f"<{len(numbers)}f", *numbers)
    except OverflowError as error:
        raise Bad from error
    if not all(math.isfinite(value) for value in struct.unpack(f"<{len(numbers)}f", data)):
        raise Bad
    return data


def binary_of(data: bytes, count: int, size: int, marked: bool) -> Found:
    """Read `count` times a word, a space and float32 numbers, a line end behind each being optional."""
    words: list[str] = []
    rows: list[bytes] = []
    if marked or count * (4 * size + 1) > len(data) + 1000:
        raise Bad
    for _ in range(count):
        data = data.removeprefix(b"\n")
        word, space, data = data.partition(b" ")
        row, data = data[: 4 * size], data[4 * size :]
        if not space or not word or len(word) > 65536 or len(row) < 4 * size or set(word) & set(b"\0\r\n\v\f"):
            raise Bad
        if not all(math.isfinite(value) for value in struct.unpack(f"<{size}f", row)):
            raise Bad
        try:
            text = word.decode()
        except UnicodeDecodeError as error:
            raise Bad from error
        if text not in words:
            words.append(text)
            rows.append(row)
    if data not in (b"", b"\n"):
        raise Bad
    return words, rows


def good_file(rng: random.Random) -> bytes:
    """Return a file without fault: text with a header or without, or binary."""
    count, size = rng.randint(1, 6), rng.randint(1, 6)
    pool = ["the", "of", "Größe", "東京", "new york", "12", "don't", "naïve", "x", "¼", "e5", "a.b"]
    kind = rng.choice(("text", "text", "glove", "glove", "binary"))
    words = rng.sample([w for w in pool if kind != "binary" or " " not in w], count)
    numbers = [[struct.unpack("<f", struct.pack("<f", rng.gauss(0, 1) * 10 ** rng.randint(-8, 8)))[0]
                for _ in range(size)] for _ in words]  # fmt: skip
    if kind == "binary":
        end = rng.choice((b"", b"\n"))
        rows = [w.encode() + b" " + struct.pack(f"<{size}f", *row) + end for w, row in zip(words, numbers, strict=True)]
        return b"%d %d\n" % (count, size) + b"".join(rows)
    end = rng.choice(("\n", " \n", "\r\n"))
    rows = [w + "".join(f" {x:.9g}" for x in row) + end for w, row in zip(words, numbers, strict=True)]
    return ((f"{count} {size}{end}" if kind == "text" else "") + "".join(rows)).encode()


NUMBERS = (b"nan", b"inf", b"-inf", b"1e400", b"0x1", b"1_0", b"1,5", b"", b"1e", b"-", b"1e39", b"--1", "٣".encode(),
           b"1.2.3", b"9" * 500, b"1e-400", b"+1", b".5", b"5.", b"NaN", b"Infinity")  # fmt: skip
CLAIMS = (b"0 3", b"3 0", b"-1 3", b"1 1000000000", b"1000000 1000", b"1000000000000 1000000", b"3", b"3 3 3", b"a b",
          b"99999999999999999999 3", b"1.0 3", b"1 65537", b"", b"1 1", b"2 2")  # fmt: skip
PIECES = (b" ", b"\t", b"\n", b"\r", b"\0", b"\x1b", b"\xe9", b"\xa0", b"\xef\xbb\xbf", "\u00a0".encode(), b"\x0b",
          b"  ", b"\n\n", b"1", b"nan", b"x" * 70_000)  # fmt: skip


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Return the file with one to three faults."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        data = rng.choice(MUTATIONS)(data, rng)
    return data


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _flip(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) or 1)
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :] if data else data


def _insert(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(PIECES) + data[at:]


def _number(data: bytes, rng: random.Random) -> bytes:
    places = [m.span() for m in re.finditer(rb"(?<= )[^ \n]+", data)]
    if not places:
        return data
    start, stop = rng.choice(places)
    return data[:start] + rng.choice(NUMBERS) + data[stop:]


def _claim(data: bytes, rng: random.Random) -> bytes:
    return rng.choice(CLAIMS) + b"\n" + data.split(b"\n", 1)[-1]


def _line(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    action = rng.randrange(4)
    if action == 0:
        del lines[at]
    elif action == 1:
        lines.insert(at, lines[at])
    elif action == 2:
        lines.insert(at, b"")
    else:
        lines[at] = lines[at].rsplit(b" ", 1)[0]
    return b"\n".join(lines)


def _wrap(data: bytes, rng: random.Random) -> bytes:
    return rng.choice((b"\x1f\x8b", b"PK\x03\x04", b"\x80\x04", b"\x93NUMPY", b"\xff\xfe", b"\x7fELF", b"")) + data


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (_cut, _flip, _insert, _number, _claim, _line, _wrap)


def verdict(path: Path, data: bytes) -> tuple[str, float]:
    """Return what became of one file, and the seconds that seqcli took."""
    path.write_bytes(data)
    began = time.perf_counter()
    try:
        found = read(str(path))
        ours: Found | None = (found.words, [row.tobytes() for row in found.matrix.astype("<f4")])
    except SeqcliError:
        ours = None
    seconds = time.perf_counter() - began
    try:
        theirs: Found | None = oracle(data)
    except Bad:
        theirs = None
    if ours == theirs:
        return ("refused" if ours is None else "read"), seconds
    return ("over-strict" if ours is None else "SILENTLY WRONG"), seconds


def main(files: int = 10_000, seed: int = 1) -> int:
    """Run, print the counts by verdict, record them; 1 where something was silently wrong or went over a limit."""
    rng = random.Random(seed)
    counts: collections.Counter[str] = collections.Counter()
    slowest, grown = 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vectors"
        verdict(path, good_file(rng))  # imports and first calls are start-up
        for _ in range(files):
            data = mutate(good_file(rng), rng)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            found, seconds = verdict(path, data)
            grown = max(grown, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
            slowest = max(slowest, seconds)
            counts[found] += 1
            if found in ("SILENTLY WRONG", "over-strict") and counts[found] <= 5:
                print(found, data[:200], file=sys.stderr)
    print(f"{files} files, seed {seed}, numpy {np.__version__}")
    for name in ("refused", "read", "over-strict", "SILENTLY WRONG"):
        print(f"  {name:<15} {counts[name]:>6}")
    print(f"  slowest {slowest * 1000:.1f} ms; memory grew by {grown} kB at most for one file")
    record(
        "vectors_formats",
        files=files,
        seed=seed,
        refused=counts["refused"],
        read=counts["read"],
        over_strict=counts["over-strict"],
        silently_wrong=counts["SILENTLY WRONG"],
        slowest_ms=round(slowest * 1000, 2),
        memory_kb=grown,
    )
    return int(counts["SILENTLY WRONG"] > 0 or slowest > 0.05 or grown > 64 * 1024)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
