"""What model.json says of a model, and the model's files as it vouches for them."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from seqcli.errors import DamagedError, MisuseError, ModelError, quoted
from seqcli.settings import GIVEN_UP, from_dict, to_dict
from seqcli.store.arrays import Array, Table, unpack
from seqcli.store.files import close_quietly, open_regular, read_at
from seqcli.store.shapes import (
    COUNT,
    OBJECT,
    SHA256,
    SHORT_TEXT,
    checked,
    corpus_of,
    history_of,
    progress_of,
    results_of,
)
from seqcli.store.strict import parse_json
from seqcli.tasks import ARCHITECTURES, TASKS, key_of, names_of
from seqcli.text.vocabulary import Vocabulary

FORMAT = 1
RECORD = "model.json"
RECORD_LIMIT = 2**20  # bytes
HASH_SHOWN = 16  # hexadecimal digits of a file's hash in its name

# What a model may be made of: role -> ending of the file's name. File names are derived from this table and a hash,
# never read from a record: a record from a stranger cannot point outside its directory.
ROLES: dict[str, str] = {
    "vocabulary": "txt",
    "source-vocabulary": "txt",
    "target-vocabulary": "txt",
    "source-words": "txt",
    "tokenizer": "model",
    "source-tokenizer": "model",
    "target-tokenizer": "model",
    "weights": "safetensors",
    "vectors": "safetensors",
    "counts": "safetensors",
    "words": "txt",
    "calibration": "safetensors",
    "state": "safetensors",
    "history": "jsonl",
    "index": "usearch",
}
_OURS = re.compile("|".join(rf"{role}-[0-9a-f]{{16}}\.{ending}" for role, ending in ROLES.items()))
_KEYS = ("format", "version", "task", "architecture", "text", "spec", "run", "corpus", "results", "progress", "files")
ONLY_RESUME = ("state", "history")  # roles that answering does without
_FOREIGN = (
    (b"version https://git-lfs", "this is a git-LFS pointer; fetch the file itself with git lfs pull"),
    (b"PK\x03\x04", "this is a zip archive, such as torch.save or numpy.savez write"),
    (b"\x1f\x8b", "this is a gzip file"),
    (b"\x80\x02", "this is a pickle, which is never opened"),
    (b"\x80\x03", "this is a pickle, which is never opened"),
    (b"\x80\x04", "this is a pickle, which is never opened"),
    (b"\x80\x05", "this is a pickle, which is never opened"),
    (b"<!doctype", "this is an HTML page, not the file itself"),
    (b"<html", "this is an HTML page, not the file itself"),
)


@dataclass(frozen=True)
class FileEntry:
    """A file's size in bytes and sha256."""

    size: int
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> FileEntry:
        """Return the entry that vouches for these bytes."""
        return cls(len(data), hashlib.sha256(data).hexdigest())


