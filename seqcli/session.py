"""What a piece of work is done with: the shelf of models, and whoever is told how it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from seqcli.store import Shelf
    from seqcli.threads import Spare


class Bar(Protocol):
    """How far something is that is counted."""

    def to(self, count: int, total: int | None = None, extra: str = "") -> None:
        """Move to a count, of a new total where one is given."""
        ...

    def note(self, line: str) -> None:
        """Say a line above the bar."""
        ...


class Session(Protocol):
    """The shelf, and somebody who hears notes and sees how far things are: a terminal, or a callback of Python."""

    @property
    def shelf(self) -> Shelf:
        """The shelf of models; reading it creates nothing."""
        ...

    @property
    def spare(self) -> Spare:
        """The processors that other programs leave to this one."""
        ...

    @property
    def tensorboard(self) -> str | None:
        """The folder that trainings write TensorBoard's curves into; None for none."""
        ...

    def note(self, line: str, command: Sequence[str] = ()) -> None:
        """Say something to a person; command: words of a command line to try, behind it."""
        ...

    def bar(self, total: int | None, what: str, unit: str = "B", own_time: bool = False) -> AbstractContextManager[Bar]:
        """Show how far something is; total None where it is not known; own_time: `extra` says how long it will take."""
        ...


class Silent:
    """A session that nobody hears."""

    def __init__(self, shelf: Shelf, spare: Spare | None = None) -> None:
        from seqcli.threads import Spare

        self.shelf, self.spare = shelf, spare or Spare()
        self.tensorboard: str | None = None

    def note(self, line: str, command: Sequence[str] = ()) -> None:
        """Say nothing."""

    @contextmanager
    def bar(self, total: int | None, what: str, unit: str = "B", own_time: bool = False) -> Iterator[Bar]:
        """Show nothing."""
        yield _Unseen()


class Heard(Silent):
    """A session whose notes go to a function."""

    def __init__(self, shelf: Shelf, spare: Spare, hear: Callable[[str], object]) -> None:
        super().__init__(shelf, spare)
        self._hear = hear

    def note(self, line: str, command: Sequence[str] = ()) -> None:
        """Let it be heard, the command behind it."""
        self._hear(" ".join([line, *command]))


class _Unseen:
    """A bar that nobody sees."""

    def to(self, count: int, total: int | None = None, extra: str = "") -> None:
        pass

    def note(self, line: str) -> None:
        pass
