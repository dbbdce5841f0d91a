"""The shelf: a directory of models, the default among them, and the one way to write a model."""

from __future__ import annotations

import contextlib
import difflib
import errno
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqcli import __version__
from seqcli.errors import DamagedError, MisuseError, ModelError, quoted
from seqcli.store.archive import ENDING, read_archive, write_archive
from seqcli.store.files import PATH_LIMIT, Claim, explained, make_directory, read_small, sync_directory
from seqcli.store.record import (
    RECORD,
    RECORD_LIMIT,
    FileEntry,
    Record,
    content_name,
    is_content_name,
    parse,
    render,
)

DEFAULT = "default"
NAME = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RESERVED = re.compile(r"(default|(con|prn|aux|nul|com\d|lpt\d)(\..*)?)", re.IGNORECASE)  # ours; those of Windows
PATIENCE = 5.0  # seconds to wait for another process to write the default: it takes milliseconds
ATTEMPTS = 1000  # times to read a model that is saved again each time; a second, far more than any training needs


@dataclass(frozen=True)
class Damaged:
    """A model that is there but cannot be read, and why."""

    name: str
    reason: str


def check_name(name: str) -> None:
    """Raise MisuseError for a name that is not a safe file name everywhere."""
    if not NAME.fullmatch(name) or name.endswith("."):
        raise MisuseError(
            f"{quoted(name)} cannot name a model; use 1 to 64 of A-Z a-z 0-9 . _ -, a letter or digit first, no dot last."
        )
    if _RESERVED.fullmatch(name):
        raise MisuseError(f"{quoted(name)} cannot name a model: it is reserved; choose another name.")


class Draft:
    """A model in the making: each `save` replaces what is there by a new checkpoint, whole or not at all."""

    def __init__(self, name: str, directory: Path, claim: Claim, record: Record | None) -> None:
        """record: what is there now and is being resumed."""
        self.name, self.directory, self.record = name, directory, record
        self.saved = False
        self._claim = claim

    def save(
        self,
        *,
        task: str,
        architecture: str,
        text: Any,
        spec: Any,
        run: Any,
        corpus: dict[str, Any],
        results: dict[str, Any],
        progress: dict[str, Any],
        files: Mapping[str, bytes],
    ) -> Record:
        """Commit a checkpoint: `files` are all its contents by role. Raises ModelError; then the last one stands."""
        entries = {role: FileEntry.of(data) for role, data in files.items()}
        raw = render(
            {"text": text, "spec": spec, "run": run},
            entries,
            version=__version__,
            task=task,
            architecture=architecture,
            corpus=corpus,
            results=results,
            progress=progress,
        )
        record = parse(raw, self.name, self.directory)  # what could not be read back must not be written
        self.commit(record, {content_name(role, entries[role]): files[role] for role in files})
        return record

    def commit(self, record: Record, files: Mapping[str, bytes]) -> None:
        """Write a record and its files, by name, and remove what it does not name."""
        with explained("write", self.directory):
            self._claim.commit(RECORD, record.raw, files)
            self.record, self.saved = record, True
            self._claim.sweep(is_content_name, {RECORD, *files})


class Shelf:
    """A directory of models. Reading creates nothing and needs no lock; writing holds the model's lock."""

    def __init__(self, root: str | Path) -> None:
        with explained("find", root):
            self.root = Path(os.path.abspath(root))

    def names(self) -> list[str]:
        """Return the names of the models, sorted; files and directories of other kinds are passed over."""
        return [name for name in self._listed() if NAME.fullmatch(name) and self._is_model(name)]

    def entries(self) -> Iterator[Record | Damaged]:
        """Yield every model, a damaged one with its reason. Reads only records; contents are not hashed."""
        for name in self.names():
            try:
                record = self._settled(name, hold=False)
                fault = record.fault()
                yield Damaged(name, fault) if fault else record
            except ModelError as error:
                yield Damaged(name, str(error))

    def read(self, name: str | None = None) -> Record:
        """Return a model, or the default one. Raises ModelError where there is none, DamagedError where it is broken."""
        if name is None:
            name = self._default_model()
        check_name(name)
        return self._settled(name, hold=True)

    def check(self, name: str | None = None) -> Record:
        """Return a model of which every byte has been read and hashed."""
        record = self.read(name)
        record.check()
        return record

    def default(self) -> str | None:
        """Return the name of the default model, or None where none was chosen."""
        path = self.root / DEFAULT
        try:
            with explained("read", path):
                line = read_small(path, 100).decode("ascii", "replace")
        except ModelError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise
        name = line.removesuffix("\n")
        if not NAME.fullmatch(name):
            raise DamagedError(
                f"{quoted(path, PATH_LIMIT)} does not hold the name of a model; set it: seqcli models default NAME."
            )
        return name

    def set_default(self, name: str) -> None:
        """Choose the model that is read where no name is given. Raises ModelError where there is no such model."""
        check_name(name)
        if not self._is_model(name):
            raise self._missing(name)
        with explained("write", self.root), Claim(self.root, follow=True, patience=PATIENCE) as claim:
            claim.commit(DEFAULT, f"{name}\n".encode(), {})
            claim.sweep(lambda _: False)

    @contextlib.contextmanager
    def open(self, name: str, *, replace: bool = False, resume: bool = False) -> Iterator[Draft]:
        """Open a model for writing, new or (replace, resume) there already; it is locked until the block ends.

        Raises, before anything changes, MisuseError for a bad name, ModelError for one that exists (without replace or
        resume), does not exist (with resume), is in use or cannot be written. A block without a save leaves what was.
        """
        check_name(name)
        self._check_free(name, replace, resume)
        claim = self._claim_new(name)
        saved = True
        try:
            self._check_free(name, replace, resume)  # again: another process may have been quicker
            record = self._settled(name, hold=True) if resume else None
            saved = self._is_model(name)
            kept = {record.filename(role) for role in record.files} if record else ()
            claim.sweep(is_content_name if record else (lambda _: False), kept)
            draft = Draft(name, self.root / name, claim, record)
            yield draft
        finally:
            claim.release(remove=not self._is_model(name))

    def remove(self, name: str) -> None:
        """Remove a model, damaged or not. Other files in its directory stay, and links are not followed."""
        check_name(name)
        with self._claim(name) as claim, explained("remove", self.root / name):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(RECORD, dir_fd=claim.fd)  # from here on there is no such model
            os.fsync(claim.fd)
            with contextlib.suppress(ModelError):
                if self.default() == name:
                    os.unlink(self.root / DEFAULT)
            claim.sweep(is_content_name)
            claim.release(remove=True)

    def rename(self, old: str, new: str) -> None:
        """Rename a model, and the default with it."""
        check_name(old)
        check_name(new)
        with self._claim(old) as claim:
            self._check_twin(new, but=old)
            if new != old and os.path.lexists(self.root / new):
                raise ModelError(f"{quoted(self.root / new, PATH_LIMIT)} exists; choose another name.")
            with explained("rename", self.root / old):
                os.rename(self.root / old, self.root / new)
                sync_directory(self.root)
        if self.default() == old:
            self.set_default(new)
