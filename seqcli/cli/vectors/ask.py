"""The commands that ask word vectors: neighbors, analogy, similarity, odd-one-out, vector, sentence-similarity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from seqcli.cli.inputs import input_options
from seqcli.cli.layout import readable
from seqcli.cli.options import command, model_option, option, output_options, spec_options
from seqcli.cli.questions import add_empty, answer_each
from seqcli.cli.sentences.latent_space import has_codes, sentence_neighbors
from seqcli.cli.session import Session
from seqcli.cli.vectors.words import are_lines, words_of_argument
from seqcli.errors import MisuseError, ModelError, SeqcliError, quoted
from seqcli.settings import given, settings
from seqcli.vectors.answer_settings import Nearest, Nearing, Solving

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.vectors.answers import NearWords, Neighbor, WordVectors

Asked = TypeVar("Asked")
Parsed = TypeVar("Parsed")
RANKED = ("rank", "neighbor", "similarity")
EXPLAINED = 10  # unknown words of a line: what is spelled like one is searched for among all words

among_option = option("--among", metavar="WORDS", help="Only these: a file, a word a line, or words apart by commas.")


@command(epilog="Examples: seqcli neighbors king paris -k 5;  seqcli neighbors --file words.txt --jsonl")
@click.argument("words", nargs=-1, metavar="WORD...")
@model_option
@spec_options(Nearest)
@among_option
@spec_options(Nearing, leave_out=("k",))
@input_options
@output_options
@click.pass_obj
def neighbors(
    session: Session,
    /,
    words: tuple[str, ...],
    model: str | None,
    among: str | None,
    file: str | None,
    **params: Any,
) -> None:
    """List the nearest words of each word, by the cosine between their vectors.

    Words are arguments, each answered by itself, or lines of a file or pipe. Of arguments that are unknown, the others
    are answered all the same. Where -m names a model of sentences, the arguments are one sentence, and its nearest
    among those of --among FILE are listed, by the cosine between their codes.
    """
    how = settings(Nearing(), given(Nearing, params))
    if has_codes(session, model):
        return sentence_neighbors(session, words, model, among, file, how.k)
    vectors = _open(session, model)
    near = vectors.near(how, among)
    piped = are_lines(words, file)
    failed: ModelError | None = None

    def add(out: Results, near: NearWords, texts: Sequence[str], first: int) -> None:
        nonlocal failed
        known, failed = _answerable(session, vectors, texts, piped)
        found = dict(zip(known, near.neighbors(known), strict=True))
        for text in texts:
            if text in found or piped:
                for record in _ranked(text, found.get(text)):
                    out.add(*record)

    answer_each(session, ("word", *RANKED), words_of_argument(words, file), lambda: near, add)
    if failed:
        raise failed


@command(epilog="Examples: seqcli analogy king - man + woman;  seqcli analogy --file questions.txt --method mul")
@click.argument("terms", nargs=-1, metavar="WORD [+|-] WORD...")
@model_option
@spec_options(Nearest)
@among_option
@spec_options(Solving, leave_out=("k",))
@input_options
@output_options
@click.pass_obj
def analogy(
    session: Session,
    /,
    terms: tuple[str, ...],
    model: str | None,
    among: str | None,
    file: str | None,
    **params: Any,
) -> None:
    """Add and subtract words: king - man + woman lists what is to woman as king is to man.

    The words of the question are never an answer.
    """
    from seqcli.vectors.questions import signed_words

    how = settings(Solving(), given(Solving, params))
    vectors = _open(session, model)
    near = vectors.near(Nearing(), among)

    def answer(text: str, piped: bool) -> Iterator[tuple[Any, ...]]:
        parts = _parsed(session, piped, text, signed_words) if text or not piped else None
        asked = {*parts[0], *parts[1]} if parts else set()
        known = parts and len(_known(session, vectors, sorted(asked), piped)) == len(asked)
        return _ranked(text, near.analogy(*parts, how) if parts and known else None)

    _answer_lines(session, ("prompt", *RANKED), terms, file, answer)


def _ranked(text: str, found: list[Neighbor] | None) -> Iterator[tuple[Any, ...]]:
    """Yield the records of what was found, numbered, an empty one where there was nothing to find."""
    if found is None:
        yield text, None, None, None
    for rank, near in enumerate(found or (), 1):
        yield text, rank, *near


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
    from seqcli.vectors.questions import two_words

    vectors = _open(session, model)

    def answer(text: str, piped: bool) -> Iterator[tuple[Any, ...]]:
        pair = _parsed(session, piped, text, two_words) if text else None
        known = pair and len(_known(session, vectors, [*pair], piped)) == len({*pair})
        yield *(pair or (text, None)), vectors.similarity(*pair) if pair and known else None

    _answer_lines(session, ("first", "second", "similarity"), words, file, answer)


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
    vectors = _open(session, model)

    def answer(text: str, piped: bool) -> Iterator[tuple[Any, ...]]:
        some = _known(session, vectors, text.split(), piped)
        found = _parsed(session, piped, some, vectors.odd_one_out) if text else None
        yield text, *(found or (None, None))

    _answer_lines(session, ("prompt", "word", "similarity"), words, file, answer)


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
    vectors = _open(session, model)
    listed = session.terminal.output in ("json", "jsonl")
    person = session.terminal.table
    numbers = ("vector",) if listed or person else tuple(map(str, range(1, vectors.dimensions + 1)))
    piped = are_lines(words, file)
    failed: ModelError | None = None

    def add(out: Results, vectors: WordVectors, texts: Sequence[str], first: int) -> None:
        nonlocal failed
        known, failed = _answerable(session, vectors, texts, piped)
        answered = frozenset(known)
        for text in texts:
            if text in answered:
                row = vectors[text].tolist()
                digits = [f"{value:.9g}" for value in row]
                out.add(text, *([row] if listed else [" ".join(map(readable, row))] if person else digits))
            elif piped:
                add_empty(out, text)

    answer_each(session, ("word", *numbers), words_of_argument(words, file), lambda: vectors, add)
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
    import math

    from seqcli.vectors.questions import two_sentences

    if sentences and sentences != ("-",) and len(sentences) != 2:
        raise MisuseError("Give two sentences, each in quotes: seqcli sentence-similarity 'a cat sat' 'the dog stood'")
    vectors = _open(session, model)

    def answer(text: str, piped: bool) -> Iterator[tuple[Any, ...]]:
        pair = _parsed(session, piped, text, two_sentences) if text else None
        if pair is None:
            yield text, None, None, None
        else:
            found = vectors.sentence_similarity(*pair)
            yield *pair, None if math.isnan(found.similarity) else found.similarity, found.known

    _answer_lines(session, ("first", "second", "similarity", "known"), sentences, file, answer, "\t")


def _open(session: Session, model: str | None) -> WordVectors:
    from seqcli.vectors.answers import open_vectors
    from seqcli.vectors.load import few_words

    vectors = open_vectors(session, model)
    if (said := few_words(vectors.record)) is not None:
        session.note(said)
    return vectors


def _answer_lines(
    session: Session,
    columns: Sequence[str],
    words: tuple[str, ...],
    file: str | None,
    answer: Callable[[str, bool], Iterable[tuple[Any, ...]]],
    between: str = " ",
) -> None:
    """Write the records of every question; arguments are one. answer: is told whether it is a line of a file."""
    piped = are_lines(words, file)

    def add(out: Results, answer: Callable[[str, bool], Any], texts: Sequence[str], first: int) -> None:
        for text in texts:
            for record in answer(text, piped):
                out.add(*record)

    whole = (between.join(words),) if words else ()
    answer_each(session, columns, words_of_argument(whole, file), lambda: answer, add)


def _known(session: Session, vectors: WordVectors, words: Sequence[str], piped: bool) -> list[str]:
    """Return the words that have a vector, each once; of the others a pipe hears in a note, an argument is refused."""
    known, unknown = _told_apart(session, vectors, words, piped, EXPLAINED)
    for error in map(vectors.unknown, unknown[:EXPLAINED]):
        _refuse(session, piped, error)
    if len(unknown) > EXPLAINED:
        session.note(f"Note: {len(unknown) - EXPLAINED:,} more words of the line are unknown.")
    return known


def _answerable(
    session: Session, vectors: WordVectors, words: Sequence[str], piped: bool
) -> tuple[list[str], ModelError | None]:
    """Return the words that have a vector, and what is to be raised, once they are answered, of arguments with none.

    Raises it at once where no word can be answered.
    """
    known, unknown = _told_apart(session, vectors, words, piped)
    errors: list[ModelError] = [vectors.unknown(word) for word in unknown]
    if piped or len(errors) > 1:
        for error in errors:
            session.note(f"Note: {error}")
    if piped or not errors:
        return known, None
    total = len(known) + len(errors)
    many = ModelError(f"{len(errors)} of {total} words have no vector in {quoted(vectors.name)}; give others for them.")
    failed = many if len(errors) > 1 else errors[0]
    if not known:
        raise failed
    return known, failed


def _told_apart(
    session: Session, vectors: WordVectors, words: Sequence[str], piped: bool, explained: int | None = None
) -> tuple[list[str], list[str]]:
    """Return the words that have a vector and those that have none, each once.

    explained: of how many at most is said that their vectors are made of n-grams.
    """
    known, unknown, made = [], [], []
    for word in dict.fromkeys(words):
        if not word:
            if not piped:
                vectors.check(word)
        elif word in vectors:
            known.append(word)
            if not vectors.has_row(word):
                made.append(word)
        else:
            unknown.append(word)
    said = made[:explained]
    for error in map(vectors.unknown, said):
        session.note(f"Note: {error} Its vector is the mean of its n-grams' vectors.")
    if len(said) < len(made):
        session.note(f"Note: so are the vectors of {len(made) - len(said):,} more words of the line.")
    return known, unknown


def _parsed(session: Session, piped: bool, asked: Asked, parse: Callable[[Asked], Parsed]) -> Parsed | None:
    """Return what a line parses to, None for a bad one of a file or pipe, which a note tells."""
    try:
        return parse(asked)
    except (MisuseError, ModelError) as error:
        _refuse(session, piped, error)
        return None


def _refuse(session: Session, piped: bool, error: SeqcliError) -> None:
    """Raise an error about an argument; say a note about a line of a file or pipe, which is answered on."""
    if not piped:
        raise error
    session.note(f"Note: {error}")
