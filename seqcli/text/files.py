"""Which files the arguments of a command name: folders opened, what is no text in them left out."""

from __future__ import annotations

import codecs
import glob
import os
import shlex
from collections import Counter
from collections.abc import Sequence

from seqcli.errors import CorpusError, MisuseError, quoted
from seqcli.text.documents.kinds import NAMES, document_kind, missing_reader
from seqcli.text.file_kinds import HEAD, binary_kind, is_wide, structured_kind
from seqcli.text.form import AUTO, PLAIN, Form

COMPRESSED = (".gz", ".bz2", ".xz", ".zst")
DOCUMENTS = (".docx", ".odt", ".epub", ".pdf", ".html", ".htm", ".xhtml", ".srt", ".vtt", ".eml", ".mbox")


def files_of(paths: Sequence[str], form: Form = PLAIN, skipped: Counter[str] | None = None) -> list[str]:
    """Return the files that the arguments name, folders opened (sorted, hidden files left out), "-" kept.

    A pattern (texts/*.gz) names what fits it, @FILE the files that stand in a list, one a line.

    What is no text inside a folder is passed over, and counted in skipped by what it is.
    """
    found: list[str] = []
    for path in paths:
        refuse_url(path)
        for one in _listed(path):
            found += [one] if one == "-" or not os.path.isdir(one) else _texts_inside(one, form, skipped)
    if found.count("-") > 1:
        raise MisuseError('"-" stands for standard input, which can be read only once; name it once.')
    return found


def _listed(path: str) -> list[str]:
    """Return what an argument names: itself, the files of a pattern, or those that stand in a list, @FILE."""
    if os.path.lexists(path):
        return [path]
    if path.startswith("@"):
        try:
            with open(path[1:], encoding="utf-8") as lines:
                found = [line.rstrip("\n") for line in lines if line.strip()]
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "no list of files"
            raise CorpusError(f"Cannot read the list {quoted(path[1:])}: {reason}; check the path.") from error
        if not found:
            raise CorpusError(f"The list {quoted(path[1:])} names no file; write one a line.")
        return found
    if any(mark in path for mark in "*?["):
        if not (found := sorted(glob.glob(path, recursive=True))):
            raise CorpusError(f"No file fits the pattern {quoted(path)}; check the path.")
        return found
    return [path]


def refuse_url(path: str) -> None:
    """Raise CorpusError for an address of the web: nothing is ever fetched."""
    if path.startswith(("http://", "https://", "ftp://")):
        where = shlex.quote(path) if len(path) <= 100 else "ADDRESS"
        raise CorpusError(f"{quoted(path)} is a web address, and seqcli reads files; fetch it first: curl -LO {where}")


def total_size(paths: Sequence[str]) -> int | None:
    """Return the bytes to be read, or None where that is not known before (compressed, piped, documents)."""
    files = files_of(paths)
    if any(f == "-" or f.lower().endswith(COMPRESSED + DOCUMENTS) or not os.path.isfile(f) for f in files):
        return None
    return sum(os.path.getsize(f) for f in files)


def named(*paths: str) -> str:
    """Return sources as a message names them."""
    first = "Standard input" if paths[:1] == ("-",) else quoted(paths[0] if paths else "")
    return f"{first} and {len(paths) - 1} more" if len(paths) > 1 else first


def _texts_inside(folder: str, form: Form, skipped: Counter[str] | None) -> list[str]:
    """Return the files of a folder that are text, the others counted."""
    files, found = _files_inside(folder), []
    for path in files:
        what = _kind_inside(path, form)
        if what is None:
            found.append(path)
        elif skipped is not None:
            skipped[what.split(";")[0].split(",")[0]] += 1
    if not found:
        raise CorpusError(
            f"None of the {len(files):,} files in {quoted(folder)} is text; give a folder with text files."
        )
    return found


def _kind_inside(path: str, form: Form) -> str | None:
    """Return what a file of a folder is, None for text or what only reading it can tell."""
    try:
        with open(path, "rb") as stream:
            if path.endswith(COMPRESSED):
                from seqcli.text.compressed import unpacked

                head = next(unpacked(stream, path, HEAD), b"")
            else:
                head = stream.read(HEAD)
    except (OSError, CorpusError):
        return None
    utf8 = form.encoding == AUTO or is_utf8(form.encoding)
    if kind := document_kind(head, path, form):
        return missing_reader(kind) if form.documents else f"a {NAMES[kind]}"
    if what := binary_kind(head):
        return what
    if utf8 and 0 in head and not is_wide(head):
        return "unknown binary"
    if form.plain or form.columns or form.rows or not utf8:
        return None
    return structured_kind(head.decode(errors="ignore"), path, form)


def is_utf8(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except (LookupError, ValueError):
        return False


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
