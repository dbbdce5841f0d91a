"""Stored translators made ready to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqcli.errors import MisuseError, quoted
from seqcli.store.tokenizer import tokenizer_of
from seqcli.tasks import TASKS

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store import Record
    from seqcli.translation.lines import LineTranslator
    from seqcli.translation.proper_names import Names
    from seqcli.translation.search import Searching
    from seqcli.translation.sides import Side

USUAL = 40  # source tokens of a usual line, where a record does not say
TOGETHER = 1_000  # sentences translated between two moves of a bar


def translation_record(session: Session, name: str | None) -> Record:
    """Return the record of a translator. Raises MisuseError for a model that answers other questions."""
    return check_translator(session.shelf.read(name, "translation"))


def check_translator(record: Record) -> Record:
    """Return a record that is a translator's. Raises MisuseError for a model that answers other questions."""
    if record.task != "translation":
        raise MisuseError(
            f"{quoted(record.name)} {TASKS[record.task].does}; name a translator, made by train-translate."
        )
    return record


def sides_of(record: Record) -> tuple[Side, Side]:
    """Return source and target side of a model; one and the same where they were learned together."""
    if record.text.joint:
        both = _side(record, "")
        return both, both
    return _side(record, "source-"), _side(record, "target-")


def _side(record: Record, which: str) -> Side:
    from seqcli.translation.sides import Side

    return Side(tokenizer_of(record, which), record.vocabulary(f"{which}vocabulary"))


def translator_of(record: Record) -> LineTranslator:
    """Return the translator of a record."""
    from seqcli.translation.arrays import TranslatorArrays
    from seqcli.translation.lines import LineTranslator

    source, target = sides_of(record)
    model = TranslatorArrays.stored(record, len(source.vocabulary), len(target.vocabulary))
    usual = record.corpus.get("usual_source", USUAL)
    return LineTranslator(record.name, model, source, target, usual, _names(record))


def _names(record: Record) -> Names:
    """Return what a model knows of names; one from before they were learned copies none."""
    from seqcli.text.vocabulary import Vocabulary
    from seqcli.translation.proper_names import KINDS, Names

    copied = frozenset(KINDS).intersection(str(record.corpus.get("names_copied", "")).split())
    return Names(record.vocabulary("source-words") if copied else Vocabulary([]), copied)


def translations_of(session: Session, asked: LineTranslator, sources: list[str], how: Searching) -> list[str]:
    """Return the translation of each source, under a bar."""
    from seqcli.translation.terms import Terms

    found: list[str] = []
    with session.bar(len(sources), f"translating by {asked.name}", "sentence") as bar:
        for low in range(0, len(sources), TOGETHER):
            session.spare.fit_products()
            rows = asked.translate(sources[low : low + TOGETHER], how, terms=Terms(copy=True))
            found += [str(row[0]) if row else "" for row in rows]
            bar.to(len(found))
    return found
