"""The models that a server answers with: opened when they are first asked, and anew once they were replaced."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from seqcli.errors import DamagedError, ModelError, quoted
from seqcli.tasks import TASKS, resolved

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store import Record

LOOKED = 1.0  # seconds after which the disk is looked at again: a model that was replaced is served soon


class Opened(NamedTuple):
    """A model that is ready to answer, the record it was read from, and when the disk was last looked at."""

    answers: Any
    record: Record
    looked: float


class Models:
    """The models of a shelf, at most some of them open. Threads may ask at the same time."""

    def __init__(self, session: Session, names: Sequence[str], keep: int) -> None:
        """names: the models that may be asked; none: any of the shelf. keep: how many stay open."""
        self._session, self._names, self._keep = session, tuple(names), keep
        self._open: OrderedDict[tuple[str, str], Opened] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, name: str | None, task: str) -> Opened | None:
        """Return a model that is open, and was compared with the disk just now; None where it has to be opened.

        It never waits, neither for the disk nor for another model.
        """
        if not self._lock.acquire(blocking=False):
            return None
        try:
            return self._current((name or "", task))
        finally:
            self._lock.release()

    def open(self, name: str | None, task: str, *others: str) -> Opened:
        """Return a model of a task, by its name, or the one that answers where none is named.

        others: tasks whose models, if one is named, do as well. Raises ModelError where there is none, or none that may
        be asked, MisuseError for a model of another task.
        """
        key = (name or "", task)
        with self._lock:
            if (found := self._current(key)) is not None:
                return found
            found, record = self._open.get(key), self._record(name, task)
            if found is not None and found.record.raw == record.raw:
                found = found._replace(looked=time.monotonic())
            else:
                fitting = record.task if record.task in others else task
                answers = resolved(TASKS[fitting].load)(self._session, record)
                found = Opened(answers, record, time.monotonic())
            self._open[key] = found
            self._open.move_to_end(key)
            while len(self._open) > self._keep:
                self._open.popitem(last=False)
            return found

    def records(self) -> list[Record]:
        """Return the records of the models that may be asked; damaged ones are left out."""
        from seqcli.store.shelf import Damaged

        found = [entry for entry in self._session.shelf.entries() if not isinstance(entry, Damaged)]
        return [record for record in found if not self._names or record.name in self._names]

    def listed(self) -> list[tuple[Record, bool]]:
        """Return the records of the models that may be asked, and whether each answers where none is named."""
        shelf = self._session.shelf
        return [(record, shelf.default(record.task) == record.name) for record in self.records()]

    @property
    def count(self) -> int:
        """How many models are open."""
        return len(self._open)

    def _current(self, key: tuple[str, str]) -> Opened | None:
        found = self._open.get(key)
        if found is None or time.monotonic() - found.looked >= LOOKED:
            return None
        self._open.move_to_end(key)
        return found

    def _record(self, name: str | None, task: str) -> Record:
        """Read a record. No message tells where models are kept: whoever asks may be elsewhere."""
        shelf = self._session.shelf
        if name is None and self._names:
            some = [record.name for record in self.records() if record.task == task]
            default = shelf.default(task)
            name = default if default in some else next(iter(some), None)
            if name is None:
                raise ModelError(f"No model that is served {TASKS[task].does}; /models lists those that are.")
        if name is not None and (name not in self._names if self._names else name not in shelf.names()):
            raise ModelError(f"There is no model {quoted(name)} here; /models lists those that are served.")
        try:
            return shelf.read(name, task)
        except DamagedError:
            raise
        except ModelError as error:
            if name is None:
                raise ModelError(
                    f"There is no model here that {TASKS[task].does}; /models lists those there are."
                ) from error
            raise
