"""Dialogues in JSON: an object or a list a line, or one document, as chats are exported by Telegram and its like."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from seqcli.dialogue.dialogues import Dialogue, Turn, dialogue_of
from seqcli.dialogue.sessions import Message, sessions
from seqcli.errors import CorpusError

IDS = ("dialogue", "dialogue_id", "dialog", "dialog_id", "conversation", "conversation_id", "conv_id", "thread", "id")
SPEAKERS = ("speaker", "from", "role", "author", "sender_name", "sender", "user", "name", "who")
TEXTS = ("text", "utterance", "message", "content", "value", "line", "body")
TURNS = ("dialogue", "dialog", "turns", "utterances", "messages", "conversation", "conversations", "chats", "list")
TIMES = ("date_unixtime", "timestamp_ms", "timestamp", "ts", "date", "time", "created_at")
MILLISECONDS = 1e11  # seconds are fewer for another thousand years


def is_lines(lines: Sequence[str]) -> bool:
    """Return whether the first lines of a text are JSON values, one each."""
    if not lines or lines[0].lstrip()[:1] not in ("{", "["):
        return False
    try:
        found = json.loads(lines[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) or (bool(found) and len(lines) > 1 and not _is_many(found))


def of_lines(lines: Iterable[str], where: str) -> Iterator[Dialogue]:
    """Yield the dialogues of JSON lines: a dialogue each, or a turn each with the dialogue that it is of."""
    before: Any = None
    turns: list[Turn] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            found = list(_dialogues(value))
        except (ValueError, RecursionError) as error:
            raise CorpusError(
                f"{where}, line {number}: no JSON of a dialogue ({_short(error)}); mend the line."
            ) from error
        if found:
            yield from found
            continue
        turn = _message(value)
        if turn is None:
            raise CorpusError(
                f"{where}, line {number}: neither turns ({', '.join(TURNS[:4])}) nor a text; mend the line."
            )
        now = next((value[key] for key in IDS if key in value), None)
        if turns and now != before:
            yield dialogue_of(turns)
            turns = []
        before = now
        turns += [(turn.who, turn.what)] if turn.what else []
    if turns:
        yield dialogue_of(turns)


def of_document(lines: Iterable[str], where: str) -> Iterator[Dialogue]:
    """Yield the dialogues of one JSON document."""
    text = "\n".join(lines)
    try:
        found = list(_dialogues(json.loads(text)))
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{where} is no JSON document of dialogues ({_short(error)}); mend it.") from error
    if not found:
        raise CorpusError(f"{where} holds no list of turns; give one under {', '.join(TURNS[:5])}.")
    yield from found


def _dialogues(value: Any) -> Iterator[Dialogue]:
    """Yield the dialogues in a value: lists of turns, wherever they stand. Raises ValueError for what is no turn."""
    if isinstance(value, dict):
        for key in TURNS:
            if isinstance(value.get(key), (list, dict)):
                yield from _dialogues(value[key])
                return
        return
    if not isinstance(value, list) or not value:
        return
    if _is_many(value):
        for one in value:
            yield from _dialogues(one)
        return
    messages = [_message(one) for one in value]
    for place, message in enumerate(messages, 1):
        if message is None:
            raise ValueError(f"turn {place} has no text")
    yield from sessions([message for message in messages if message is not None and message.what])


def _is_many(values: Any) -> bool:
    """Return whether values are dialogues, not turns of one."""
    return isinstance(values, list) and all(
        isinstance(one, list) or (isinstance(one, dict) and any(isinstance(one.get(key), list) for key in TURNS))
        for one in values
    )


def _message(value: Any) -> Message | None:
    """Return a turn; one without words, such as a service message or a picture, is empty. None for what is no turn."""
    if isinstance(value, str):
        return Message("", _line(value), None)
    if not isinstance(value, dict):
        return None
    what = next((value[key] for key in TEXTS if key in value), None)
    if value.get("type") == "service" or (what is None and any(key in value for key in TIMES)):
        return Message("", "", None)
    if isinstance(what, list):  # Telegram: plain text and links, one behind the other
        what = "".join(part if isinstance(part, str) else str(part.get("text", "")) for part in what)
    if not isinstance(what, str):
        return None
    who = next((value[key] for key in SPEAKERS if value.get(key) is not None), "")
    if isinstance(who, dict):
        who = who.get("name", "")
    when = next((value[key] for key in TIMES if key in value), None)
    return Message(str(who).strip(), _line(what), _seconds(when))


def _line(text: str) -> str:
    return " ".join(text.encode("utf-8", "replace").decode().split())  # half of a character is none


def _seconds(when: Any) -> float | None:
    """Return a time of an export in seconds; None for what is none."""
    try:
        number = float(when)
    except (TypeError, ValueError):
        try:
            return datetime.fromisoformat(str(when)).timestamp()
        except (ValueError, OverflowError):
            return None
    return number / 1000 if number > MILLISECONDS else number


def _short(error: Exception) -> str:
    return str(error)[:80]
