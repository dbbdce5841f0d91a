"""Text from a path, a compressed file, a folder or "-", as checked UTF-8 blocks with LF line ends, in one pass."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from seqcli.errors import CorpusError, MisuseError, quoted

BLOCK = 1 << 22  # bytes a read: large enough for numpy to be quick, small enough to stay near the cache
LONGEST_WORD = 1 << 24  # bytes without any white space: beyond this it is not prose, and memory would grow with it
BOMB_RATIO, BOMB_BYTES = 300, 1 << 30  # a compressed text of real words shrinks 3 to 10 times, never 300
SPACES = b" \t\v\f\r\n"  # the word boundaries; any other white space is part of the text
MAGIC = {  # how the first bytes of files that are not text begin
    b"\x7fELF": "an ELF program",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"PK\x03\x04": "a zip archive; unpack it first",
    b"\x1f\x8b": "gzip; name it .gz",
    b"BZh": "bzip2; name it .bz2",
    b"\xfd7zXZ": "xz; name it .xz",
    b"%PDF": "a PDF; convert it to text first",
    b"\x80\x02": "a pickle",
    b"\x80\x04": "a pickle",
}

Report = Callable[[int], None]


def files_of(paths: Sequence[str]) -> list[str]:
    """Return the files that the arguments name, folders opened (sorted, hidden files left out), "-" kept."""
    found: list[str] = []
    for path in paths:
        if path == "-" or not os.path.isdir(path):
            found.append(path)
            continue
        inside = sorted(
            str(p)
            for p in Path(path).rglob("*")
            if p.is_file() and not any(part.startswith(".") for part in p.relative_to(path).parts)
        )
        if not inside:
            raise CorpusError(f"The folder {quoted(path)} holds no files; give a text file or a folder of them.")
        found.extend(inside)
    if found.count("-") > 1:
        raise MisuseError('"-" stands for standard input, which can be read only once; name it once.')
    return found


def read_blocks(paths: Sequence[str], encoding: str = "utf-8", report: Report | None = None) -> Iterator[bytes]:
    """Yield the text of all files as UTF-8 blocks that end at a word boundary, each file ended by a newline.

    A byte order mark is dropped, CRLF becomes LF, a lone CR is a space. report gets the bytes read so far.
    Raises CorpusError naming file, line and offset for bytes that are not text in the encoding.
    """
    done = 0
    for path in files_of(paths):
        for block in _blocks_of(path, encoding):
            done += len(block)
            if report:
                report(done)
            yield block


def read_lines(paths: Sequence[str], encoding: str = "utf-8") -> Iterator[str]:
    """Yield the lines of all files; lines end at a newline only."""
    rest: list[str] = []
    for block in read_blocks(paths, encoding):
        *whole, last = block.decode().split("\n")
        if whole:
            yield "".join(rest) + whole[0]
            yield from whole[1:]
            rest = []
        rest.append(last)


def total_size(paths: Sequence[str]) -> int | None:
    """Return the bytes to be read, or None where that is not known before (compressed, piped)."""
    files = files_of(paths)
    if any(f == "-" or f.endswith((".gz", ".bz2", ".xz")) or not os.path.isfile(f) for f in files):
        return None
    return sum(os.path.getsize(f) for f in files)


def _open(path: str) -> BinaryIO:
    """Open one source for reading; whatever is not a readable file, pipe or "-" is refused in one line."""
    if path == "-":
        if sys.stdin is None or sys.stdin.closed:
            raise CorpusError("Standard input is closed; pipe a text in or name a file.")
        if sys.stdin.isatty():
            raise MisuseError("Standard input is a terminal; pipe a text in or name a file.")
        return sys.stdin.buffer
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise CorpusError(f"Cannot read {quoted(path)}: {error.strerror}; check the path.") from error
    except ValueError as error:
        raise CorpusError(f"Cannot read {quoted(path)}: not a possible path.") from error
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISFIFO(kind):
        _await_writer(descriptor, path)
    elif not stat.S_ISREG(kind):
        os.close(descriptor)
        what = "a folder" if stat.S_ISDIR(kind) else "a device or socket"
        raise CorpusError(f"{quoted(path)} is {what}, not a text file; give a file.")
    os.set_blocking(descriptor, True)
    stream = open(descriptor, "rb")
    for ending, opener in ((".gz", gzip.open), (".bz2", bz2.open), (".xz", lzma.open)):
        if path.endswith(ending):
            return cast(BinaryIO, cast(Callable[..., object], opener)(stream, "rb"))
    return stream


def _await_writer(descriptor: int, path: str) -> None:
    """Wait up to a second for somebody to write into a named pipe, so that nobody waits for ever."""
    deadline = time.monotonic() + 1.0
    while time.monotonic() < deadline:
        try:
            if os.readv(descriptor, [bytearray(0)]) == 0 and _has_writer(descriptor):
                return
        except BlockingIOError:
            return
        time.sleep(0.02)
    os.close(descriptor)
    raise CorpusError(f"Nobody writes into the pipe {quoted(path)}; start the writer or give a file.")


def _has_writer(descriptor: int) -> bool:
    """Tell whether a pipe has data or a writer: without either, poll reports nothing or a hang-up alone."""
    import select

    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return any(event & select.POLLIN for _, event in poll.poll(20))


def _blocks_of(path: str, encoding: str) -> Iterator[bytes]:
    try:
        with _open(path) as stream:
            yield from _checked(_recoded(stream, path, encoding), path, encoding)
    except (EOFError, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise CorpusError(f"{quoted(path)} is a damaged compressed file ({error}); fetch it again.") from error
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise CorpusError(f"Cannot read {quoted(path)}: {error.strerror or error}.") from error


def _recoded(stream: BinaryIO, path: str, encoding: str) -> Iterator[bytes]:
    """Yield raw reads as UTF-8 bytes, other encodings recoded, the byte order mark dropped."""
    try:
        utf8 = codecs.lookup(encoding).name == "utf-8"
        decoder = codecs.getincrementaldecoder(encoding)("strict")
    except LookupError as error:
        raise MisuseError(f"--encoding {quoted(encoding)} is not known; try utf-8, latin-1 or cp1252.") from error
    raw = stream.read(BLOCK)
    _refuse_binary(raw, path, utf8)
    if raw.startswith(codecs.BOM_UTF8):
        raw = raw[3:]
    total = 0
    while raw:
        total += len(raw)
        if total > BOMB_BYTES and path.endswith((".gz", ".bz2", ".xz")) and total > BOMB_RATIO * os.path.getsize(path):
            raise CorpusError(f"{quoted(path)} unpacks to over {BOMB_RATIO} times its size; unpack it by hand first.")
        try:
            yield raw if utf8 else decoder.decode(raw).encode()
        except UnicodeError as error:
            raise CorpusError(f"{quoted(path)} is not {encoding} ({error}); name its --encoding.") from error
        raw = stream.read(BLOCK)
    if not utf8:
        yield _tail(decoder, path, encoding)


def _tail(decoder: codecs.IncrementalDecoder, path: str, encoding: str) -> bytes:
    try:
        return cast(str, decoder.decode(b"", final=True)).encode()
    except UnicodeError as error:
        raise CorpusError(f"{quoted(path)} ends in the middle of a character of {encoding}.") from error


def _refuse_binary(head: bytes, path: str, utf8: bool) -> None:
    for magic, what in MAGIC.items():
        if head.startswith(magic):
            raise CorpusError(f"{quoted(path)} looks binary ({what}); give a text file.")
    wide = head[:2] in (b"\xff\xfe", b"\xfe\xff") or (
        len(head) > 3 and 0.3 < head[:4096].count(0) / len(head[:4096]) < 0.7
    )
    if utf8 and wide:
        raise CorpusError(f"{quoted(path)} looks like UTF-16; convert it, or name it with --encoding utf-16.")


def _checked(reads: Iterator[bytes], path: str, encoding: str) -> Iterator[bytes]:
    """Cut raw reads at word boundaries, check that they are text, and end the last line."""
    rest, lines, offset, last = b"", 0, 0, b"\n"
    for raw in reads:
        if not raw:
            continue
        cut = max(raw.rfind(b"\n"), raw.rfind(b" ")) + 1
        if cut == 0:
            rest += raw
            if len(rest) > LONGEST_WORD:
                raise CorpusError(
                    f"{quoted(path)}, line {lines + 1}: over {LONGEST_WORD >> 20} million characters without a space; "
                    "seqcli reads text of words: break it into lines."
                )
            continue
        block, rest = rest + raw[:cut], raw[cut:]
        yield _clean(block, path, encoding, lines, offset)
        lines, offset, last = lines + block.count(b"\n"), offset + len(block), block[-1:]
    if rest:
        yield _clean(rest + b"\n", path, encoding, lines, offset)
    elif offset == 0:
        raise CorpusError(f"{quoted(path)} is empty; give a text with words in it.")
    elif last != b"\n":
        yield b"\n"


def _clean(block: bytes, path: str, encoding: str, lines: int, offset: int) -> bytes:
    try:
        if not block.isascii():  # several times as fast where it holds
            block.decode()
    except UnicodeDecodeError as error:
        line = lines + block.count(b"\n", 0, error.start) + 1
        raise CorpusError(
            f"{quoted(path)}, line {line}, byte {offset + error.start}: not {encoding} text; "
            "name its --encoding (latin-1, cp1252, …) or convert it with iconv."
        ) from error
    nul = block.find(0)
    if nul >= 0:
        line = lines + block.count(b"\n", 0, nul) + 1
        raise CorpusError(f"{quoted(path)}, line {line}: looks binary (a NUL byte); give a text file.")
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n").replace(b"\r", b" ")
    return block
