"""The commands that look through one's own texts by meaning: search, cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from seqcli.cli.completion import complete_file
from seqcli.cli.options import command, model_option, option, output_options, reading_options, spec_options
from seqcli.cli.sentences.asked_sentences import asked_sentences
from seqcli.cli.sentences.latent_space import has_codes
from seqcli.cli.session import Session
from seqcli.errors import CorpusError, MisuseError, ModelError, quoted
from seqcli.settings import given, settings
from seqcli.vectors.search.passages import said_in
from seqcli.vectors.search.settings import Grouping, Passages, Searching

if TYPE_CHECKING:
    from seqcli.store import Record
    from seqcli.vectors.search.passage_index import Entry
    from seqcli.vectors.search.ranking import Match
    from seqcli.vectors.search.sentence_vectors import Encoder

FOUND = ("rank", "similarity", "file", "line", "text")
WIDEST = 300  # letters of a passage that a terminal shows
MOST_GROUPS = 20  # where their number is not given


class Asked(NamedTuple):
    """What makes vectors of texts: the model, whether what all share is taken out, and the words that it lacks."""

    record: Record
    encode: Encoder
    centred: bool
    unknown: Callable[[str], Sequence[str]]
    words: Callable[[str], list[str]]


@command(
    epilog="Examples: seqcli search 'a quiet evening by the sea' notes/;  seqcli search 'rent is due' mail.mbox -C 2",
)
@click.argument("query")
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...", shell_complete=complete_file)
@model_option
@spec_options(Searching)
@option("--index/--no-index", default=True, help="Keep the passages' vectors for the next search.  [default: on]")
@reading_options
@spec_options(Passages)
@output_options
@click.pass_obj
def search(
    session: Session, /, query: str, texts: tuple[str, ...], model: str | None, index: bool, **params: Any
) -> None:
    """Find the passages of texts that mean most nearly what a query says, by the vectors of their words.

    Texts are files, folders and documents. A passage's vector is the mean of its words', rarer words weighed more, what
    all passages share taken out; where -m names a model of sentences, it is its code. Vectors are kept outside of your
    folders (SEQCLI_CACHE), without the text, and only files that changed are read again.
    """
    from seqcli.vectors.search.ranking import nearest

    how, passages = settings(Searching(), given(Searching, params)), settings(Passages(), given(Passages, params))
    if not query.strip():
        raise MisuseError("The query is empty; say in some words what to look for.")
    asked = _asked(session, model)
    unknown = list(asked.unknown(query))
    vector = asked.encode([query])[0]
    if not vector.any():
        what = ", ".join(map(quoted, unknown[:5])) or quoted(query)
        raise ModelError(f"{quoted(asked.record.name)} knows none of the words {what}; say it in other words.")
    if unknown:
        session.note(f"Note: {', '.join(map(quoted, unknown[:5]))}: no words of {quoted(asked.record.name)}.")
    entries = _entries(session, asked, texts, passages.unit, index)
    found = nearest(vector, entries, how.k, asked.centred)
    lines = {path: _lines(session, path) for path in {match.path for match in found}}
    if session.terminal.table:
        session.terminal.texts(_page(found, lines, how.around))
        return
    more = ("before", "after") if how.around else ()
    with session.terminal.results(*FOUND, *more) as out:
        for rank, match in enumerate(found, 1):
            text = said_in(lines[match.path], match.first, match.last)[match.begin : match.end].strip()
            shown = _around(lines[match.path], match, how.around) if how.around else ()
            out.add(rank, match.similarity, match.path, match.first, text, *shown)


@command(epilog="Examples: seqcli cluster notes.txt;  seqcli cluster letters/ --groups 8 --unit paragraph --jsonl")
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...", shell_complete=complete_file)
@model_option
@spec_options(Grouping)
@option("--index/--no-index", default=True, help="Keep the passages' vectors for the next time.  [default: on]")
@reading_options
@spec_options(Passages)
@output_options
@click.pass_obj
def cluster(session: Session, /, texts: tuple[str, ...], model: str | None, index: bool, **params: Any) -> None:
    """Put the passages of texts into groups of like meaning, and name each group by its words.

    Groups come the largest first, in each the passages nearest to its middle. Vectors are those of search.
    """
    import numpy as np

    from seqcli.vectors.search.clusters import groups_of
    from seqcli.vectors.search.sentence_vectors import common_direction, without

    how, passages = settings(Grouping(), given(Grouping, params)), settings(Passages(), given(Passages, params))
    asked = _asked(session, model)
    entries = _entries(session, asked, texts, passages.unit, index)
    places = [(entry, row) for entry in entries for row in np.flatnonzero(entry.vectors.any(1)).tolist()]
    if not places:
        raise CorpusError(f"{quoted(asked.record.name)} knows no word of these texts; use a model of such texts.")
    vectors = np.array([entry.vectors[row] for entry, row in places])
    count = min(how.groups or min(max(round((len(places) / 2) ** 0.5), 2), MOST_GROUPS), len(places))
    lines = {entry.path: _lines(session, entry.path) for entry in entries}
    said = [_said(entry.path, lines[entry.path], entry.places[row].tolist()) for entry, row in places]
    units = without(vectors, common_direction(vectors) if asked.centred else None)
    groups = groups_of(units, [asked.words(text) for _, _, text in said], count, how.seed)
    if session.terminal.table:
        for number, group in enumerate(groups, 1):
            session.terminal.texts([f"{number}. {', '.join(group.words)} ({len(group.places):,})"])
            session.terminal.texts(f"   {_short(said[place][2])}" for place in group.places[: how.examples])
        return
    with session.terminal.results("group", "words", "similarity", "file", "line", "text") as out:
        for number, group in enumerate(groups, 1):
            for place, similarity in zip(group.places, group.similarities, strict=True):
                out.add(number, " ".join(group.words), similarity, *said[place])


def _asked(session: Session, model: str | None) -> Asked:
    """Return what makes vectors: word vectors, or a model of sentences that -m names."""
    if has_codes(session, model):
        from seqcli.store.tokenizer import tokenizer_of
        from seqcli.text.tokens import tokens_of

        codes = asked_sentences(session, model)
        tokenizer = tokenizer_of(codes.record)

        def encode(texts: Sequence[str]) -> Any:
            return codes.embed(texts)

        return Asked(codes.record, encode, True, lambda text: (), lambda text: tokens_of(tokenizer, text))
    from seqcli.vectors.answers import open_vectors
    from seqcli.vectors.search.sentence_vectors import WeightedMean

    vectors = open_vectors(session, model)
    mean = WeightedMean(vectors.table, vectors.tokenizer)
    return Asked(vectors.record, mean, True, mean.unknown, mean.words)


def _entries(session: Session, asked: Asked, texts: Sequence[str], unit: str, index: bool) -> list[Entry]:
    """Return the passages of texts with their vectors, and say how many files were read anew."""
    from hashlib import sha256

    from seqcli.text.files import files_of
    from seqcli.vectors.search.passage_index import PassageIndex

    form = session.text_form
    paths = files_of(texts, form)
    if "-" in paths:
        raise MisuseError("Passages are shown where they stand, so texts must be files, not a pipe.")
    model = sha256(asked.record.raw).hexdigest()
    found = PassageIndex(_cache() if index else None, model, unit, form, asked.encode)
    with session.bar(len(paths), "reading", "file") as bar:
        entries = found.entries(paths, bar.to)
    count = sum(len(entry.vectors) for entry in entries)
    if found.read and len(paths) > 1:
        session.note(f"{count:,} passages in {len(paths):,} files, of which {found.read:,} were read anew.")
    return entries


def _cache() -> Path:
    """Return where vectors of passages are kept."""
    from seqcli.corpora.catalogue import cache_folder

    return cache_folder().with_name("search")


def _lines(session: Session, path: str) -> list[str]:
    from dataclasses import replace

    from seqcli.text.form import say_nothing
    from seqcli.text.reading import read_lines

    return [line.strip() for line in read_lines([path], replace(session.text_form, note=say_nothing))]


def _around(lines: list[str], match: Match, around: int) -> tuple[list[str], list[str]]:
    """Return the lines before those of a passage, and those behind."""
    return lines[max(match.first - 1 - around, 0) : match.first - 1], lines[match.last : match.last + around]


def _said(path: str, lines: list[str], place: list[int]) -> tuple[str, int, str]:
    """Return file, line and text of a passage. place: as in an Entry."""
    first, last, begin, end = place
    return path, first, said_in(lines, first, last)[begin:end].strip()


def _page(found: Sequence[Match], lines: Mapping[str, list[str]], around: int) -> Iterator[str]:
    """Yield what a person reads: where each passage stands, how alike it is, and it with the lines around."""
    for at, match in enumerate(found):
        before, after = _around(lines[match.path], match, around)
        text = said_in(lines[match.path], match.first, match.last)[match.begin : match.end].strip()
        yield from [""] if at else []
        yield f"{match.path}:{match.first}  ({match.similarity:.2f})"
        yield from (f"  | {line}" for line in before if line)
        yield f"  > {_short(text)}"
        yield from (f"  | {line}" for line in after if line)


def _short(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
