"""Lines that are typed on a terminal with suggestions below them; the only module that uses prompt_toolkit."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from seqcli.errors import MisuseError, escape

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

KEYS = "Tab takes a word, ↑ ↓ choose another, Enter begins a new line, Ctrl-D ends"


class Choice(NamedTuple):
    """A suggestion: what is shown, what is said beside it, what it adds, once it has removed some characters."""

    shown: str
    beside: str
    added: str
    removed: int


Suggest = Callable[[str], Sequence[Choice]]


def check_terminal() -> None:
    """Raise MisuseError where nobody can type."""
    streams = (sys.stdin, sys.stdout)
    if not all(stream is not None and not stream.closed and stream.isatty() for stream in streams):
        raise MisuseError("--interactive needs a terminal to type on; without it give a prompt, --file or a pipe.")


def lines_typed(suggest: Suggest, rows: int) -> Iterator[str]:
    """Yield each line that is typed, until Ctrl-D; rows: as many suggestions as are shown."""
    session = _session(suggest, rows)
    while True:
        try:
            yield session.prompt("> ")
        except EOFError:
            return


def _session(suggest: Suggest, rows: int) -> PromptSession[str]:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import Completer, Completion

    class Suggestions(Completer):
        def get_completions(self, document: Any, complete_event: Any) -> Iterable[Completion]:
            if document.is_cursor_at_the_end:
                for one in suggest(document.text):
                    yield Completion(one.added, -one.removed, escape(one.shown), one.beside)

    suggestions = Suggestions()
    return PromptSession(
        completer=suggestions,
        complete_while_typing=True,
        key_bindings=_keys(suggestions),
        bottom_toolbar=KEYS,
        reserve_space_for_menu=rows + 1,
    )


def _keys(suggestions: Any) -> Any:
    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()

    @keys.add("tab")
    def take(event: Any) -> None:
        """Take the word that was chosen, or the first; then suggest the next."""
        buffer = event.current_buffer
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None  # what was chosen stands in the line already
        else:
            found = suggestions.get_completions(buffer.document, CompleteEvent(completion_requested=True))
            if (first := next(iter(found), None)) is not None:
                buffer.apply_completion(first)
        buffer.start_completion()

    @keys.add("c-d")
    def end(event: Any) -> None:
        """End, whatever stands in the line."""
        event.app.exit(exception=EOFError)

    return keys
