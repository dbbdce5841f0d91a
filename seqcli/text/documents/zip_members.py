"""What stands in the zip archives that documents are; nothing is unpacked to disk, and no member without a limit."""

from __future__ import annotations

import io
import zipfile
import zlib

from seqcli.errors import CorpusError

LARGEST = 1 << 28  # bytes of one part of a document: a novel has 2 MB


class Members:
    """The parts of a zip archive. Raises CorpusError, with the document's name, for whatever is wrong with them."""

    def __init__(self, data: io.BytesIO, where: str) -> None:
        self._where = where
        try:
            self._archive = zipfile.ZipFile(data)
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise CorpusError(f"{where} is damaged ({error}); fetch or save it again.") from error
        self.names = frozenset(self._archive.namelist())

    def __enter__(self) -> Members:
        return self

    def __exit__(self, *raised: object) -> None:
        self._archive.close()

    def read(self, name: str) -> bytes:
        """Return a part, which may be missing."""
        if name not in self.names:
            raise CorpusError(f"{self._where} is damaged: {name[:80]!r} is missing in it; fetch or save it again.")
        if self._archive.getinfo(name).file_size > LARGEST:
            raise CorpusError(f"{self._where} unpacks to over {LARGEST >> 20} MB a part; take its text out first.")
        try:
            return self._archive.read(name)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
            what = "it is locked with a password" if isinstance(error, RuntimeError) else str(error)
            raise CorpusError(f"{self._where} cannot be read: {what}; save it again without.") from error
