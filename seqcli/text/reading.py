"""Text from a path, a compressed file, a folder or "-", as checked UTF-8 blocks with LF line ends, in one pass."""

from __future__ import annotations

import codecs
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from seqcli.errors import CorpusError, MisuseError, quoted

BLOCK = 1 << 22  # bytes a read: large enough for numpy to be quick, small enough to stay near the cache
LONGEST_WORD = 1 << 24  # bytes without a space: beyond this it is not prose, and memory would grow with it
LONGEST_LINE = 1 << 26  # bytes, where lines are read one by one
WRITER_SECONDS = 1.0  # how long a named pipe may stand without anybody to write into it
SPACES = b" \t\v\f\r\n"  # the word boundaries; any other white space is part of the text
COMPRESSED = (".gz", ".bz2", ".xz")
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
        found += [path] if path == "-" or not os.path.isdir(path) else _files_inside(path)
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
        try:
            for block in _checked(_recoded(_reads(path), path, encoding), path, encoding):
                done += len(block)
                if report:
                    report(done)
                yield block
        except OSError as error:
            raise CorpusError(f"Cannot read {named(path)}: {error.strerror or error}; check the path.") from error
    if not done:
        raise CorpusError(f"{named(*paths)} is empty; give a text with words in it.")


def read_lines(paths: Sequence[str], encoding: str = "utf-8") -> Iterator[str]:
    """Yield the lines of all files; lines end at a newline only."""
    rest: list[str] = []
    size = count = 0
    for block in read_blocks(paths, encoding):
        *whole, last = block.decode().split("\n")
        if whole:
            yield "".join(rest) + whole[0]
            yield from whole[1:]
            count, rest, size = count + len(whole), [], 0
        rest.append(last)
        size += len(last)
        if size > LONGEST_LINE:
            raise CorpusError(f"{named(*paths)}, line {count + 1}: longer than {LONGEST_LINE >> 20} MB; break it up.")


def total_size(paths: Sequence[str]) -> int | None:
    """Return the bytes to be read, or None where that is not known before (compressed, piped)."""
    files = files_of(paths)
    if any(f == "-" or f.endswith(COMPRESSED) or not os.path.isfile(f) for f in files):
        return None
    return sum(os.path.getsize(f) for f in files)


def named(*paths: str) -> str:
    """Return sources as a message names them."""
    first = "Standard input" if paths[:1] == ("-",) else quoted(paths[0] if paths else "")
    return f"{first} and {len(paths) - 1} more" if len(paths) > 1 else first


def _files_inside(folder: str) -> list[str]:
    def refuse(error: OSError) -> None:
        raise CorpusError(f"Cannot read {quoted(error.filename)}: {error.strerror}; check the path.") from error

    found: list[str] = []
    for where, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files = (os.path.join(where, name) for name in names if not name.startswith("."))
        found += filter(os.path.isfile, files)
    if not found:
        raise CorpusError(f"The folder {quoted(folder)} holds no files; give a text file or a folder of them.")
    return sorted(found)


def _reads(path: str) -> Iterator[bytes]:
    """Yield the bytes of one source, unpacked, as they come; a file must stay what it was until its end is read."""
    if path == "-":
        yield from _all_of(_standard_input())
        return
    descriptor = _descriptor(path)
    with open(descriptor, "rb") as stream:
        before = os.fstat(descriptor)
        if stat.S_ISFIFO(before.st_mode):
            first = _first_of_pipe(descriptor, path)
            os.set_blocking(descriptor, True)
            yield first + stream.read(BLOCK)
        if path.endswith(COMPRESSED):
            from seqcli.text.compressed import unpacked

            yield from unpacked(stream, path, BLOCK)
        else:
            yield from _all_of(stream)
        after = os.fstat(descriptor)
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    if stat.S_ISREG(before.st_mode) and not same:
        raise CorpusError(f"{quoted(path)} changed while reading; wait until it is written, then try again.")


def _all_of(stream: BinaryIO) -> Iterator[bytes]:
    while (raw := stream.read(BLOCK)) != b"":
        if raw is None:  # a non-blocking pipe with nothing in it yet
            time.sleep(0.01)
        else:
            yield raw


def _standard_input() -> BinaryIO:
    if sys.stdin is None or sys.stdin.closed:
        raise CorpusError("Standard input is closed; pipe a text in or name a file.")
    if sys.stdin.isatty():
        raise MisuseError("Standard input is a terminal; pipe a text in or name a file.")
    return sys.stdin.buffer


