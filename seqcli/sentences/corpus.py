"""A text as sentences: its lines, or what its lines and paragraphs are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from seqcli.errors import CorpusError, MisuseError
from seqcli.sentences.settings import SentencesTextSpec
from seqcli.text.corpus import Corpus, pieces_of_lines
from seqcli.text.files import named
from seqcli.text.form import Form, say_nothing
from seqcli.text.reading import read_lines
from seqcli.text.sentences import joined, sentences_of
from seqcli.text.units import WRAPPED_LINE
from seqcli.training.source import Source, corpus_of

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store import Record

LOOKED = 20_000  # lines that tell what a sentence is
BLANK = 0.02  # share of blank lines from which they part paragraphs
SEVERAL = 0.25  # share of lines with more than one sentence from which lines are no sentences


def read_sentence_corpus(session: Session, source: Source, text: SentencesTextSpec, record: Record | None) -> Corpus:
    """Read and encode the sentences of a text, and say what they are; its settings have the unit decided."""
    if text.unit == "auto":
        quiet = replace(source.form, note=say_nothing)  # what is noted is said when the whole is read
        text = replace(text, unit=unit_of(list(islice(read_lines(_seen(source.texts), quiet), LOOKED))))
        if text.unit == "sentence":
            session.note("Sentences: cut where they end, for lines hold several or parts of them (--unit line: lines).")
    parts = [list(sentences(paths, source.form, text.unit)) for paths in (source.texts, source.valid) if paths]
    pieces = [pieces_of_lines(part) for part in parts]
    valid = pieces[1] if source.valid else None
    found = corpus_of(session, source, pieces[0], valid, replace(text, unit="line"), record)
    return replace(found, text=replace(found.text, unit=text.unit))


def _seen(paths: Sequence[str]) -> Sequence[str]:
    """Return the paths that can be read twice: what a sentence is must be known before the first is read."""
    if "-" in paths:
        raise MisuseError("Of standard input say what a sentence is: --unit line, or --unit sentence.")
    return paths


def unit_of(lines: Sequence[str]) -> str:
    """Return what a sentence of a text is that has these lines: line, or sentence."""
    full = [line for line in lines if line.strip()]
    if _is_wrapped(lines):
        return "sentence"
    several = sum(len(sentences_of(line)) > 1 for line in full)
    return "sentence" if several > SEVERAL * len(full) else "line"


def sentences(paths: Sequence[str], form: Form, unit: str) -> Iterator[str]:
    """Yield the sentences of files. Raises CorpusError where there is none."""
    lines = read_lines(paths, form)
    found = False
    for line in lines if unit == "line" else _cut(lines):
        if line.strip():
            found = True
            yield line
    if not found:
        raise CorpusError(f"There is no sentence in {named(*paths)}; give a text with words in it.")


def _cut(lines: Iterator[str]) -> Iterator[str]:
    """Yield the sentences of lines, those of wrapped paragraphs put together again."""
    head = list(islice(lines, LOOKED))
    wrapped = _is_wrapped(head)
    waiting: list[str] = []
    for line in _chained(head, lines):
        if line.strip() and wrapped:
            waiting.append(line.strip())
            continue
        text = joined(waiting) if wrapped else line
        yield from (text[slice(*span)].strip() for span in sentences_of(text))
        waiting = []


def _chained(head: Sequence[str], lines: Iterator[str]) -> Iterator[str]:
    """Yield all lines, and an empty one that ends the last paragraph."""
    yield from head
    yield from lines
    yield ""


def _is_wrapped(lines: Sequence[str]) -> bool:
    """Return whether blank lines part paragraphs whose lines are broken where they are full."""
    blank = sum(not line.strip() for line in lines)
    return blank > BLANK * max(len(lines), 1) and max(map(len, lines), default=0) <= WRAPPED_LINE
