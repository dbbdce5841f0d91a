"""Files that a command writes beside its results: how they are named, and what is refused before the work."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from seqcli.cli.session import Session
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


def model_and_file(words: Sequence[str], model: str | None, example: str) -> tuple[str | None, str]:
    """Return which model is meant, and the file, of what was typed: FILE -m MODEL, or MODEL FILE. Raises MisuseError.

    model: of -m or SEQCLI_MODEL; None: the default one. example: a command that is right.
    """
    if len(words) > 2:
        raise MisuseError(f"{quoted(words[2])} is too much: give a model and a file, as in: {example}")
    context = click.get_current_context()
    typed = context.get_parameter_source("model") is click.core.ParameterSource.COMMANDLINE
    if len(words) == 2:
        if typed:
            raise MisuseError(f"{quoted(words[0])} and -m both name a model; leave out one of them.")
        return words[0], words[1]
    session = context.ensure_object(Session)
    if not typed and session.shelf.has(words[0]):
        raise MisuseError(f"{quoted(words[0])} is a model; name the file too, as in: {example}")
    return model, words[0]
