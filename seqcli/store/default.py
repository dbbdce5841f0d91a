"""The file that names the models which answer where none is named; and what may name a model at all."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from seqcli.errors import DamagedError, MisuseError, ModelError, quoted
from seqcli.store.files import NO_SPACE, PATH_LIMIT, Claim, explained, read_small
from seqcli.tasks import TASKS

DEFAULT = "default"
NAME = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RESERVED = re.compile(r"(default|(con|prn|aux|nul|com\d|lpt\d)(\..*)?)", re.IGNORECASE)  # ours; those of Windows
_LINE = re.compile(
    f"(?:([a-z][a-z0-9-]{{0,31}}) )?({NAME.pattern})"
)  # "TASK NAME"; before there were tasks, "NAME" alone
_SIZE = 10_000  # bytes of that file at most: a hundred tasks
PATIENCE = 5.0  # seconds to wait for another process to write the default: it takes milliseconds


def check_name(name: str) -> None:
    """Raise MisuseError for a name that is not a safe file name everywhere."""
    if not NAME.fullmatch(name) or name.endswith("."):
        rule = "use 1 to 64 of A-Z a-z 0-9 . _ -, a letter or digit first, no dot last"
        raise MisuseError(f"{quoted(name)} cannot name a model; {rule}.")
    if _RESERVED.fullmatch(name):
        raise MisuseError(f"{quoted(name)} cannot name a model: it is reserved; choose another name.")


@dataclass(frozen=True)
class Defaults:
    """The default model of each task, as a file beside the models has them: a line `TASK NAME` for each.

    The first line is the one that was chosen last; it answers where any task will do. A file from before there were
    tasks is one line `NAME`, the default of that model's task. task_of: of a model, None where it cannot be read.
    """

    root: Path
    task_of: Callable[[str], str | None]

    def read(self) -> dict[str, str]:
        """Return names by task, in the file's order; "" is the task of a model that says none and cannot be read.

        Raises DamagedError for what is no such file.
        """
        path, raw = self.root / DEFAULT, b""
        try:
            with explained("read", path):
                raw = read_small(path, _SIZE)
        except ModelError as error:
            number = getattr(error.__cause__, "errno", None)
            if number == errno.ENOENT:
                return {}
            if number not in (errno.EINVAL, errno.EFBIG):
                raise
        lines = [_LINE.fullmatch(line) for line in raw.decode("ascii", "replace").removesuffix("\n").split("\n")]
        found = [(line[1] or "", line[2]) for line in lines if line]
        if len(found) < len(lines) or (len(found) > 1 and not all(task for task, _ in found)):
            raise DamagedError(
                f"{quoted(path, PATH_LIMIT)} does not hold the name of a model; set it: seqcli models default NAME."
            )
        names: dict[str, str] = {}
        for task, name in found:
            names.setdefault(task or self.task_of(name) or "", name)
        return names

    def choose(self, name: str, task: str, only_first: bool) -> None:
        """Choose the default of a task; only_first: leave a choice that was made, else stand before those of others."""
        with explained("write", self.root), self._claim() as claim:
            try:
                found = self.read()
            except DamagedError:
                if only_first:
                    return
                found = {}
            if only_first and (task in found or "" in found):
                return
            others = {other: there for other, there in found.items() if other not in (task, "") and there != name}
            self._write(claim, others | {task: name} if only_first else {task: name} | others)

    def rename(self, old: str, new: str) -> None:
        """Let what was the default under one name be it under another."""
        with explained("write", self.root), self._claim() as claim:
            found = self.read()
            if old in found.values():  # another process may have chosen since
                self._write(claim, {task: new if name == old else name for task, name in found.items()})

    def clear(self, name: str) -> None:
        """Let a model be no default."""
        with explained("write", self.root), self._claim() as claim:
            found = self.read()
            if name in found.values():
                self._write(claim, {task: other for task, other in found.items() if other != name})

    def _claim(self) -> Claim:
        return Claim(self.root, follow=True, patience=PATIENCE)

    def _write(self, claim: Claim, names: dict[str, str]) -> None:
        """Replace the file. On a full disk the older one makes room."""
        if not names:
            return os.unlink(self.root / DEFAULT)
        lines = "".join(f"{task} {name}\n".lstrip() for task, name in names.items()).encode()
        try:
            claim.commit(DEFAULT, lines, {})
        except OSError as error:
            if error.errno not in NO_SPACE or DEFAULT not in claim.names():
                raise
            claim.rewrite(DEFAULT, lines)
        claim.sweep(lambda _: False)

    def meant(self, task: str | None, there: Callable[[], Iterable[str]]) -> str:
        """Return the model that is meant where none is named: the default of the task, else its only model.

        there: the names of all models. Raises ModelError where none can be meant.
        """
        found = self.read()
        name = next(iter(found.values()), None) if task is None else found.get(task, found.get(""))
        names = list(there())
        if name in names:
            return name
        tasks = {other: self.task_of(other) for other in names}
        fitting = [other for other in names if task in (None, tasks[other])]
        where = quoted(self.root, PATH_LIMIT)
        kind = TASKS[task].one if task else "model"
        if not fitting:
            only = f", only {_listed(tasks)}" if tasks else ""
            raise ModelError(f"There is no {kind} in {where}{only}; {training_step(task)}.")
        if name is None and len(fitting) == 1:
            return fitting[0]
        step = "choose one: seqcli models default NAME, or name one: -m NAME"
        if name is None:
            raise ModelError(f"No {kind} is the default in {where}; {step}.")
        raise ModelError(f"The default {kind} {quoted(name)} is not in {where}; {step}.")


def training_step(task: str | None) -> str:
    """Return what to do where no model of a task is there."""
    return f"train one: seqcli {TASKS[task or 'lm'].trained_by}, or choose another --models-dir"


def _listed(tasks: dict[str, str | None]) -> str:
    """Return models by their kind, the first of each by name: language models ('austen' and 2 more), ..."""
    kinds: dict[str | None, list[str]] = {}
    for name, task in tasks.items():
        kinds.setdefault(task, []).append(name)
    told = []
    for task, (first, *more) in kinds.items():
        one, many = (TASKS[task].one, TASKS[task].many) if task else ("damaged model", "damaged models")
        told.append(f"{many} ({quoted(first, 40)} and {len(more)} more)" if more else f"a {one} ({quoted(first, 40)})")
    return ", ".join(told)
