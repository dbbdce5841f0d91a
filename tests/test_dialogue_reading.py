"""Dialogues are read from any of the forms that people have them in; what does not fit is named with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seqcli.dialogue.dialogues import Dialogue
from seqcli.dialogue.reading import dialogues_of_lines, read_dialogues
from seqcli.errors import CorpusError

SAID = [("Hello .", "Hi , Ann .", "Bye ."), ("Tea ?", "Yes .")]
WHO = [("Ann", "Bob", "Ann"), ("Cy", "Di")]
WITH_SPEAKERS = [Dialogue(said, who) for said, who in zip(SAID, WHO, strict=True)]
WITHOUT = [Dialogue(said) for said in SAID]
TURNS = [
    [{"speaker": w, "text": t} for w, t in zip(one.speakers, one.utterances, strict=True)] for one in WITH_SPEAKERS
]
LINED = [
    (n, who, what)
    for n, one in enumerate(WITH_SPEAKERS)
    for who, what in zip(one.speakers, one.utterances, strict=True)
]
FORMS = {
    "__eou__": ("".join(" __eou__ ".join(said) + " __eou__\n" for said in SAID), WITHOUT),
    "lines": ("\n\n".join("\n".join(said) for said in SAID), WITHOUT),
    "json turns": ("\n".join(json.dumps({"turns": turns}) for turns in TURNS), WITH_SPEAKERS),
    "json texts": ("\n".join(json.dumps({"dialogue": said}) for said in SAID), WITHOUT),
    "json lists": ("\n".join(json.dumps(said) for said in SAID), WITHOUT),
    "json rows": (
        "\n".join(json.dumps({"dialogue_id": n, "speaker": who, "text": what}) for n, who, what in LINED),
        WITH_SPEAKERS,
    ),
    "json document": (json.dumps([{"messages": turns} for turns in TURNS], indent=1), WITH_SPEAKERS),
    "json document on a line": (json.dumps([{"messages": turns} for turns in TURNS]), WITH_SPEAKERS),
    "tsv header": (
        "dialogue\tspeaker\ttext\n" + "".join(f"{n}\t{who}\t{what}\n" for n, who, what in LINED),
        WITH_SPEAKERS,
    ),
    "tsv columns": ("".join(f"{n}\t{who}\t{what}\n" for n, who, what in LINED), WITH_SPEAKERS),
    "tsv cells": ("\n".join("\t".join(said) for said in SAID), WITHOUT),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_seen_from_the_text(form: str) -> None:
    text, expected = FORMS[form]
    assert list(dialogues_of_lines(text.split("\n"), "it")) == expected


def test_names_before_a_colon_are_speakers_where_they_come_again() -> None:
    lines = ["Ann: Hello", "Bob: Hi", "Ann: How are you?", "Bob: Fine: thanks"]
    [found] = dialogues_of_lines(lines, "it")
    assert found == Dialogue(("Hello", "Hi", "How are you?", "Fine: thanks"), ("Ann", "Bob", "Ann", "Bob"))
    [found] = dialogues_of_lines(["Note: this", "Well: that", "So: what"], "it")
    assert found.speakers == ()


WHATSAPP = """12/31/20, 9:15 PM - Messages and calls are end-to-end encrypted.
12/31/20, 9:15 PM - Ann: Are you there?
12/31/20, 9:16 PM - Bob: Yes,
I am
12/31/20, 9:16 PM - Bob: <Media omitted>
1/1/21, 11:02 AM - Ann: Happy new year!
1/1/21, 11:03 AM - Bob: To you too: all the best"""
OTHER_WHATSAPP = """[31.12.20, 21:15:01] Ann: Are you there?
[31.12.20, 21:16:10] Bob: Yes,
I am
[31.12.20, 21:16:30] Bob: \u200eimage omitted
[01.01.21, 11:02:00] Ann: Happy new year!
[01.01.21, 11:03:00] Bob: To you too: all the best"""
TELEGRAM = {
    "name": "Bob",
    "type": "personal_chat",
    "messages": [
        {"id": 0, "type": "service", "date": "2020-12-31T21:00:00", "actor": "Ann", "text": ""},
        {"id": 1, "type": "message", "date": "2020-12-31T21:15:00", "from": "Ann", "text": "Are you there?"},
        {"id": 2, "type": "message", "date": "2020-12-31T21:16:00", "from": "Bob", "text": ["Yes,", " I am"]},
        {"id": 3, "type": "message", "date": "2020-12-31T21:16:00", "from": "Bob", "photo": "a.jpg", "text": ""},
        {"id": 4, "type": "message", "date": "2021-01-01T11:02:00", "from": "Ann", "text": "Happy new year!"},
        {
            "id": 5,
            "type": "message",
            "date": "2021-01-01T11:03:00",
            "from": "Bob",
            "text": ["To ", {"type": "bold", "text": "you"}, " too: all the best"],
        },
    ],
}
CHAT = [
    Dialogue(("Are you there?", "Yes, I am"), ("Ann", "Bob")),
    Dialogue(("Happy new year!", "To you too: all the best"), ("Ann", "Bob")),
]


@pytest.mark.parametrize("text", [WHATSAPP, OTHER_WHATSAPP, json.dumps(TELEGRAM, indent=1), json.dumps(TELEGRAM)])
def test_an_exported_chat_is_cut_where_nobody_wrote_for_hours(text: str) -> None:
    assert list(dialogues_of_lines(text.split("\n"), "it")) == CHAT


def test_messages_that_are_exported_the_last_one_first_are_put_in_order() -> None:
    messages = [
        {"sender_name": "Bob", "timestamp_ms": 1_600_000_060_000, "content": "Hi"},
        {"sender_name": "Ann", "timestamp_ms": 1_600_000_000_000, "content": "Hello"},
    ]
    [found] = dialogues_of_lines([json.dumps({"messages": messages})], "it")
    assert found == Dialogue(("Hello", "Hi"), ("Ann", "Bob"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a __eou__ b __eou__\nno mark here\n", 2),
        ('{"turns": ["a", "b"]}\n{"turns": ["a", 3]}\n', 2),
        ('{"turns": ["a", "b"]}\n{"other": 1}\n', 2),
        ('{"turns": ["a", "b"]}\nnot json\n', 2),
        ("dialogue\tspeaker\ttext\n1\tA\thello\n1\tB\n", 3),
        ("Ann: Hello\nBob: Hi\n" * 9 + "and no name\n", 19),
    ],
)
def test_a_line_that_does_not_fit_is_named(text: str, line: int) -> None:
    with pytest.raises(CorpusError, match=f"^it, line {line}: .*;"):
        list(dialogues_of_lines(text.split("\n"), "it"))


def test_files_are_read_one_behind_the_other(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text(FORMS["__eou__"][0], "utf-8")
    (tmp_path / "two.jsonl").write_text(FORMS["json turns"][0], "utf-8")
    assert read_dialogues([str(tmp_path / "one.txt"), str(tmp_path / "two.jsonl")]) == [*WITHOUT, *WITH_SPEAKERS]


def test_a_file_of_blank_lines_holds_no_dialogue(tmp_path: Path) -> None:
    (tmp_path / "blank.txt").write_text("\n\n", "utf-8")
    with pytest.raises(CorpusError, match="no dialogue"):
        read_dialogues([str(tmp_path / "blank.txt")])
