"""Chats as WhatsApp exports them: lines of date, time, name and message."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from seqcli.dialogue.dialogues import Dialogue
from seqcli.dialogue.sessions import SILENCE, Message, sessions

LOOKED = 20  # lines, one of which is of a chat's kind at least
_STAMP = re.compile(
    r"[\u200e\u200f]?\[?(?P<date>\d{1,4}[./-]\d{1,2}[./-]\d{1,4}),?\s+(?P<hour>\d{1,2})[:.](?P<minute>\d{2})"
    r"(?:[:.](?P<second>\d{2}))?(?:[\s\u202f]*(?P<half>[AaPp])\.?\s?[Mm]\.?)?(?:\]\s?|\s+-\s+)(?P<rest>.*)"
)  # 31.12.20, 21:15 - Ann: Hello;  [12/31/20, 9:15:04 PM] Ann: Hello
_SAID = re.compile(r"[\u200e\u200f]?([^:]{1,80}):\s(.*)")
_NOTHING = re.compile(r"[\u200e\u200f]?<[^<>]{3,60}>|.*\b(?:omitted|weggelassen)\b\W*|null", re.IGNORECASE)
DAY = 86_400.0


def is_chat(lines: Sequence[str]) -> bool:
    """Return whether the first lines of a text are of an exported chat."""
    found = [_STAMP.match(line) for line in lines[:LOOKED]]
    return bool(found) and found[0] is not None and any(one and _SAID.match(one["rest"]) for one in found)


def of_lines(lines: Iterable[str], where: str) -> Iterator[Dialogue]:
    """Yield the dialogues of a chat; notices, pictures and the like are left out, and a long silence ends one."""
    messages: list[Message] = []
    for message in _messages(lines):
        if messages and (message.when or 0.0) - (messages[-1].when or 0.0) > SILENCE:
            yield from sessions(messages)
            messages = []
        messages.append(message)
    if messages:
        yield from sessions(messages)


def _messages(lines: Iterable[str]) -> Iterator[Message]:
    """Yield who wrote what; a line without a date goes on with the message before it."""
    for when, rest in _stamped(lines):
        said = _SAID.fullmatch(" ".join(rest))
        if said and said[2].strip() and not _NOTHING.fullmatch(said[2].strip()):
            yield Message(said[1].strip(), " ".join(said[2].split()), when)


def _stamped(lines: Iterable[str]) -> Iterator[tuple[float, list[str]]]:
    """Yield the seconds and the lines of each entry. Whether day or month stands first no line need tell.

    Another date is the next day: a gap of several is at least as long, and ends a dialogue as well.
    """
    days, last, entry = 0, "", list[str]()
    when = 0.0
    for line in itertools.chain(lines, [""]):
        found = _STAMP.fullmatch(line)
        if found is None:
            entry += [line.strip()] if line.strip() and entry else []
            continue
        if entry:
            yield when, entry
        days, last = days + (found["date"] != last), found["date"]
        hour = int(found["hour"])
        if found["half"]:
            hour = hour % 12 + 12 * (found["half"] in "pP")
        when = days * DAY + 3600.0 * hour + 60.0 * int(found["minute"]) + float(found["second"] or 0)
        entry = [found["rest"]]
    if entry:
        yield when, entry
