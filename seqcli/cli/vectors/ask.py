"""The commands that ask word vectors: neighbors, analogy, similarity, odd-one-out, vector, sentence-similarity."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.inputs import input_options
from seqcli.cli.layout import readable
from seqcli.cli.options import Number, command, model_option, option, output_options
from seqcli.cli.session import Session
from seqcli.errors import CorpusError, MisuseError, ModelError, quoted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seqcli.vectors.load import Opened

EXPLAINED = 10  # unknown words of a line: what is spelled like one is searched for among all words
MOST = 10_000  # answers at most for one question: a vocabulary is looked at with `models show`

count_option = option("-k", "count", type=Number(int), default=10, metavar="N", help="Answers each.  [default: 10]")
among_option = option("--among", metavar="WORDS", help="Only these: a file, a word a line, or words apart by commas.")


@command(epilog="Examples: seqcli neighbors king paris -k 5;  seqcli neighbors --file words.txt --jsonl")
@click.argument("words", nargs=-1, metavar="WORD...")
@model_option
@count_option
@among_option
@option("--approximate", is_flag=True, help="Search the index that index-vectors built: quick for millions of words.")
@input_options
@output_options
@click.pass_obj
def neighbors(
    session: Session,
    /,
    words: tuple[str, ...],
    model: str | None,
    count: int,
    among: str | None,
    approximate: bool,
    file: str | None,
) -> None:
    """List the nearest words of each word, by the cosine between their vectors.

    Words are arguments, each answered by itself, or lines of a file or pipe. Of arguments that are unknown, the others
    are answered all the same.
    """
    from seqcli.text.tokens import shown

    _check_count(count)
    opened = _open(session, model)
    search = _search(opened, count, among, approximate)
    failed: ModelError | None = None
    with session.terminal.results("word", "rank", "neighbor", "similarity") as out:
        for texts, piped in _questions(words, file):
            known, failed = _answerable(session, opened, texts, piped)
            found = dict(zip(known, search(known), strict=True))
            for text in texts:
                if text not in found and piped:
                    out.add(text, None, None, None)
                for rank, near in enumerate(found.get(text, ()), 1):
                    out.add(text, rank, shown(opened.table.words[near.row]), near.similarity)
            out.flush()
    if failed:
        raise failed


def _search(opened: Opened, count: int, among: str | None, approximate: bool) -> Callable[[list[str]], Any]:
    """Return the function that finds the neighbours of known words, exactly or by the index."""
    rows = rows_among(opened, among)
    if not approximate:
        return lambda words: opened.table.neighbors(words, count, rows)
    if rows is not None:
        raise MisuseError("--approximate searches all words; leave out --among.")
    from seqcli.vectors.load import open_index

    index = open_index(opened)
    return lambda words: index.neighbors(opened.table, words, count)


@command(epilog="Examples: seqcli analogy king - man + woman;  seqcli analogy --file questions.txt --method mul")
@click.argument("terms", nargs=-1, metavar="WORD [+|-] WORD...")
@model_option
@count_option
@among_option
@option(
    "--method",
    type=click.Choice(("add", "mul")),
    default="add",
    help="add: 3CosAdd, sums of vectors; mul: 3CosMul, products of similarities.  [default: add]",
)
@input_options
@output_options
@click.pass_obj
def analogy(
    session: Session,
    /,
    terms: tuple[str, ...],
    model: str | None,
    count: int,
    among: str | None,
    method: str,
    file: str | None,
) -> None:
    """Add and subtract words: king - man + woman lists what is to woman as king is to man.

    The words of the question are never an answer.
    """
    from seqcli.text.tokens import shown

    _check_count(count)
    opened = _open(session, model)
    rows = rows_among(opened, among)
    with session.terminal.results("prompt", "rank", "neighbor", "similarity") as out:
        for texts, piped in _questions((" ".join(terms),) if terms else (), file):
            for text in texts:
                parts = _tried(session, piped, text, _signed)
                asked = {*parts[0], *parts[1]} if parts else {""}
                if not parts or len(_known(session, opened, sorted(asked), piped)) < len(asked):
                    out.add(text, None, None, None)
                    continue
                for rank, near in enumerate(opened.table.analogy(parts[0], parts[1], count, method, rows), 1):
                    out.add(text, rank, shown(opened.table.words[near.row]), near.similarity)
            out.flush()


def _signed(text: str) -> tuple[list[str], list[str]]:
    """Return the words that are added and those subtracted. Raises MisuseError for another kind of line."""
    parts: tuple[list[str], list[str]] = ([], [])
    sign, expecting = 0, True
    for field in text.split():
        if field in ("+", "-"):
            if expecting and any(parts):
                break
            sign, expecting = int(field == "-"), True
        elif expecting:
            parts[sign].append(field)
            expecting = False
        else:
            expecting = True
            break
    if expecting or not any(parts):
        raise MisuseError(f"{quoted(text)} is no analogy; write words with + or - between: king - man + woman")
    return parts


@command(epilog="Examples: seqcli similarity cat dog;  seqcli similarity --file pairs.txt")
@click.argument("words", nargs=-1, metavar="FIRST SECOND")
@model_option
@input_options
@output_options
@click.pass_obj
def similarity(session: Session, /, words: tuple[str, ...], model: str | None, file: str | None) -> None:
    """Say how alike two words are: the cosine between their vectors, 1 for the same direction.

    A line of a file or pipe holds two words, apart by a tab or spaces.
    """
    opened = _open(session, model)
    with session.terminal.results("first", "second", "similarity") as out:
        for texts, piped in _questions((" ".join(words),) if words else (), file):
            for text in texts:
                pair = text.split("\t")[:2] if "\t" in text else text.split()
                if len(pair) != 2:
                    if text:
                        _refuse(session, piped, f"{quoted(text)} is not two words")
                    out.add(text, None, None)
                    continue
                known = _known(session, opened, pair, piped)
                value = opened.table.similarity(*pair) if len(known) == len(set(pair)) else None
                out.add(pair[0], pair[1], value)
            out.flush()


@command(name="odd-one-out", epilog="Example: seqcli odd-one-out breakfast lunch dinner river")
@click.argument("words", nargs=-1, metavar="WORD WORD WORD...")
@model_option
@input_options
@output_options
@click.pass_obj
def odd_one_out(session: Session, /, words: tuple[str, ...], model: str | None, file: str | None) -> None:
    """Name the word that is least like the others: its similarity is the cosine to their mean.

    A line of a file or pipe holds three words or more.
    """
    from seqcli.text.tokens import shown

    opened = _open(session, model)
    with session.terminal.results("prompt", "word", "similarity") as out:
        for texts, piped in _questions((" ".join(words),) if words else (), file):
            for text in texts:
                some = _known(session, opened, text.split(), piped)
                if len(some) < 3:
                    if text:
                        _refuse(session, piped, f"{quoted(text)} has fewer than three known words to choose from")
                    out.add(text, None, None)
                    continue
                word, value = opened.table.odd_one_out(some)[0]
                out.add(text, shown(word), value)
            out.flush()


@command(epilog="Examples: seqcli vector king --json;  seqcli vector --file words.txt > vectors.tsv")
@click.argument("words", nargs=-1, metavar="WORD...")
@model_option
@input_options
@output_options
@click.pass_obj
def vector(session: Session, /, words: tuple[str, ...], model: str | None, file: str | None) -> None:
    """Print the numbers of each word's vector.

    Nine digits in a pipe, in columns: enough to read the same float32 again. Four on a terminal.
    """
    opened = _open(session, model)
    listed = session.terminal.output in ("json", "jsonl")
    person = session.terminal.table
    numbers = ("vector",) if listed or person else tuple(map(str, range(1, opened.table.dimensions + 1)))
    failed: ModelError | None = None
    with session.terminal.results("word", *numbers) as out:
        for texts, piped in _questions(words, file):
            known, failed = _answerable(session, opened, texts, piped)
            answered = frozenset(known)
            for text in texts:
                if text in answered:
                    row = opened.table.vector(text).tolist()
                    digits = [f"{value:.9g}" for value in row]
                    shown = [row] if listed else [" ".join(map(readable, row))] if person else digits
                    out.add(text, *shown)
                elif piped:
                    out.add(text, *[None] * len(numbers))
            out.flush()
    if failed:
        raise failed


@command(name="sentence-similarity", epilog="Example: seqcli sentence-similarity 'a cat sat' 'the dog stood'")
@click.argument("sentences", nargs=-1, metavar="FIRST SECOND")
@model_option
@input_options
@output_options
@click.pass_obj
def sentence_similarity(session: Session, /, sentences: tuple[str, ...], model: str | None, file: str | None) -> None:
    """Say how alike two sentences are: the cosine between the means of their words' vectors.

    Frequent words count less, where the model knows how frequent they are. Words without a vector are left out, and
    `known` is the share of those that have one. A line of a file or pipe holds two sentences, apart by a tab.
    """
    from seqcli.text.tokens import tokens_of
    from seqcli.vectors.table import cosine

    if sentences and sentences != ("-",) and len(sentences) != 2:
        raise MisuseError("Give two sentences, each in quotes: seqcli sentence-similarity 'a cat sat' 'the dog stood'")
    opened = _open(session, model)
    whole = ("\t".join(sentences),) if len(sentences) == 2 else sentences
    with session.terminal.results("first", "second", "similarity", "known") as out:
        for texts, piped in _questions(whole, file):
            for text in texts:
                pair = text.split("\t")
                if len(pair) != 2:
                    if text:
                        _refuse(session, piped, f"{quoted(text)} is not two sentences apart by a tab")
                    out.add(text, None, None, None)
                    continue
                cut = [tokens_of(opened.tokenizer, sentence) for sentence in pair]
                (one, some), (other, more) = map(opened.table.sentence, cut)
                total = max(sum(map(len, cut)), 1)
                value = cosine(one, other) if some and more else None
                out.add(pair[0], pair[1], value, (some + more) / total)
            out.flush()


def rows_among(opened: Opened, among: str | None) -> NDArray[np.int64] | None:
    """Return the rows of the words of --among, None where it was not given. Raises ModelError if none is known."""
    if among is None:
        return None
    import os

    import numpy as np

    if os.path.isfile(among):
        try:
            with open(among, encoding="utf-8", errors="replace") as stream:
                words = [line.strip() for line in stream]
        except OSError as error:
            raise CorpusError(f"Cannot read {quoted(among)}: {error.strerror}; check the path.") from error
    else:
        words = [word.strip() for word in among.split(",")]
    rows = dict.fromkeys(row for row in map(opened.table.row, filter(None, words)) if row is not None)
    if not rows:
        raise ModelError(f"--among {quoted(among)}: none of its words is known to {quoted(opened.name)}; give others.")
    return np.array(list(rows), np.int64)


def _open(session: Session, model: str | None) -> Opened:
    from seqcli.vectors.load import note_few_words, open_table

    opened = open_table(session, model)
    note_few_words(session, opened.record)
    return opened


def _questions(words: tuple[str, ...], file: str | None) -> Any:
    from seqcli.cli.vectors.words import words_of_argument

    return words_of_argument(words, file)


def _check_count(count: int) -> None:
    if not 1 <= count <= MOST:
        raise MisuseError(f"-k is {count}; give a number from 1 to {MOST:,}.")


def _known(session: Session, opened: Opened, words: list[str], piped: bool) -> list[str]:
    """Return the words that have a vector, each once; of the others a pipe hears in a note, an argument is refused."""
    known, unknown = _told_apart(session, opened, words, piped)
    for error in map(opened.unknown, unknown[:EXPLAINED]):
        _refuse(session, piped, error)
    if len(unknown) > EXPLAINED:
        session.note(f"Note: {len(unknown) - EXPLAINED:,} more words of the line are unknown.")
    return known


def _answerable(session: Session, opened: Opened, words: list[str], piped: bool) -> tuple[list[str], ModelError | None]:
    """Return the words that have a vector, and what is to be raised, once they are answered, of arguments with none.

    Raises it at once where no word can be answered.
    """
    known, unknown = _told_apart(session, opened, words, piped)
    errors = list(map(opened.unknown, unknown))
    if piped or len(errors) > 1:
        for error in errors:
            session.note(f"Note: {error}")
    if piped or not errors:
        return known, None
    total = len(known) + len(errors)
    many = ModelError(f"{len(errors)} of {total} words have no vector in {quoted(opened.name)}; give others for them.")
    failed = many if len(errors) > 1 else errors[0]
    if not known:
        raise failed
    return known, failed


def _told_apart(session: Session, opened: Opened, words: list[str], piped: bool) -> tuple[list[str], list[str]]:
    """Return the words that have a vector and those that have none, each once."""
    known, unknown = [], []
    for word in dict.fromkeys(words):
        if not word:
            if not piped:
                raise MisuseError("The word is empty; give a word, as in: seqcli neighbors king")
        elif opened.table.knows(word):
            known.append(word)
            if opened.table.row(word) is None:
                session.note(f"Note: {opened.unknown(word)} Its vector is the mean of its n-grams' vectors.")
        else:
            unknown.append(word)
    return known, unknown


def _refuse(session: Session, piped: bool, why: ModelError | str) -> None:
    """Raise an error about an argument; say a note about a line of a file or pipe, which is answered on."""
    error = ModelError(f"{why}; give other words.") if isinstance(why, str) else why
    if not piped:
        raise error
    session.note(f"Note: {error}")


def _tried(session: Session, piped: bool, text: str, parse: Callable[[str], Any]) -> Any:
    """Return what a line parses to, None for an empty or a bad one of a file or pipe, which a note tells."""
    if piped and not text:
        return None
    try:
        return parse(text)
    except MisuseError as error:
        if not piped:
            raise
        session.note(f"Note: {error}")
        return None
