"""The file that names the model which answers where none is named; and what may name a model at all."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from seqcli.errors import DamagedError, MisuseError, ModelError, quoted
from seqcli.store.files import NO_SPACE, PATH_LIMIT, Claim, explained, read_small

DEFAULT = "default"
NAME = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RESERVED = re.compile(r"(default|(con|prn|aux|nul|com\d|lpt\d)(\..*)?)", re.IGNORECASE)  # ours; those of Windows
PATIENCE = 5.0  # seconds to wait for another process to write the default: it takes milliseconds


def check_name(name: str) -> None:
    """Raise MisuseError for a name that is not a safe file name everywhere."""
    if not NAME.fullmatch(name) or name.endswith("."):
        rule = "use 1 to 64 of A-Z a-z 0-9 . _ -, a letter or digit first, no dot last"
        raise MisuseError(f"{quoted(name)} cannot name a model; {rule}.")
    if _RESERVED.fullmatch(name):
        raise MisuseError(f"{quoted(name)} cannot name a model: it is reserved; choose another name.")


def read_default(root: Path) -> str | None:
    """Return the name of the default model, or None where none was chosen. Raises DamagedError for what is no name."""
    path, line = root / DEFAULT, b""
    try:
        with explained("read", path):
            line = read_small(path, 100)
    except ModelError as error:
        number = getattr(error.__cause__, "errno", None)
        if number == errno.ENOENT:
            return None
        if number not in (errno.EINVAL, errno.EFBIG):
            raise
    name = line.decode("ascii", "replace").removesuffix("\n")
    if not NAME.fullmatch(name):
        raise DamagedError(
            f"{quoted(path, PATH_LIMIT)} does not hold the name of a model; set it: seqcli models default NAME."
        )
    return name


def write_default(root: Path, name: str, only_first: bool) -> None:
    """Choose the default model; only_first: leave a choice that was made. On a full disk an older choice makes room."""
    with explained("write", root), Claim(root, follow=True, patience=PATIENCE) as claim:
        if only_first and os.path.lexists(root / DEFAULT):
            return
        line = f"{name}\n".encode()
        try:
            claim.commit(DEFAULT, line, {})
        except OSError as error:
            if error.errno not in NO_SPACE or DEFAULT not in claim.names():
                raise
            claim.rewrite(DEFAULT, line)
        claim.sweep(lambda _: False)


def clear_default(root: Path, name: str) -> None:
    """Let no model be the default, if it is this one."""
    with explained("write", root), Claim(root, follow=True, patience=PATIENCE):
        if read_default(root) == name:  # another process may have chosen since
            os.unlink(root / DEFAULT)