class _Held:
    """A file kept open: it can be read even after a writer has removed its name."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        weakref.finalize(self, close_quietly, fd)


@dataclass(frozen=True)
class Record:
    """A model as its model.json describes it, every value checked.

    One from `Shelf.read` holds its files open: it stays one complete checkpoint whatever a writer does meanwhile.
    """

    name: str
    directory: Path
    version: str
    task: str
    architecture: str
    text: Any
    spec: Any
    run: Any
    corpus: dict[str, Any]
    results: dict[str, Any]
    progress: dict[str, Any]
    files: dict[str, FileEntry]
    raw: bytes = field(repr=False)
    _held: dict[str, _Held] = field(default_factory=dict, repr=False, compare=False)

    def filename(self, role: str) -> str:
        """Return the name of a role's file. Raises ModelError where the model has none."""
        if role not in self.files:
            raise ModelError(f"Model {quoted(self.name)} has no {role} file; train it anew with --replace.")
        return content_name(role, self.files[role])

    def where(self, role: str) -> str:
        """Return how a role's file is called in a message."""
        return quoted(f"{self.name}/{self.filename(role)}", 160)

    def load(self, role: str) -> bytes:
        """Return a file's bytes, which have the size and sha256 of the record. Raises DamagedError if they do not."""
        return bytes(self._read(role))

    def contents(self) -> dict[str, bytes]:
        """Return all files by role, every byte of them checked."""
        files = {role: self.load(role) for role in self.files}
        for role, data in files.items():
            examine(role, data, self.where(role))
        return files

    def arrays(self, role: str, expected: Table | None = None) -> dict[str, Array]:
        """Return a file's arrays, finite and exactly as expected: name -> (dtype such as "F32", shape).

        None allows any names and shapes. Raises DamagedError naming the tensor, its shape and the expected one.
        """
        return unpack(self._read(role), self.where(role), expected)

    def vocabulary(self, role: str = "vocabulary") -> Vocabulary:
        """Return a file's vocabulary. Raises DamagedError for any that the program would not have written."""
        return Vocabulary.from_bytes(self.load(role), self.where(role))

    def history(self) -> list[dict[str, Any]]:
        """Return the evaluations of the training, one that was not trained here none. Raises DamagedError."""
        return _history(self.load("history"), self.where("history")) if "history" in self.files else []

    def check(self) -> None:
        """Read every file whole. Raises DamagedError for the first that is not what was saved."""
        for role in self.files:
            examine(role, bytes(self._read(role)), self.where(role))

    def fault(self) -> str | None:
        """Return what is wrong with the files as a directory listing shows them, or None. Reads no contents."""
        for role, entry in self.files.items():
            try:
                found = os.lstat(self.directory / self.filename(role))
            except OSError as error:
                missing = error.errno == errno.ENOENT
                return f"{self.where(role)} is missing" if missing else self._unreadable(role, error)
            if not stat.S_ISREG(found.st_mode):
                return f"{self.where(role)} is not a regular file"
            if found.st_size != entry.size:
                return f"{self.where(role)} has {found.st_size} bytes, expected {entry.size}"
        return None

    def hold(self) -> bool:
        """Open the files, so that they can be read after they are removed; return whether none was missing."""
        complete = True
        for role in self.files:
            try:
                self._held[role] = _Held(open_regular(self.directory / self.filename(role)))
            except FileNotFoundError:
                complete = False
            except OSError:
                pass  # load() will say what is wrong, if this file is ever needed
        return complete

    def _read(self, role: str) -> bytearray:
        entry, path = self.files.get(role), self.directory / self.filename(role)
        assert entry is not None
        try:
            held = self._held.get(role) or _Held(open_regular(path))
            size = os.fstat(held.fd).st_size
            data = read_at(held.fd, entry.size if size == entry.size else min(size, 64))
        except FileNotFoundError as error:
            raise DamagedError(f"{self.where(role)} is missing; {self._next(role)}.") from error
        except OSError as error:
            raise DamagedError(f"{self._unreadable(role, error)}; {self._next(role)}.") from error
        if size != entry.size or len(data) != size:
            what = foreign(data) or f"it has {size} bytes, expected {entry.size}"
        elif hashlib.sha256(data).hexdigest() != entry.sha256:
            what = foreign(data) or "its sha256 is not the one in model.json"
        else:
            return data
        raise DamagedError(f"{self.where(role)} is damaged: {what}; {self._next(role)}.")

    def _unreadable(self, role: str, error: OSError) -> str:
        reason = "not a regular file" if error.errno == errno.EINVAL else os.strerror(error.errno or 0)
        return f"{self.where(role)} cannot be read: {reason}"

    def _next(self, role: str) -> str:
        if role in ONLY_RESUME:
            return "the model still answers, but to train it needs a good copy or --replace"
        return "copy it again, or train it anew with --replace"


def content_name(role: str, entry: FileEntry) -> str:
    """Return the name of a file by its content."""
    return f"{role}-{entry.sha256[:HASH_SHOWN]}.{ROLES[role]}"


def is_content_name(name: str) -> bool:
    """Return whether a file's name is one that a model of ours could have."""
    return _OURS.fullmatch(name) is not None


def foreign(data: bytes | bytearray) -> str | None:
    """Return what kind of file this is, if it is one that people put here by mistake."""
    start = bytes(data[:64]).lstrip().lower() if data[:1] in (b"<", b" ", b"\n") else bytes(data[:64])
    return next((what for magic, what in _FOREIGN if start.startswith(magic)), None)


def examine(role: str, data: bytes, where: str) -> None:
    """Raise DamagedError unless bytes are of the kind that a role's ending says."""
    if ROLES[role] == "txt":
        Vocabulary.from_bytes(data, where)
    elif ROLES[role] == "safetensors":
        unpack(data, where)
    elif role == "history":
        _history(data, where)


def _history(data: bytes, where: str) -> list[dict[str, Any]]:
    try:
        return history_of(data)
    except ValueError as error:
        raise DamagedError(f"{where} is damaged: {str(error)[:200]}; copy it again.") from error


