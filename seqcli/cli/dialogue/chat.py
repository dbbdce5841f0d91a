"""reply --interactive: a chat on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqcli.cli.line_editor import Choice, check_terminal, lines_typed
from seqcli.cli.session import Session
from seqcli.errors import SeqcliError

if TYPE_CHECKING:
    from seqcli.dialogue.answer_settings import Replying
    from seqcli.dialogue.chat import Chat

COMMANDS = {
    "/undo": "take back the last line and its reply",
    "/retry": "reply anew",
    "/why": "the words that the reply looked at",
    "/save FILE": "write the chat into a file",
}
WELCOME = "Say something; Ctrl-D ends. " + "; ".join(f"{name}: {what}" for name, what in COMMANDS.items()) + "."


def talk(session: Session, model: str | None, how: Replying, said: Sequence[str]) -> None:
    """Let a person talk with a model, until Ctrl-D. said: before the chat begins."""
    check_terminal()
    from seqcli.dialogue.answers import open_dialogue
    from seqcli.dialogue.chat import Chat

    chat = Chat(open_dialogue(session, model), how, said)
    session.note(WELCOME)
    for line in lines_typed(_suggest, len(COMMANDS)):
        if line.strip():
            try:
                session.terminal.texts(_done(chat, line.strip()))
            except SeqcliError as error:
                session.note(str(error))


def _done(chat: Chat, line: str) -> list[str]:
    """Do what a line asks, and return what is to be shown."""
    command, _, rest = line.partition(" ")
    if command == "/undo":
        chat.undo()
        return chat.said[-1:]
    if command == "/retry":
        return [chat.retry()]
    if command == "/why":
        return [f"{one.weight:4.0%}  {one.word}  ({one.turns_back} back)" for one in chat.why()]
    if command == "/save" and rest:
        chat.save(rest.strip())
        return []
    if command.startswith("/"):
        return [f"{name}: {what}" for name, what in COMMANDS.items()]
    return [chat.answer(line)]


def _suggest(line: str) -> list[Choice]:
    if not line.startswith("/"):
        return []
    fitting = [(name.split()[0], what) for name, what in COMMANDS.items() if name.startswith(line)]
    return [Choice(name, what, name[len(line) :], 0) for name, what in fitting]
