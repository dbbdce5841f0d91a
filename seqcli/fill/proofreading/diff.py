"""Corrections as a unified diff that `patch` applies."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

NO_END = "\\ No newline at end of file"
_ODD = re.compile(r"[\t\n\"\\]")


def unified(path: str, before: str, after: str) -> Iterator[str]:
    """Yield the lines of a diff, their ends included; nothing where nothing changed. Lines end at a newline only."""
    old, new = _lines(before), _lines(after)
    for line in difflib.unified_diff(old, new, _named(f"a/{path}", path), _named(f"b/{path}", path)):
        yield line if line.endswith("\n") else f"{line}\n{NO_END}\n"


def _lines(text: str) -> list[str]:
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _named(name: str, path: str) -> str:
    """Return a path as it stands in a diff: one from the root as it is, one with odd characters in quotes."""
    name = path if path.startswith("/") else name
    if not _ODD.search(name):
        return f"{name}\t" if " " in name else name  # a TAB says where a name with spaces ends
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\n", "\\n") + '"'