def _descriptor(path: str) -> int:
    """Open a file or a named pipe without ever waiting; whatever else it is, is refused."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError as error:
        raise CorpusError(f"Cannot read {quoted(path)}: not a possible path.") from error
    kind = os.fstat(descriptor).st_mode
    if not (stat.S_ISREG(kind) or stat.S_ISFIFO(kind)):
        os.close(descriptor)
        what = "a folder" if stat.S_ISDIR(kind) else "a device or socket"
        raise CorpusError(f"{quoted(path)} is {what}, not a text file; give a file.")
    return descriptor


def _first_of_pipe(descriptor: int, path: str) -> bytes:
    """Return what stands in a named pipe, which may be nothing yet; refuse one that nobody writes into.

    A read says which: nothing at all where there is no writer, "try again" where there is one.
    """
    deadline = time.monotonic() + WRITER_SECONDS
    while time.monotonic() < deadline:
        try:
            if first := os.read(descriptor, BLOCK):
                return first
        except BlockingIOError:
            return b""
        time.sleep(0.02)
    raise CorpusError(f"Nobody writes into the pipe {quoted(path)}; start the writer or give a file.")


def _recoded(reads: Iterator[bytes], path: str, encoding: str) -> Iterator[bytes]:
    """Yield raw reads as UTF-8 bytes, other encodings recoded."""
    try:
        "a".encode(encoding)  # refuses codecs that are not of text, as "hex"
        utf8 = codecs.lookup(encoding).name == "utf-8"
        decoder = codecs.getincrementaldecoder(encoding)("strict")
    except (LookupError, UnicodeError, ValueError) as error:
        raise MisuseError(f"--encoding {quoted(encoding)} is not known; try utf-8, latin-1 or cp1252.") from error
    offset = 0
    for raw in reads:
        if not offset:
            _refuse_binary(raw, path, utf8)
        yield raw if utf8 else _decoded(decoder, raw, path, encoding, offset)
        offset += len(raw)
    if not utf8:
        yield _decoded(decoder, b"", path, encoding, offset)


def _decoded(decoder: codecs.IncrementalDecoder, raw: bytes, path: str, encoding: str, offset: int) -> bytes:
    """Return bytes of another encoding as UTF-8; none left: the end, where no character may be half read."""
    try:
        return decoder.decode(raw, final=not raw).encode()
    except UnicodeError as error:
        near = offset + getattr(error, "start", 0)
        raise CorpusError(f"{named(path)}, near byte {near}: not {encoding} text; name its --encoding.") from error


def _refuse_binary(head: bytes, path: str, utf8: bool) -> None:
    for magic, what in MAGIC.items():
        if head.startswith(magic):
            raise CorpusError(f"{named(path)} looks binary ({what}); give a text file.")
    nuls = head[:4096].count(0)
    wide = head[:2] in (b"\xff\xfe", b"\xfe\xff") or (len(head) > 3 and 0.3 < nuls / len(head[:4096]) < 0.7)
    if utf8 and wide:
        raise CorpusError(f"{named(path)} looks like UTF-16; convert it, or name it with --encoding utf-16.")
    if utf8 and nuls:
        raise CorpusError(f"{named(path)} looks binary (NUL bytes in its first lines); give a text file.")


def _checked(reads: Iterator[bytes], path: str, encoding: str) -> Iterator[bytes]:
    """Cut raw reads at word boundaries, check that they are text, drop the byte order mark, and end the last line."""
    rest, lines, offset, last = b"", 0, 0, b"\n"
    for raw in reads:
        if not offset and not rest and raw.startswith(codecs.BOM_UTF8):
            raw, offset, last = raw[3:], 3, b""  # a file that holds nothing else holds an empty line
        cut = max(raw.rfind(b"\n"), raw.rfind(b" ")) + 1 or raw.rfind(b"\t") + 1
        if not cut:
            rest += raw
            if len(rest) > LONGEST_WORD:
                raise CorpusError(
                    f"{named(path)}, line {lines + 1}: over {LONGEST_WORD >> 20} MB without a space; "
                    "seqcli reads text of words: break it into lines."
                )
            continue
        block, rest = b"".join((rest, memoryview(raw)[:cut])), raw[cut:]
        yield _clean(block, path, encoding, lines, offset)
        lines, offset, last = lines + block.count(b"\n"), offset + len(block), block[-1:]
    if rest:
        yield _clean(rest + b"\n", path, encoding, lines, offset)
    elif last != b"\n":
        yield b"\n"


def _clean(block: bytes, path: str, encoding: str, lines: int, offset: int) -> bytes:
    try:
        if not block.isascii():  # several times as fast where it holds
            block.decode()
    except UnicodeDecodeError as error:
        line = lines + block.count(b"\n", 0, error.start) + 1
        raise CorpusError(
            f"{named(path)}, line {line}, byte {offset + error.start}: not {encoding} text; "
            "name its --encoding (latin-1, cp1252, …) or convert it with iconv."
        ) from error
    nul = block.find(0)
    if nul >= 0:
        line = lines + block.count(b"\n", 0, nul) + 1
        raise CorpusError(f"{named(path)}, line {line}: looks binary (a NUL byte); give a text file.")
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n").replace(b"\r", b" ")
    return block
