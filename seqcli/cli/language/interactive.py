"""predict-word --interactive: a line that completes as it is typed."""

from __future__ import annotations

from seqcli.cli.language.asked_model import asked_model
from seqcli.cli.line_editor import Choice, check_terminal, lines_typed
from seqcli.cli.session import Session


def type_with(session: Session, model: str | None, count: int) -> None:
    """Let lines be typed with a model's suggestions, until Ctrl-D."""
    check_terminal()
    completer = asked_model(session, model).completer()

    def suggest(line: str) -> list[Choice]:
        found = completer.complete(line, count)
        return [Choice(one.word, f"{one.probability:.1%}", one.added, one.removed) for one in found]

    for _ in lines_typed(suggest, count):
        pass
