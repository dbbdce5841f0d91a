"""What a command works with: the shelf of models and the terminal."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from seqcli.cli.terminal import Terminal
from seqcli.errors import quoted
from seqcli.text.form import Form
from seqcli.threads import Spare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seqcli.cli.terminal import Bar
    from seqcli.language.answer_settings import Mixing
    from seqcli.store import Shelf

MODELS_DIR = "models"
COMPLETING = "_SEQCLI_COMPLETE"  # click's variable: a shell asks what may be completed, and wants nothing else


@dataclass
class Session:
    """What a command works with: the shelf, the terminal, the processors; options set mixed, form and tensorboard."""

    models_dir: str = MODELS_DIR
    terminal: Terminal = field(default_factory=Terminal)
    mixed: dict[str, Any] = field(default_factory=dict)  # what --mix, --cache and --dynamic said
    form: Form = field(default_factory=Form)
    spare: Spare = field(default_factory=Spare)
    tensorboard: str | None = None  # the folder that --tensorboard named
    _looked: bool = False  # at who may write to the shelf

    @property
    def shelf(self) -> Shelf:
        """The shelf of models; reading it creates nothing. That anybody could change it is said once."""
        from seqcli.store import Shelf

        shelf = Shelf(self.models_dir)
        if not self._looked and shelf.is_open_to_all() and COMPLETING not in os.environ:
            what = f"everybody on this machine can write to {quoted(shelf.root)}, and change what its models answer"
            self.note(f"Note: {what}; close it with chmod o-w.")
        self._looked = True
        return shelf

    def note(self, line: str, command: Sequence[str] = ()) -> None:
        """Say something on stderr; command: words of a command line to try, behind it."""
        self.terminal.note(line, command)

    def bar(self, total: int | None, what: str, unit: str = "B", own_time: bool = False) -> AbstractContextManager[Bar]:
        """Show how far something is; total None where it is not known."""
        return self.terminal.bar(total, what, unit, own_time)

    @property
    def mixing(self) -> Mixing:
        """What is added to a language model when it answers."""
        from seqcli.language.answer_settings import Mixing

        return Mixing(**self.mixed)

    @property
    def text_form(self) -> Form:
        """How texts are read, with the terminal to hear what is noted of them."""
        return replace(self.form, note=self.terminal.note)
