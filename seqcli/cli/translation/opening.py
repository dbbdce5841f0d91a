"""Stored translators made ready to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqcli.cli.opening import tokenizer_of
from seqcli.cli.options import Number, Session, option
from seqcli.errors import MisuseError, quoted
from seqcli.spec import TASKS

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from seqcli.store import Record
    from seqcli.text.names import Names
    from seqcli.text.sides import Side
    from seqcli.translation.lines import LineTranslator
    from seqcli.translation.search import Searching
    from seqcli.translation.terms import Terms

USUAL = 40  # source tokens of a usual line, where a record does not say
BEAM_MOST = 1_000
TOGETHER = 1_000  # sentences translated between two moves of a bar


def translation_record(session: Session, name: str | None) -> Record:
    """Return the record of a translator. Raises MisuseError for a model that answers other questions."""
    record = session.shelf.read(name, "translation")
    if record.task != "translation":
        raise MisuseError(f"{quoted(record.name)} {TASKS[record.task]}; name a translator, made by train-translate.")
    return record


def sides_of(record: Record) -> tuple[Side, Side]:
    """Return source and target side of a model; one and the same where they were learned together."""
    if record.text.joint:
        both = _side(record, "")
        return both, both
    return _side(record, "source-"), _side(record, "target-")


def _side(record: Record, which: str) -> Side:
    from seqcli.text.sides import Side

    return Side(tokenizer_of(record, which), record.vocabulary(f"{which}vocabulary"))


def open_translator(session: Session, name: str | None) -> LineTranslator:
    """Return a translator of the shelf, with numpy alone."""
    return translator_of(translation_record(session, name))


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
    from seqcli.text.names import KINDS, Names
    from seqcli.text.vocabulary import Vocabulary

    copied = frozenset(KINDS).intersection(str(record.corpus.get("names_copied", "")).split())
    return Names(record.vocabulary("source-words") if copied else Vocabulary([]), copied)


def translations_of(session: Session, asked: LineTranslator, sources: list[str], how: Searching) -> list[str]:
    """Return the translation of each source, under a bar."""
    from seqcli.translation.terms import Terms

    found: list[str] = []
    with session.terminal.bar(len(sources), f"translating by {asked.name}", "sentence") as bar:
        for low in range(0, len(sources), TOGETHER):
            session.spare.fit_products()
            rows = asked.translate(sources[low : low + TOGETHER], how, terms=Terms(copy=True))
            found += [row[0].text if row else "" for row in rows]
            bar.to(len(found))
    return found


def search_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how a translation is searched for."""
    for decorate in (
        option(
            "--coverage",
            type=Number(float),
            default=0.0,
            metavar="X",
            help="Weight of looking at every source token.  [default: 0]",
        ),
        option(
            "--length-penalty",
            type=Number(float),
            default=1.0,
            metavar="X",
            help="Power of the length that log-probabilities are divided by.  [default: 1]",
        ),
        option(
            "--beam",
            type=Number(int),
            default=5,
            metavar="N",
            help="Translations kept in sight at each step; 1: greedy.  [default: 5]",
        ),
    ):
        command = decorate(command)
    return command


def term_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what a translation must contain."""
    for decorate in (
        option(
            "--copy/--no-copy",
            default=True,
            help="Take names and other words that the model never read from the source.  [default: on]",
        ),
        option(
            "--keep",
            is_flag=True,
            help="Leave numbers, addresses of web and mail, and what stands in {{ }}, as they are.",
        ),
        option("--glossary", metavar="FILE", help="Translate these terms so: lines of term, TAB, translation."),
    ):
        command = decorate(command)
    return command


def terms_of(glossary: str | None, keep: bool, copy: bool) -> Terms:
    """Return what translations must contain, as asked. Raises CorpusError for a glossary that is none."""
    from seqcli.text.pairs import read_pairs
    from seqcli.translation.terms import Terms

    pairs = read_pairs((glossary,)) if glossary is not None else None
    found = zip(pairs.source, pairs.target, strict=True) if pairs else ()
    return Terms(tuple((term.strip(), translation.strip()) for term, translation in found), keep, copy)


def searching_of(beam: int, length_penalty: float, coverage: float) -> Searching:
    """Return how to search, as asked. Raises MisuseError for a number out of range."""
    from seqcli.translation.search import Searching

    check_count("--beam", beam)
    for name, value in (("--length-penalty", length_penalty), ("--coverage", coverage)):
        if not 0.0 <= value <= 10.0:
            raise MisuseError(f"{name} is {value:g}; give a number from 0 to 10.")
    return Searching(beam, length_penalty, coverage)


def check_count(name: str, value: int) -> None:
    """Raise MisuseError for a count out of range."""
    if not 1 <= value <= BEAM_MOST:
        raise MisuseError(f"{name} is {value}; give a number from 1 to {BEAM_MOST:,}.")
