"""predict-word --interactive: a line that completes as it is typed."""

from __future__ import annotations

from seqcli.cli.line_editor import Choice, check_terminal, lines_typed
from seqcli.cli.session import Session
from seqcli.language.asked import open_language_model


def type_with(session: Session, model: str | None, count: int) -> None:
    """Let lines be typed with a model's suggestions, until Ctrl-D."""
    check_terminal()
    from seqcli.language.completion import Completer

    completer = Completer(open_language_model(session, model, session.mixing))

    def suggest(line: str) -> list[Choice]:
        found = completer.complete(line, count)
        return [Choice(one.word, f"{one.probability:.1%}", one.added, one.removed) for one in found]

    for _ in lines_typed(suggest, count):
        pass
