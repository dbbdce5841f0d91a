"""A model in the making: every save is a whole checkpoint in the place of the one before."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqcli.store.files import Claim, explained
from seqcli.store.record import ONLY_RESUME, RECORD, FileEntry, Record, content_name, is_content_name, parse, render
from seqcli.version import __version__


class Draft:
    """A model that is open for writing: each `save` replaces what is there by a new checkpoint, whole or not at all."""

    def __init__(self, name: str, directory: Path, claim: Claim, record: Record | None) -> None:
        """record: what is there now and is being resumed."""
        self.name, self.directory, self.record = name, directory, record
        self.saved = False
        self._claim = claim
        self._hashed: dict[str, tuple[bytes, FileEntry]] = {}

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
        entries = {role: self._entry(role, data) for role, data in files.items()}
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

    def amend(self, results: dict[str, Any], added: Mapping[str, bytes]) -> Record:
        """Save the model as it stands with other results and with files added, by role. Raises ModelError."""
        record = self.record
        assert record is not None
        return self.save(
            task=record.task,
            architecture=record.architecture,
            text=record.text,
            spec=record.spec,
            run=record.run,
            corpus=record.corpus,
            results=results,
            progress=record.progress,
            files={**{role: record.load(role) for role in record.files}, **added},
        )

    def commit(self, record: Record, files: Mapping[str, bytes]) -> None:
        """Write a record and its files, by name, and remove what it does not name."""
        with explained("write", self.directory):
            self._claim.commit(RECORD, record.raw, files)
        self.record, self.saved = record, True
        with contextlib.suppress(OSError):  # the checkpoint stands; the next save sweeps again
            self._claim.sweep(is_content_name, {RECORD, *files})

    def _entry(self, role: str, data: bytes) -> FileEntry:
        """Hash a file, unless it is the one of the last save; what changes in every save is not kept for comparison."""
        known = self._hashed.get(role)
        if known and known[0] == data:
            return known[1]
        entry = FileEntry.of(data)
        if role not in ONLY_RESUME:
            self._hashed[role] = (data, entry)
        return entry
