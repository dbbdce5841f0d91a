"""Sentences that people corrected: .m2 files, or a file of sources and one or more of corrections, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from seqcli.errors import CorpusError, MisuseError, quoted
from seqcli.fill.proofreading.reading import stands_apart
from seqcli.text.reading import read_lines
from seqcli.text.tokens import make, shown, tokens_of

NOTHING = ("-NONE-", "")  # what stands in an .m2 file for no words
WHOLE = "noop"  # the kind of an annotation that says a sentence is right
Tokens = tuple[str, ...]


class GoldEdit(NamedTuple):
    """Tokens start to end of the source become others."""

    start: int
    end: int
    instead: Tokens


class GoldSentence(NamedTuple):
    """A sentence as it was written, its tokens, and what each annotator made of it."""

    text: str
    tokens: Tokens
    corrections: tuple[Tokens, ...]
    edits: tuple[tuple[GoldEdit, ...], ...]


def read_gold(paths: Sequence[str]) -> list[GoldSentence]:
    """Return the sentences of one .m2 file, or of a file of sources and files of corrections. Raises CorpusError."""
    if len(paths) == 1:
        return read_m2(paths[0])
    if not paths:
        raise MisuseError("Name an .m2 file, or a file of sources and one of corrections.")
    source, *corrected = (list(read_lines([path])) for path in paths)
    for path, lines in zip(paths[1:], corrected, strict=True):
        if len(lines) != len(source):
            raise CorpusError(
                f"{quoted(path)} has {len(lines):,} lines and {quoted(paths[0])} {len(source):,}; give as many of both."
            )
    apart = stands_apart("\n".join(source))
    found = []
    for text, *others in zip(source, *corrected, strict=True):
        tokens = tokens_for_metrics(text, apart)
        made = tuple(tokens_for_metrics(other, apart) for other in others)
        if tokens:
            found.append(GoldSentence(text, tokens, made, tuple(edits_between(tokens, one) for one in made)))
    return found


def tokens_for_metrics(text: str, apart: bool) -> Tokens:
    """Return what is compared: what stands between spaces where the text is cut into tokens, else words and marks."""
    if apart:
        return tuple(text.split())
    return tuple(shown(token) for token in tokens_of(make("words", False), text))


def edits_between(source: Tokens, corrected: Tokens) -> tuple[GoldEdit, ...]:
    """Return the edits that make one sentence the other, by their alignment; neighbouring ones are one."""
    found: list[GoldEdit] = []
    for edit in single_edits(source, corrected):
        if found and found[-1].end == edit.start:
            found[-1] = GoldEdit(found[-1].start, edit.end, (*found[-1].instead, *edit.instead))
        else:
            found.append(edit)
    return tuple(found)


def single_edits(source: Tokens, corrected: Tokens) -> list[GoldEdit]:
    """Return the edits that make one sentence the other: each of one token, put in, left out or changed."""
    from rapidfuzz.distance import Levenshtein

    found = []
    for code in Levenshtein.opcodes(source, corrected):
        if code.tag == "replace":
            pairs = zip(range(code.src_start, code.src_end), range(code.dest_start, code.dest_end), strict=True)
            found += [GoldEdit(i, i + 1, (corrected[j],)) for i, j in pairs]
        elif code.tag == "insert":
            found.append(GoldEdit(code.src_start, code.src_start, corrected[code.dest_start : code.dest_end]))
        elif code.tag == "delete":
            found += [GoldEdit(i, i + 1, ()) for i in range(code.src_start, code.src_end)]
    return found


def read_m2(path: str) -> list[GoldSentence]:
    """Return the sentences of an .m2 file. Raises CorpusError with the line that is wrong."""
    found: list[GoldSentence] = []
    tokens: Tokens | None = None
    edits: dict[int, list[GoldEdit]] = {}
    for number, line in enumerate([*read_lines([path]), "S "], 1):
        where = f"{quoted(path)}, line {number}"
        if line.startswith("S "):
            if tokens:
                found.append(_sentence(tokens, edits))
            tokens, edits = tuple(line[2:].split()), {}
        elif line.startswith("A ") and tokens is not None:
            annotator, edit = _annotation(line, len(tokens), where)
            some = edits.setdefault(annotator, [])
            some += [edit] if edit else []
        elif line.strip() and line.strip() != "S":
            raise CorpusError(f"{where}: neither a sentence (S …) nor an annotation (A …); give an .m2 file.")
    if not found:
        raise CorpusError(f"{quoted(path)} holds no sentence; give an .m2 file.")
    return found


def _annotation(line: str, tokens: int, where: str) -> tuple[int, GoldEdit | None]:
    """Return the annotator of a line and its edit; None where it says that nothing is wrong."""
    parts = line[2:].split("|||")
    try:
        start, end = map(int, parts[0].split())
        annotator = int(parts[5])
    except (ValueError, IndexError) as error:
        raise CorpusError(f"{where}: no annotation as in A 1 2|||kind|||words|||REQUIRED|||-NONE-|||0.") from error
    if parts[1] == WHOLE or start < 0:
        return annotator, None
    if not start <= end <= tokens:
        raise CorpusError(f"{where}: tokens {start} to {end} of a sentence of {tokens}; mend it.")
    instead = () if parts[2] in NOTHING else tuple(parts[2].split("||")[0].split())
    return annotator, GoldEdit(start, end, instead)


def _sentence(tokens: Tokens, edits: dict[int, list[GoldEdit]]) -> GoldSentence:
    every = tuple(tuple(sorted(some)) for _, some in sorted(edits.items())) or ((),)
    return GoldSentence(" ".join(tokens), tokens, tuple(made(tokens, some) for some in every), every)


def made(tokens: Tokens, edits: Sequence[GoldEdit]) -> Tokens:
    """Return a sentence with edits made; one that overlaps an earlier one is left out."""
    parts: list[str] = []
    at = 0
    for edit in edits:
        if edit.start >= at:
            parts += [*tokens[at : edit.start], *edit.instead]
            at = edit.end
    return (*parts, *tokens[at:])
