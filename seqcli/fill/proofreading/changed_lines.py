"""Which lines of a git work tree changed: what `git diff` says, asked of git itself."""

from __future__ import annotations

import os
import re
import subprocess

from seqcli.errors import MisuseError, SeqcliError, quoted

_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
EVERY = range(1, 1 << 60)  # the lines of a file that git does not know yet


def changed_lines(path: str, since: str) -> list[range]:
    """Return the lines of a file that changed since a revision, from 1. Raises MisuseError for no work tree."""
    folder, name = os.path.split(os.path.abspath(path))
    if not _git(folder, "ls-files", "--", name):
        return [EVERY]
    diff = _git(folder, "diff", "--no-color", "--no-ext-diff", "--unified=0", _revision(since), "--", name)
    found = []
    for match in _HUNK.finditer(diff):
        first, count = int(match[1]), 1 if match[2] is None else int(match[2])
        if count:
            found.append(range(first, first + count))
    return found


def changed_files(folder: str, since: str) -> list[str]:
    """Return the files of a work tree that changed since a revision, or that git does not know yet, sorted."""
    top = _git(folder, "rev-parse", "--show-toplevel").rstrip("\n")
    changed = _git(top, "diff", "--name-only", "-z", "--diff-filter=d", _revision(since)).split("\0")
    new = _git(top, "ls-files", "--others", "--exclude-standard", "-z").split("\0")
    paths = (os.path.join(top, name) for name in {*changed, *new} if name)
    return sorted(os.path.relpath(path, folder) for path in paths if os.path.isfile(path))


def _revision(name: str) -> str:
    if not name or name.startswith("-"):
        raise MisuseError(
            f"--since {quoted(name)} is no revision; give a commit, a branch or a tag, as in --since main."
        )
    return name


def _git(folder: str, *words: str) -> str:
    try:
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise SeqcliError("Cannot find git, which knows what changed; install it, or leave out --since.") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().split("\n")[0]
        raise MisuseError(f"git cannot say what changed in {quoted(folder)}: {quoted(said, 120)}; give a work tree.")
    return done.stdout.decode("utf-8", "surrogateescape")
