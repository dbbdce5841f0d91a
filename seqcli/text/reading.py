"""Text from a path, a compressed file, a folder or "-", as checked UTF-8 blocks with LF line ends, in one pass."""

from __future__ import annotations

import codecs
import itertools
import os
import stat
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import BinaryIO

from seqcli.errors import CorpusError, MisuseError, quoted
from seqcli.text.documents.kinds import NAMES, document_kind
from seqcli.text.encodings import encoding_of, known_encoding, likely_encoding
from seqcli.text.file_kinds import HEAD, advised, binary_kind, encoded_kind, is_wide, structured_kind, tags_in
from seqcli.text.files import COMPRESSED, files_of, named
from seqcli.text.form import AUTO, PLAIN, TEXT, Form
from seqcli.text.sources import first_of_pipe, open_source

BLOCK = 1 << 22  # bytes a read: large enough for numpy to be quick, small enough to stay near the cache
LONGEST_WORD = 1 << 24  # bytes without a space: beyond this it is not prose, and memory would grow with it
LONGEST_LINE = 1 << 26  # bytes, where lines are read one by one
Report = Callable[[int], None]


def read_blocks(paths: Sequence[str], form: Form = TEXT, report: Report | None = None) -> Iterator[bytes]:
    """Yield the text of all files as UTF-8 blocks that end at a word boundary, each file ended by a newline.

    A byte order mark is dropped, CRLF becomes LF, a lone CR is a space; of a document there is what a person reads.
    report gets the bytes read so far. What was passed over, opened or recoded is noted at the end, a line for each.
    Raises CorpusError naming file, line and offset for bytes that are not text in the encoding, and for markup or
    tables that would be learned as words.
    """
    done, skipped, opened, recoded = [0], Counter[str](), Counter[str](), dict[str, list[str]]()
    for path in files_of(paths, form, skipped):
        try:
            some = _text_of(path, form, opened, recoded, None if path in paths else skipped)
            yield from _counted(some, done, report)
        except OSError as error:
            raise CorpusError(f"Cannot read {named(path)}: {error.strerror or error}; check the path.") from error
    if skipped:
        form.note(f"Note: {skipped.total():,} files in {named(*paths)} are passed over: {_counts(skipped)}.")
    if opened:
        form.note(f"Note: read without its markup: {_counts(opened)}; --plain reads files as they are.")
    for encoding, names in recoded.items():
        form.note(f"Note: {named(*names)}: no UTF-8, read as {encoding}; --encoding names another one.")
    if not done[0]:
        raise CorpusError(f"{named(*paths)} is empty; give a text with words in it.")


def blocks_of(lines: Iterable[str]) -> Iterator[bytes]:
    """Yield the blocks of a text that is here already, line by line, checked as those of a file are."""
    yield from _checked(_in_blocks(lines), "the text", "utf-8")


def read_lines(paths: Sequence[str], form: Form = PLAIN) -> Iterator[str]:
    """Yield the lines of all files; lines end at a newline only."""
    yield from lines_of(read_blocks(paths, form), named(*paths))


def read_cells(path: str, form: Form) -> Iterator[list[str]]:
    """Yield the columns asked for, row by row, of a CSV, TSV or JSON lines file."""
    from seqcli.text.columns import cells_of

    yield from cells_of(read_lines([path], replace(form, columns=(), plain=True)), form, named(path))


def lines_of(blocks: Iterable[bytes], where: str) -> Iterator[str]:
    """Yield the lines of a text that comes as blocks."""
    rest: list[str] = []
    size = count = 0
    for block in blocks:
        *whole, last = block.decode().split("\n")
        if whole:
            yield "".join(rest) + whole[0]
            yield from whole[1:]
            count, rest, size = count + len(whole), [], 0
        rest.append(last)
        size += len(last)
        if size > LONGEST_LINE:
            raise CorpusError(f"{where}, line {count + 1}: longer than {LONGEST_LINE >> 20} MB; break it up.")


def _in_blocks(lines: Iterable[str]) -> Iterator[bytes]:
    waiting: list[str] = []
    size = 0
    for line in lines:
        waiting.append(line + "\n")
        size += len(line)
        if size > BLOCK:
            yield "".join(waiting).encode("utf-8", "surrogatepass")
            waiting, size = [], 0
    yield "".join(waiting).encode("utf-8", "surrogatepass")


def _counts(kinds: Counter[str]) -> str:
    return ", ".join(f"{count} × {kind}" for kind, count in kinds.most_common(6))


