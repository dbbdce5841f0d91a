"""What a training is asked for by name, in Python or on the command line, made the order that the driver runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from seqcli.errors import MisuseError, quoted
from seqcli.settings import check_given, unknown_setting
from seqcli.text.form import KEYWORDS, Form, form_of
from seqcli.training.driver import Order
from seqcli.training.resumption import check_resume
from seqcli.training.source import name_of

if TYPE_CHECKING:
    from seqcli.training.events import Event

Path = str | os.PathLike[str]
BEGIN = "begin_from"  # --from, which is no name in Python: another model, or vectors, to begin with


def order_of(
    trainer: Any,
    texts: Iterable[Path],
    name: str | None,
    given: Mapping[str, Any],
    form: Form | None = None,
    listener: Callable[[Event], object] | None = None,
) -> Order:
    """Return the order of a training.

    trainer: its class, whose `settings`, `source` and `begins` say what may be given. form: of the texts; None: as
    `given` says. Raises MisuseError for a name that is no setting and for a value out of range, in the words of the
    command line.
    """
    files = strings(texts)
    if not files:
        raise MisuseError("There is no text to learn from; give a file.")
    of_source = [f.name for f in fields(trainer.source) if f.metadata.get("asked")]
    kinds = {f.name: f for kind in trainer.settings for f in fields(kind)}
    known = [*kinds, *of_source, *KEYWORDS, "valid", "like", *trainer.begins, "resume", "replace"]
    for odd in given.keys() - set(known):
        raise unknown_setting(odd, list(dict.fromkeys(known)))
    params = {key: value for key, value in given.items() if key in kinds}
    like, start = given.get("like"), given.get(BEGIN)
    resume, replace = bool(given.get("resume")), bool(given.get("replace"))
    beginnings = {_typed(key): given.get(key) for key in trainer.begins}
    check_resume(resume, replace=replace, like=like, **beginnings)
    if len(both := [key for key, value in beginnings.items() if value]) > 1:
        raise MisuseError(f"--{both[0]} has {both[1]} already; leave out --{both[1]}.")
    _check_architecture(trainer, params.get("architecture"))
    check_given(params, *trainer.settings)
    texts_of = {key: value for key, value in given.items() if key in of_source}
    more = {key: value if isinstance(value, str) else strings(value) for key, value in texts_of.items()}
    source = trainer.source(files, strings(given.get("valid", ())), form or form_of(given), **more)
    begin = None if start is None else os.fspath(start)
    return Order(source, name or name_of(files, trainer.task), params, like, begin, resume, replace, listener=listener)


def _typed(name: str) -> str:
    """Return what is typed for a keyword, without its dashes."""
    return "from" if name == BEGIN else name


def strings(paths: Any) -> tuple[str, ...]:
    """Return one path or several as strings."""
    return tuple(map(os.fspath, [paths] if isinstance(paths, str | os.PathLike) else paths))


def _check_architecture(trainer: Any, name: str | None) -> None:
    """Raise MisuseError for an architecture that the task has not."""
    found = [f for kind in trainer.settings for f in fields(kind) if f.name == "architecture"]
    known = [choice for f in found for choice in f.metadata["choices"]]
    if name is not None and name not in known:
        raise MisuseError(f"--architecture is {quoted(name)}; choose from {', '.join(known)}.")
