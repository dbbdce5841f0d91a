"""Dialogues from files: one a line with __eou__, one utterance a line, JSON lines, tables, exported chats.

Which of these a file is, its beginning shows. What does not fit is named with its line.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from seqcli.dialogue import exported_chats, json_dialogues
from seqcli.dialogue.dialogues import Dialogue, Turn, dialogue_of
from seqcli.dialogue.json_dialogues import IDS, SPEAKERS, TEXTS
from seqcli.errors import CorpusError, MisuseError
from seqcli.text.files import files_of, named
from seqcli.text.form import TEXT, Form
from seqcli.text.reading import read_lines

HEAD = 200  # lines that show what a file is
END = "__eou__"  # ends an utterance where a line is a dialogue
MOSTLY = 0.9  # of the lines at the beginning
SPEAKERS_SHARE = 0.5  # of lines that begin with a name and a colon, names there are at most
_NAMED = re.compile(r"\s*([^\s:][^:]{0,39}):\s+(\S.*)")  # Ann: Good morning.
Lines = Iterator[str]


def read_dialogues(paths: Sequence[str], form: Form = TEXT) -> list[Dialogue]:
    """Return the dialogues of files, in order. Raises CorpusError for what is none, with its line."""
    if form.columns:
        raise MisuseError("Dialogues of a table are found by its header, such as dialogue, speaker, text; no --column.")
    files = files_of(paths, replace(form, rows=True))
    found = [one for path in files for one in dialogues_of_lines(_lines(path, form), named(path))]
    if not found:
        raise CorpusError(f"There is no dialogue in {named(*paths)}; give utterances, one a line.")
    return found


def read_history(path: str, form: Form = TEXT) -> Dialogue:
    """Return what was said so far: the last dialogue of a file, which may hold one utterance alone."""
    return read_dialogues([path], form)[-1]


def _lines(path: str, form: Form) -> Lines:
    return read_lines([path], replace(form, rows=True))


def dialogues_of_lines(lines: Iterable[str], where: str) -> Iterator[Dialogue]:
    """Yield the dialogues of a text that comes line by line."""
    rest = iter(lines)
    head = list(itertools.islice(rest, HEAD))
    reader = _reader(head)
    yield from reader(itertools.chain(head, rest), where)


def _reader(head: Sequence[str]) -> Callable[[Lines, str], Iterator[Dialogue]]:
    some = [line for line in head if line.strip()]
    first = some[0].lstrip() if some else ""
    if json_dialogues.is_lines(some):
        return json_dialogues.of_lines
    if exported_chats.is_chat(some):
        return exported_chats.of_lines
    if first[:1] in ("{", "["):
        return json_dialogues.of_document
    if any(END in line for line in some):
        return _dialogue_a_line
    if some and sum("\t" in line for line in some) >= MOSTLY * len(some):
        return _table
    return _utterance_a_line


def _dialogue_a_line(lines: Lines, where: str) -> Iterator[Dialogue]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if END not in line:
            raise CorpusError(f"{where}, line {number}: no {END} ends an utterance, as on other lines; mend the line.")
        utterances = tuple(" ".join(one.split()) for one in line.split(END) if one.strip())
        if utterances:
            yield Dialogue(utterances)


def _utterance_a_line(lines: Lines, where: str) -> Iterator[Dialogue]:
    head = list(itertools.islice(lines, HEAD))
    named_lines = _are_named([line for line in head if line.strip()])
    for block in _blocks(itertools.chain(head, lines)):
        if not named_lines:
            yield Dialogue(tuple(line.strip() for _, line in block))
            continue
        turns = []
        for number, line in block:
            found = _NAMED.fullmatch(line)
            if found is None:
                raise CorpusError(f"{where}, line {number}: no speaker and colon, as on other lines; mend the line.")
            turns.append((found[1].strip(), found[2].strip()))
        yield dialogue_of(turns)


def _are_named(lines: Sequence[str]) -> bool:
    """Return whether lines begin with the name of who speaks: the same few names again and again."""
    names = Counter(found[1].strip() for line in lines if (found := _NAMED.fullmatch(line)))
    return len(lines) > 1 and names.total() >= MOSTLY * len(lines) and len(names) <= SPEAKERS_SHARE * len(lines)


def _blocks(lines: Lines) -> Iterator[list[tuple[int, str]]]:
    """Yield the lines, with their numbers, that stand between blank ones."""
    numbered = enumerate(lines, 1)
    for blank, block in itertools.groupby(numbered, key=lambda pair: not pair[1].strip()):
        if not blank:
            yield list(block)


def _table(lines: Lines, where: str) -> Iterator[Dialogue]:
    """Yield the dialogues of lines with TABs: by a header, or as their columns look."""
    head = list(itertools.islice(lines, HEAD))
    rows = [line.split("\t") for line in head if line.strip()]
    rest = itertools.chain(head, lines)
    names = [cell.strip().lower() for cell in rows[0]]
    if any(name in TEXTS for name in names):
        columns = [next((names.index(n) for n in some if n in names), None) for some in (IDS, SPEAKERS, TEXTS)]
        yield from _by_columns(rest, where, columns, len(names), skip=1)
    elif len({len(row) for row in rows}) > 1 or not _is_repeated(rows):
        yield from _turns_in_cells(rest)  # utterances side by side: a dialogue a line
    elif len(rows[0]) == 2 and len(list(itertools.groupby(rows, key=lambda row: row[0]))) > len(
        {row[0] for row in rows}
    ):
        yield from _by_columns(rest, where, [None, 0, 1], 2)  # they take turns: speakers
    else:
        yield from _by_columns(rest, where, [0, 1 if len(rows[0]) > 2 else None, len(rows[0]) - 1], len(rows[0]))


def _is_repeated(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the first column holds what comes again: a dialogue's number, or who speaks."""
    return len({row[0] for row in rows}) <= SPEAKERS_SHARE * len(rows)


def _turns_in_cells(lines: Lines) -> Iterator[Dialogue]:
    for line in lines:
        utterances = tuple(" ".join(cell.split()) for cell in line.split("\t") if cell.strip())
        if utterances:
            yield Dialogue(utterances)


def _by_columns(
    lines: Lines, where: str, columns: Sequence[int | None], width: int, skip: int = 0
) -> Iterator[Dialogue]:
    """Yield dialogues of rows with an utterance each; columns: of the dialogue, the speaker, the text."""
    identity, speaker, text = columns
    assert text is not None
    before: str | None = None
    turns: list[Turn] = []
    for number, line in enumerate(lines, 1):
        if number <= skip:
            continue
        cells = line.split("\t") if line.strip() else []
        if cells and len(cells) != width:
            raise CorpusError(f"{where}, line {number}: {len(cells)} columns, expected {width}; mend the line.")
        now = before if identity is None or not cells else cells[identity]
        if turns and (not cells or now != before):
            yield dialogue_of(turns)
            turns = []
        before = now
        if cells and cells[text].strip():
            turns.append((cells[speaker].strip() if speaker is not None else "", " ".join(cells[text].split())))
    if turns:
        yield dialogue_of(turns)
