"""A model in one file: an uncompressed tar of flat members, which any tar can open.

Nothing is extracted by the names in an archive: model.json comes first, and from it follow the name, the size and so
every byte of each further header. An archive is accepted if it is exactly those bytes.
"""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Mapping
from pathlib import Path

from seqcli.errors import DamagedError, ModelError, quoted
from seqcli.store.files import PATH_LIMIT, explained, open_regular, read_at, write_whole
from seqcli.store.record import RECORD, RECORD_LIMIT, Record, content_name, examine, foreign, parse

ENDING, ZIP = ".seqcli.tar", ".zip"
BLOCK = 512
SIZE_LIMIT = 8**11  # bytes of one member: eleven octal digits


def write_archive(path: Path, record: Record, files: Mapping[str, bytes]) -> None:
    """Write an archive, whole or not at all; `files` are the contents by role. Raises ModelError where one is there."""
    check_archive(path)
    with explained("write", path, "file"):
        if any(len(data) >= SIZE_LIMIT for data in files.values()):
            raise OSError(errno.EFBIG, "too large for a tar")
    members = [(RECORD, record.raw), *((record.filename(role), files[role]) for role in record.files)]
    write_whole(path, itertools.chain((_member(*member) for member in members), [bytes(2 * BLOCK)]))


def check_archive(path: Path) -> None:
    """Raise ModelError where a file of this name is there already."""
    with explained("write", path, "file"):
        if os.path.lexists(path):
            raise ModelError(f"{quoted(path, PATH_LIMIT)} exists; choose another file, or remove it.")


def read_archive(path: Path, name: str, directory: Path) -> tuple[Record, dict[str, bytes]]:
    """Return an archive's record, under a name, and its files by name. Raises DamagedError for any other content."""
    where = quoted(path, PATH_LIMIT)
    with explained("read", path, "file"):
        fd = open_regular(path)
        try:
            total = os.fstat(fd).st_size
            start = bytes(read_at(fd, BLOCK))
            size = _size(start)
            if size is None or start != _header(RECORD, size):
                what = foreign(start) or "it is not a model that seqcli models export wrote"
                raise DamagedError(f"{where} cannot be imported: {what}.")
            record = parse(bytes(read_at(fd, size, BLOCK)), name, directory)
            sizes = [size, *(entry.size for entry in record.files.values())]
            if total != sum(BLOCK + n + -n % BLOCK for n in sizes) + 2 * BLOCK:
                raise DamagedError(f"{where} is damaged: it has {total} bytes, too few or too many; copy it again.")
            data = bytes(read_at(fd, total))
        finally:
            os.close(fd)
    return record, _files(data, record, where)


def _files(data: bytes, record: Record, where: str) -> dict[str, bytes]:
    """Return the files of an archive; every byte of it is compared with the ones that an export writes."""
    files, at = {}, len(_member(RECORD, record.raw))
    good = data.startswith(_member(RECORD, record.raw))
    for role, entry in record.files.items():
        content = data[at + BLOCK : at + BLOCK + entry.size]
        member = _member(content_name(role, entry), content)
        good = good and data[at : at + len(member)] == member and type(entry).of(content) == entry
        if not good:
            break
        examine(role, content, where)
        files[record.filename(role)] = content
        at += len(member)
    if not good or any(data[at:]):
        raise DamagedError(f"{where} is damaged: its content is not what was exported; copy it again.")
    return files


def _member(name: str, data: bytes) -> bytes:
    return _header(name, len(data)) + data + bytes(-len(data) % BLOCK)


def _header(name: str, size: int) -> bytes:
    """Return the one tar header (ustar) that an export writes for a file: no owner, no time, no link."""
    import tarfile

    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.USTAR_FORMAT)


def _size(header: bytes) -> int | None:
    digits = header[124:135]
    if len(digits) != 11 or not digits.isdigit() or b"8" in digits or b"9" in digits:
        return None
    return int(digits, 8) if int(digits, 8) <= RECORD_LIMIT else None