def render(settings: Mapping[str, Any], entries: Mapping[str, FileEntry], **values: Any) -> bytes:
    """Return a model.json: `settings` are the text, spec and run instances. Raises ModelError for a figure not finite.

    Its last field is the sha256 of all bytes above it, so that no bit of it can change unnoticed.
    """
    values |= {name: to_dict(spec) for name, spec in settings.items()}
    values["format"] = FORMAT
    values["files"] = {role: {"size": entries[role].size, "sha256": entries[role].sha256} for role in sorted(entries)}
    try:
        text = json.dumps({key: values[key] for key in _KEYS}, indent=2, allow_nan=False)
    except ValueError as error:
        raise ModelError("A figure is not a finite number; nothing was saved, the last checkpoint stands.") from error
    body = text.removesuffix("\n}").encode()
    return body + _seal(body)


def _seal(body: bytes) -> bytes:
    return b',\n  "sha256": "%s"\n}\n' % hashlib.sha256(body).hexdigest().encode()


_SEAL_SIZE = len(_seal(b""))


def parse(raw: bytes, name: str, directory: Path) -> Record:
    """Return the record of a model.json. Raises DamagedError naming the key, ModelError for another format."""
    where = quoted(f"{name}/{RECORD}", 160)
    try:
        values = _unsealed(raw)
        _check_format(values, where)
        if sorted(values) != sorted((*_KEYS, "sha256")):
            odd = sorted(set(values) ^ {*_KEYS, "sha256"})
            raise ValueError(f"{quoted(', '.join(odd))} is missing or unknown")
        architecture = checked(values, "architecture", SHORT_TEXT)
        if not any(architecture in names_of(task) for task in TASKS):
            raise ModelError(_newer(where, values, f"the architecture {quoted(architecture)}"))
        task = checked(values, "task", SHORT_TEXT)
        kind = ARCHITECTURES.get(key_of(task, architecture))
        if kind is None:
            raise ValueError(f"task is {quoted(task)}, expected {ARCHITECTURES[architecture].task}")
        specs = {key: _settings(getattr(kind, key), values, key, where) for key in ("text", "spec", "run")}
        return Record(
            name=name,
            directory=directory,
            version=checked(values, "version", SHORT_TEXT),
            task=kind.task,
            architecture=architecture,
            **specs,
            corpus=corpus_of(values),
            results=results_of(values),
            progress=progress_of(values),
            files=_entries(values),
            raw=raw,
        )
    except (ValueError, MisuseError) as error:
        what = str(error)[:220].rstrip(".")
        raise DamagedError(f"{where} is damaged: {what}; copy it again, or train it anew with --replace.") from error


def _unsealed(raw: bytes) -> dict[str, Any]:
    if len(raw) > RECORD_LIMIT:
        raise ValueError("it is too long")
    body = raw[:-_SEAL_SIZE]
    if raw != body + _seal(body):
        raise ValueError(foreign(raw) or ("its sha256 is not that of its content" if raw else "it is empty"))
    values = parse_json(raw)
    if not isinstance(values, dict):
        raise ValueError("it is not an object")
    return values


def _check_format(values: dict[str, Any], where: str) -> None:
    number = values.get("format")
    if type(number) is not int:
        raise ValueError("format is not a whole number")
    if number > FORMAT:
        raise ModelError(_newer(where, values, f"format {number}"))
    if number < FORMAT:
        raise ValueError(f"format is {number}, expected {FORMAT}")


def _newer(where: str, values: dict[str, Any], what: str) -> str:
    writer = quoted(values.get("version"), 20)
    return f"{where} was written by seqcli {writer} or newer: it uses {what}; upgrade: pip install --upgrade seqcli."


def _settings(cls: type, values: dict[str, Any], key: str, where: str) -> Any:
    """Return settings. Raises ModelError for one that is not known: the record was written by a newer program."""
    found, known = checked(values, key, OBJECT), {f.name for f in fields(cls)}
    unknown = sorted(set(found) - known - GIVEN_UP)
    if unknown:
        raise ModelError(_newer(where, values, f"the setting {quoted(unknown[0])}"))
    return from_dict(cls, {name: value for name, value in found.items() if name not in GIVEN_UP}, key)


def _entries(values: Mapping[str, Any]) -> dict[str, FileEntry]:
    entries = {}
    for role, entry in checked(values, "files", OBJECT).items():
        if role not in ROLES:
            raise ValueError(f"files holds the unknown role {quoted(role)}")
        if not isinstance(entry, dict) or sorted(entry) != ["sha256", "size"]:
            raise ValueError(f"files.{role} does not hold size and sha256")
        where = f"files.{role}."
        entries[role] = FileEntry(checked(entry, "size", COUNT, where), checked(entry, "sha256", SHA256, where))
    return entries
