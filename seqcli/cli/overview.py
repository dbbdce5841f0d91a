"""What `seqcli` alone says: what is in this folder, in ten lines, and which command comes next."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from seqcli.cli.layout import display_width, shell_word
from seqcli.cli.session import Session
from seqcli.errors import ModelError, quoted
from seqcli.quantities import size

if TYPE_CHECKING:
    from seqcli.store import Record

TEXTS = (".txt", ".text", ".md", ".rst", ".tex", ".csv", ".tsv", ".jsonl")
LOOKED = 2_000  # entries of a folder that are looked at
NAMED = 3  # texts, and models, that are named
ROOM = 80  # columns of a line
ASK = {  # task -> the command that asks its models, with something to ask
    "lm": ("predict-word", '"once upon a"', "the word that comes next"),
    "vectors": ("neighbors", "sea", "the nearest words"),
    "translation": ("translate", '"good morning"', "a translation"),
    "dialogue": ("reply", '"How are you?"', "a reply"),
    "fill": ("fill", '"she [_] the door"', "the word in the gap"),
    "sentences": ("sample", "-n 5", "sentences of its own"),
}
ASK_JAPANESE = {"lm": "むかし", "vectors": "海", "dialogue": "元気ですか。", "fill": "猫が[_]いる。"}
_SIDE = re.compile(r"(.*)\.([a-z]{2})")  # train.en, train.de


class Texts(NamedTuple):
    """The texts of a folder: names with their sizes, and pairs of files that are translations of each other."""

    names: list[str]
    sizes: list[int]
    pairs: list[tuple[str, str]]


def overview(session: Session) -> list[str]:
    """Return what is here and what can be done with it."""
    texts = texts_in(os.curdir)
    models, damaged = _models(session)
    lines = [f"Here: {_counted(texts, models, damaged, session)}."]
    if texts.names:
        some = [f"{name} ({size(count)})" for name, count in zip(texts.names, texts.sizes, strict=True)][:NAMED]
        lines.append(f"  texts: {', '.join(some)}{' ...' if len(texts.names) > NAMED else ''}")
    if models:
        lines.append(f"  models: {', '.join(map(_told, models[:NAMED]))}{' ...' if len(models) > NAMED else ''}")
    lines.append("Next:")
    steps = list(_steps(texts, models))
    width = max(display_width(command) for command, _ in steps)
    for command, what in steps:
        line = f"  {command}{' ' * (width - display_width(command))}  # {what}"
        lines.append(line if display_width(line) <= ROOM else f"  {command}")
    lines.append("More: seqcli examples, seqcli --help, seqcli doctor (this machine)")
    return lines


def texts_in(folder: str) -> Texts:
    """Return the texts of a folder by their names alone, those of its folders counted as one."""
    from seqcli.text.files import COMPRESSED, DOCUMENTS

    found: list[tuple[str, int]] = []
    sides: dict[str, list[str]] = {}
    for entry in sorted(_entries(folder), key=lambda entry: entry.name):
        name = entry.name
        while name.lower().endswith(COMPRESSED):
            name = os.path.splitext(name)[0]
        if side := _SIDE.fullmatch(name):
            sides.setdefault(side[1], []).append(entry.name)
        if name.lower().endswith(TEXTS + DOCUMENTS):
            found.append((entry.name, entry.stat().st_size))
    pairs = [(both[0], both[1]) for both in sides.values() if len(both) > 1]
    return Texts([name for name, _ in found], [count for _, count in found], pairs)


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    """Yield the files of a folder that are not hidden."""
    try:
        with os.scandir(folder) as entries:
            for _, entry in zip(range(LOOKED), entries, strict=False):
                if not entry.name.startswith(".") and entry.is_file():
                    yield entry
    except OSError:
        return


def _models(session: Session) -> tuple[list[Record], int]:
    """Return the models, those that answer where none is named first, and how many are damaged."""
    from seqcli.store import Damaged

    try:
        entries = list(session.shelf.entries())
        chosen = set(session.shelf.defaults().values())
    except ModelError:
        return [], 0
    whole = [entry for entry in entries if not isinstance(entry, Damaged)]
    return sorted(whole, key=lambda record: record.name not in chosen), len(entries) - len(whole)


def _counted(texts: Texts, models: list[Record], damaged: int, session: Session) -> str:
    count = len(texts.names)
    said = [f"{count:,} {'text' if count == 1 else 'texts'}" if count or not texts.pairs else ""]
    said += ["pairs of sentences"] if texts.pairs else []
    where = quoted(session.models_dir)
    said.append(f"{len(models)} {'model' if len(models) == 1 else 'models'} in {where}" if models else "no model yet")
    if damaged:
        said.append(f"{damaged} damaged (seqcli models check)")
    return ", ".join(filter(None, said)).replace("0 texts", "no text")


def _told(record: Record) -> str:
    from seqcli.cli.summary import headline, kind

    return f"{record.name} ({', '.join(filter(None, (kind(record), headline(record))))})"


def _steps(texts: Texts, models: list[Record]) -> Iterator[tuple[str, str]]:
    """Yield at most five commands, each with what it gives."""
    asked: set[str] = set()
    for record in models:
        if record.task not in asked and len(asked) < NAMED:
            asked.add(record.task)
            yield _question(record), ASK[record.task][2]
    if texts.pairs:
        yield f"seqcli train-translate {' '.join(map(shell_word, texts.pairs[0]))}", "learn to translate"
    if texts.names:
        first = max(zip(texts.sizes, texts.names, strict=True))[1]  # the longest teaches most
        if not models:
            yield f"seqcli corpus {shell_word(first)}", "look at it before learning"
        yield f"seqcli train-lm {shell_word(first)}", "learn from it, some minutes"
        if not models:
            yield f"seqcli train-w2v {shell_word(first)}", "learn what its words mean"
    if not texts.names and not texts.pairs and not models:
        yield "seqcli train-lm corpus:stories", "learn from stories that come along"
        yield "seqcli corpora list", "public texts, to be fetched"


def _question(record: Record) -> str:
    command, something, _ = ASK[record.task]
    if getattr(record.text, "tokenizer", "") in ("japanese", "mecab") and record.task in ASK_JAPANESE:
        something = shell_word(ASK_JAPANESE[record.task])
    return f"seqcli {command} {something} -m {shell_word(record.name)}"
