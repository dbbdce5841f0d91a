"""A chat of months cut into dialogues: a long silence ends one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from seqcli.dialogue.dialogues import Dialogue, dialogue_of

SILENCE = 6 * 3600.0  # seconds: a night ends a dialogue, a lesson does not


class Message(NamedTuple):
    """Who wrote what, and when in seconds, where that is known."""

    who: str
    what: str
    when: float | None


def sessions(messages: Sequence[Message]) -> Iterator[Dialogue]:
    """Yield the dialogues of a chat, in the order of their times where all are known."""
    timed = all(message.when is not None for message in messages)
    if timed:
        messages = sorted(messages, key=lambda message: message.when or 0.0)  # some programs write the last one first
    turns: list[tuple[str, str]] = []
    before: float | None = None
    for who, what, when in messages:
        if turns and timed and before is not None and (when or 0.0) - before > SILENCE:
            yield dialogue_of(turns)
            turns = []
        turns.append((who, what))
        before = when
    if turns:
        yield dialogue_of(turns)