def _text_of(
    path: str, form: Form, opened: Counter[str], recoded: dict[str, list[str]], skipped: Counter[str] | None
) -> Iterator[bytes]:
    """Yield the text of one source; documents are counted in opened, what is not in UTF-8 stands in recoded.

    skipped: counts documents of a folder that cannot be read; None: the file itself was named, and that is an error.
    """
    reads = _reads(path)
    head = next(reads, b"")
    reads = itertools.chain([head] if head else [], reads)
    if kind := document_kind(head, path, form):
        from seqcli.text.documents.texts import lines_of_document

        try:
            yield from _checked(_in_blocks(lines_of_document(kind, reads, path, form)), path, "utf-8")
            opened[NAMES[kind]] += 1
        except CorpusError:
            if skipped is None:
                raise
            skipped[f"{NAMES[kind]} that cannot be read"] += 1
        return
    encoding = form.encoding
    if encoding == AUTO and not binary_kind(head):
        encoding = encoding_of(head) or "utf-8"
        if encoding != "utf-8":
            recoded.setdefault(encoding, []).append(path)
    encoding = "utf-8" if encoding == AUTO else encoding
    yield from _formed(_checked(_recoded(reads, path, encoding), path, encoding), path, form)


def _counted(blocks: Iterator[bytes], done: list[int], report: Report | None) -> Iterator[bytes]:
    for block in blocks:
        done[0] += len(block)
        if report:
            report(done[0])
        yield block


def _formed(blocks: Iterator[bytes], path: str, form: Form) -> Iterator[bytes]:
    """Yield the column that is asked for, or the text as it is; refuse what would be learned wrongly as that."""
    if form.columns:
        if len(form.columns) > 1:
            raise MisuseError("Two columns are a pair; to read a text, give one --column.")
        from seqcli.text.columns import text_of

        yield from _checked(text_of(lines_of(blocks, named(path)), form, named(path)), path, "utf-8")
        return
    first = next(blocks, b"")
    if not form.plain and not form.rows:
        head = first[:HEAD].decode(errors="ignore")
        if what := structured_kind(head, path, form):
            raise CorpusError(f"{named(path)} is {advised(what, path)}, or read it as it is with --plain.")
        if tags := tags_in(head):
            form.note(
                f"Note: {named(path)} has {tags:,} HTML tags at its beginning, which are learned as words; "
                "in a file whose name ends in .html they are left out."
            )
    yield first
    yield from blocks


def _reads(path: str) -> Iterator[bytes]:
    """Yield the bytes of one source, unpacked, as they come; a file must stay what it was until its end is read."""
    if path == "-":
        yield from _all_of(_standard_input())
        return
    descriptor = open_source(path)
    with open(descriptor, "rb") as stream:
        before = os.fstat(descriptor)
        if stat.S_ISFIFO(before.st_mode):
            first = first_of_pipe(descriptor, path)
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


def _recoded(reads: Iterator[bytes], path: str, encoding: str) -> Iterator[bytes]:
    """Yield raw reads as UTF-8 bytes, other encodings recoded."""
    utf8 = known_encoding(encoding) == "utf-8"
    decoder = codecs.getincrementaldecoder(encoding)("strict")
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
        raise CorpusError(f"{named(path)}, near byte {near}: not {encoding} text; {_encoding_hint(raw, 0)}.") from error


def _refuse_binary(head: bytes, path: str, utf8: bool) -> None:
    if kind := binary_kind(head):
        what, _, step = advised(kind, path).partition("; ")
        raise CorpusError(f"{named(path)} looks binary ({what}); {step or 'give a text file'}.")
    if utf8 and is_wide(head):
        raise CorpusError(f"{named(path)} looks like UTF-16; convert it, or name it with --encoding utf-16.")
    if utf8 and 0 in head[:4096]:
        raise CorpusError(f"{named(path)} looks binary (NUL bytes in its first lines); give a text file.")
    if utf8 and (encoding := encoded_kind(head)):
        raise CorpusError(f"{named(path)} is {encoding} text; name it with --encoding {encoding}.")


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
            f"{_encoding_hint(block, error.start)}."
        ) from error
    nul = block.find(0)
    if nul >= 0:
        line = lines + block.count(b"\n", 0, nul) + 1
        raise CorpusError(f"{named(path)}, line {line}: looks binary (a NUL byte); give a text file.")
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n").replace(b"\r", b" ")
    return block


def _encoding_hint(data: bytes, near: int) -> str:
    """Return what to do about bytes that are not in the encoding, with the likely one where it can be told."""
    if found := likely_encoding(data, near):
        return f"it reads well as {found}: add --encoding {found}, or convert it: iconv -f {found} -t utf-8"
    return "look at that place, or name its --encoding; iconv -c leaves bad bytes out"
