"""Files that a command writes beside its results: whole or not at all, and never over one that is there unasked."""

from __future__ import annotations

import os
from collections.abc import Iterable

from seqcli.errors import MisuseError, ModelError, quoted


def check_free(path: str, replace: bool) -> None:
    """Raise ModelError for a file that is there, unless it is to be replaced, or whose directory is not."""
    if os.path.lexists(path) and not replace:
        raise ModelError(f"{quoted(path)} exists; add --replace, or choose another file.")
    if not os.path.isdir(os.path.dirname(path) or "."):
        raise ModelError(f"There is no directory for {quoted(path)}; make it, or choose another file.")


def check_picture(path: str, replace: bool) -> None:
    """Raise MisuseError for an ending that is no picture's, ModelError as check_free does, or without matplotlib."""
    from seqcli.plots.figure import check_matplotlib

    if not path.lower().endswith((".png", ".svg")):
        raise MisuseError(f"{quoted(path)} ends in neither .png nor .svg; name the picture so.")
    check_free(path, replace)
    check_matplotlib()


def write_whole(path: str, blocks: Iterable[bytes]) -> None:
    """Write a file whole or not at all: under a name beside it first, then renamed. Raises ModelError."""
    temporary = f"{path}.{os.urandom(4).hex()}.part"
    try:
        with open(temporary, "xb") as stream:
            for block in blocks:
                stream.write(block)
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(temporary, path)
    except OSError as error:
        raise ModelError(f"Cannot write {quoted(path)}: {error.strerror}; check the path and the disk.") from error
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)
