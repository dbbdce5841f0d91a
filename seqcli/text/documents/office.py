"""The paragraphs of Word documents and OpenDocument texts: tables, text boxes and notes too, what was deleted not."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple
from xml.parsers import expat

from seqcli.errors import CorpusError
from seqcli.text.documents.zip_members import Members


class Marks(NamedTuple):
    """What the elements of a format mean, by their names without the namespace."""

    paragraphs: frozenset[str]
    texts: frozenset[str]  # the elements that letters stand in; none: all
    left_out: frozenset[str]
    breaks: dict[str, str]  # element -> what stands for it


WORD = Marks(
    frozenset({"p"}),
    frozenset({"t"}),
    frozenset({"del", "moveFrom", "Fallback", "rt", "instrText"}),  # Fallback: a text box again, for old programs
    {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"},
)
OPEN = Marks(
    frozenset({"p", "h"}),
    frozenset(),
    frozenset({"tracked-changes", "annotation", "note-citation", "ruby-text", "bookmark-ref", "sequence-decls"}),
    {"tab": " ", "line-break": "\n", "s": " "},
)
WORD_PARTS = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml")


def word_paragraphs(data: io.BytesIO, where: str) -> Iterator[str]:
    """Yield the paragraphs of a .docx, then its notes."""
    with Members(data, where) as members:
        for name in WORD_PARTS:
            if name == WORD_PARTS[0] or name in members.names:
                yield from _Paragraphs(WORD).of(members.read(name), where)


def open_paragraphs(data: io.BytesIO, where: str) -> Iterator[str]:
    """Yield the paragraphs of an .odt."""
    with Members(data, where) as members:
        yield from _Paragraphs(OPEN).of(members.read("content.xml"), where)


class _Paragraphs:
    """Gathers the letters of each paragraph; one inside another, as in a text box, is one of its own."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self._found: list[str] = []
        self._open: list[list[str]] = []  # paragraphs that have begun
        self._skipped = 0  # elements that are left out, and stand open
        self._texts = 0  # elements that letters stand in, and stand open

    def of(self, xml: bytes, where: str) -> list[str]:
        """Return the paragraphs that have words in them."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._letters
        try:
            parser.Parse(xml, True)
        except expat.ExpatError as error:
            raise CorpusError(f"{where} is damaged ({error}); save it again.") from error
        return self._found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        kind = name.rpartition(" ")[2]
        self._skipped += kind in self._marks.left_out
        self._texts += kind in self._marks.texts
        if kind in self._marks.paragraphs:
            self._open.append([])
        elif kind in self._marks.breaks and self._open and not self._skipped:
            self._open[-1].append(self._marks.breaks[kind])

    def _end(self, name: str) -> None:
        kind = name.rpartition(" ")[2]
        self._skipped -= kind in self._marks.left_out
        self._texts -= kind in self._marks.texts
        if kind in self._marks.paragraphs:
            lines = "".join(self._open.pop()).split("\n")
            self._found += filter(None, (" ".join(line.split()) for line in lines))

    def _letters(self, text: str) -> None:
        if self._open and not self._skipped and (self._texts or not self._marks.texts):
            self._open[-1].append(text.replace("\n", " "))
