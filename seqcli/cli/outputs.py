"""Files that a command writes beside its results: never over one that is there unasked, and refused before the work."""

from __future__ import annotations

import os

from seqcli.errors import MisuseError, ModelError, quoted


def check_free(path: str, replace: bool) -> None:
    """Raise ModelError for a file that is there, unless it is to be replaced, or whose directory is not."""
    if os.path.exists(path) and not os.path.isfile(path):
        what = "a directory" if os.path.isdir(path) else "a device, a pipe or a socket"
        raise ModelError(f"{quoted(path)} is {what}; choose another file.")
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
