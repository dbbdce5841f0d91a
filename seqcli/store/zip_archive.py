"""A model in a zip archive, as every system opens one with a click; what a stranger put into one is never unpacked.

No name in an archive leads anywhere: model.json says which files there are and how large, each is read by the name that
follows from it, and every byte is hashed. An archive that holds anything else is refused.
"""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from seqcli.errors import DamagedError, quoted
from seqcli.store.files import PATH_LIMIT, explained, open_regular, write_whole
from seqcli.store.record import RECORD, RECORD_LIMIT, ROLES, FileEntry, Record, examine, parse

MAGIC = b"PK\x03\x04"
APPLES = "__MACOSX/"  # what a Macintosh adds to every archive
EARLIEST = (1980, 1, 1, 0, 0, 0)  # of a zip: the same model gives the same archive
SQUEEZED = 300  # times that weights and words never shrink
LARGE = 1 << 24  # bytes below which that is no matter
_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, KeyError)


def zip_of(record: Record, files: Mapping[str, bytes]) -> bytes:
    """Return a model as an archive; files: the contents by role."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in ((RECORD, record.raw), *((record.filename(role), files[role]) for role in record.files)):
            member = zipfile.ZipInfo(name, EARLIEST)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, data)
    return out.getvalue()


def write_zip(path: Path, record: Record, files: Mapping[str, bytes]) -> None:
    """Write an archive, whole or not at all. Raises ModelError."""
    write_whole(path, [zip_of(record, files)])


def is_zip(path: Path) -> bool:
    """Return whether a file is a zip archive. Raises ModelError where it cannot be read."""
    with explained("read", path, "file"):
        fd = open_regular(path)
        try:
            return os.pread(fd, len(MAGIC), 0) == MAGIC
        finally:
            os.close(fd)


def holds_model(path: Path) -> bool:
    """Return whether a file is a zip archive that has a record in it, whole or not."""
    if not path.is_file() or not is_zip(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.rpartition("/")[2] == RECORD for name in archive.namelist())
    except (*_FAULTS, OSError):
        return True  # which whoever reads it will explain


def read_zip(path: Path, name: str, directory: Path) -> tuple[Record, dict[str, bytes]]:
    """Return an archive's record, under a name, and its files by name. Raises DamagedError for any other content."""
    where = quoted(path, PATH_LIMIT)
    with explained("read", path, "file"), open(open_regular(path), "rb") as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                return _checked(archive, name, directory, where)
        except _FAULTS as error:
            raise DamagedError(f"{where} is a damaged zip archive ({str(error)[:80]}); copy it again.") from error


def _checked(archive: zipfile.ZipFile, name: str, directory: Path, where: str) -> tuple[Record, dict[str, bytes]]:
    members = _members(archive, where)
    if RECORD not in members:
        raise DamagedError(f"{where} cannot be imported: it is a zip archive without a {RECORD}, so no model.")
    record = parse(_content(archive, members[RECORD], RECORD_LIMIT, where), name, directory)
    wanted = {record.filename(role): (role, entry) for role, entry in record.files.items()}
    if members.keys() != {RECORD, *wanted}:
        odd = sorted(members.keys() ^ {RECORD, *wanted})[0]
        what = "is missing" if odd in wanted else "does not belong to it"
        raise DamagedError(f"{where} cannot be imported: {quoted(odd)} {what}; export the model again.")
    files = {}
    for file, (role, entry) in wanted.items():
        content = _content(archive, members[file], entry.size, where)
        if FileEntry.of(content) != entry:
            raise DamagedError(f"{where} is damaged: {quoted(file)} is not what was exported; copy it again.")
        examine(role, content, where)
        files[file] = content
    return record, files


def _members(archive: zipfile.ZipFile, where: str) -> dict[str, zipfile.ZipInfo]:
    """Return the members by their names, without the folder that programs put all of them into."""
    found: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        if member.is_dir() or member.filename.startswith(APPLES) or member.filename.endswith("/.DS_Store"):
            continue
        file = member.filename.rpartition("/")[2]
        if file in found or len(found) > len(ROLES):
            raise DamagedError(f"{where} cannot be imported: it holds {quoted(file)} twice, or too many files.")
        found[file] = member
    return found


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int, where: str) -> bytes:
    """Return what a member holds, of which the archive says no more than the record, and not too much of little."""
    size = member.file_size
    if size > limit or (size > LARGE and size > SQUEEZED * member.compress_size):
        raise DamagedError(f"{where} cannot be imported: {quoted(member.filename)} unpacks to more than a model holds.")
    with archive.open(member) as stream:
        return stream.read(limit + 1)
