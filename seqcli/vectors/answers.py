"""Word vectors as they are asked, from a shell and from Python alike: neighbours, analogies, similarities, arrays."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from seqcli.errors import MisuseError, ModelError, quoted
from seqcli.one_or_many import answered
from seqcli.settings import settings
from seqcli.tasks import TASKS
from seqcli.text.tokens import Tokenizer, shown, tokens_of
from seqcli.vectors.answer_settings import Nearing, Solving
from seqcli.vectors.load import table_of
from seqcli.vectors.questions import listed_words, signed_words
from seqcli.vectors.table import Near, Table, UnknownWordError, cosine

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store import Record
    from seqcli.vectors.align import Moved
    from seqcli.vectors.approximate import Index
    from seqcli.vectors.figures import Figure

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]


class Neighbor(NamedTuple):
    """A word near another, or near a sum of words, and the cosine between their vectors."""

    neighbor: str
    similarity: float


class OddOne(NamedTuple):
    """The word that is least like the others, and the cosine between it and their mean."""

    word: str
    similarity: float


class Alike(NamedTuple):
    """How alike two sentences are, nan where one has no known word; known: the share of words that have a vector."""

    similarity: float
    known: float


def load(session: Session, record: Record) -> WordVectors:
    """Return word vectors that are ready to answer. Raises MisuseError for a model of another task."""
    if record.task != "vectors":
        raise MisuseError(
            f"{quoted(record.name)} {TASKS[record.task].does}; name a model of word vectors, made by train-w2v or "
            "import."
        )
    session.spare.fit_products()
    return WordVectors(session, record)


def open_vectors(session: Session, name: str | None) -> WordVectors:
    """Return word vectors of the shelf, the default model's where no name is given."""
    return load(session, session.shelf.read(name, "vectors"))


class WordVectors:
    """The words of a model and their vectors. It is never changed, so threads may ask it at the same time.

    A word is known as it stands, in lower case, or by its character n-grams where the model learned those.
    """

    def __init__(self, session: Session, record: Record) -> None:
        self._session = session
        self.record = record
        self.table: Table = table_of(record)

    def __repr__(self) -> str:
        return f"<WordVectors {quoted(self.name)}: {len(self):,} words of {self.dimensions} numbers>"

    def __deepcopy__(self, memo: dict[int, Any]) -> WordVectors:
        return self  # what never changes need not be copied: scikit-learn clones what it is given

    # -- the table ------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The model's name."""
        return self.record.name

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""
        return self.table.dimensions

    @property
    def matrix(self) -> Floats:
        """The vectors of all words, in the order in which they are iterated. float32 [V, D], not to be written to."""
        matrix = self.table.matrix.view()
        matrix.flags.writeable = False
        return matrix

    def __len__(self) -> int:
        return len(self.table)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the words, the commonest first, as they stand in the vocabulary."""
        return iter(self.table.words)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self.table.knows(word)

    def __getitem__(self, words: str | Iterable[str]) -> Floats:
        """Return a word's vector, float32 [D], or several words' [N, D]. Raises UnknownWordError, a KeyError."""
        if isinstance(words, str):
            self.check(words)
            return self.table.vector(words).copy()
        return np.array([self[word] for word in words], np.float32).reshape(-1, self.dimensions)

    def has_row(self, word: str) -> bool:
        """Return whether a word has a vector of its own; one that it knows else has the mean of its n-grams'."""
        return self.table.row(word) is not None

    def unknown(self, word: str) -> UnknownWordError:
        """Return the error that says why a word has no vector, and what is spelled nearly like it."""
        from seqcli.vectors.unknown_words import explained

        return UnknownWordError(word, explained(self.record, self.table, word))

    # -- near words -----------------------------------------------------------------------------------------------

    @overload
    def neighbors(  # type: ignore[overload-overlap]
        self, word: str, k: int = ..., among: str | Iterable[str] | None = ..., *, approximate: bool = ...
    ) -> list[Neighbor]: ...

    @overload
    def neighbors(  # type: ignore[overload-overlap]
        self, word: Iterator[str], k: int = ..., among: str | Iterable[str] | None = ..., *, approximate: bool = ...
    ) -> Iterator[list[Neighbor]]: ...

    @overload
    def neighbors(
        self, word: Iterable[str], k: int = ..., among: str | Iterable[str] | None = ..., *, approximate: bool = ...
    ) -> list[list[Neighbor]]: ...

    def neighbors(
        self,
        word: str | Iterable[str],
        k: int = 10,
        among: str | Iterable[str] | None = None,
        *,
        approximate: bool = False,
    ) -> Any:
        """List the k nearest words of a word, by the cosine between their vectors; of several, a list each.

        among: only these words; a string is a file, a word a line, or words apart by commas. approximate: search the
        index that `seqcli index-vectors` built. Raises UnknownWordError.
        """
        return answered(word, self.near(settings(Nearing(), {"k": k, "approximate": approximate}), among).neighbors)

    @overload
    def analogy(  # type: ignore[overload-overlap]
        self, question: str, k: int = ..., among: str | Iterable[str] | None = ..., *, method: str = ...
    ) -> list[Neighbor]: ...

    @overload
    def analogy(  # type: ignore[overload-overlap]
        self, question: Iterator[str], k: int = ..., among: str | Iterable[str] | None = ..., *, method: str = ...
    ) -> Iterator[list[Neighbor]]: ...

    @overload
    def analogy(
        self, question: Iterable[str], k: int = ..., among: str | Iterable[str] | None = ..., *, method: str = ...
    ) -> list[list[Neighbor]]: ...

    def analogy(
        self,
        question: str | Iterable[str],
        k: int = 10,
        among: str | Iterable[str] | None = None,
        *,
        method: str = "add",
    ) -> Any:
        """Add and subtract words: "king - man + woman" lists what is to woman as king is to man.

        The words of the question are never an answer. method: "add", sums of vectors (3CosAdd), or "mul", products of
        similarities (3CosMul). Raises UnknownWordError, and MisuseError for what is no analogy.
        """
        how = settings(Solving(), {"k": k, "method": method})
        near = self.near(Nearing(), among)

        def answer(questions: Sequence[str]) -> list[list[Neighbor]]:
            return [near.analogy(*signed_words(one), how) for one in questions]

        return answered(question, answer)

    def near(self, how: Nearing, among: str | Iterable[str] | None = None) -> NearWords:
        """Return what finds the words near others, among some or all."""
        return NearWords(self, how, among)

    def rows(self, among: str | Iterable[str] | None) -> Rows | None:
        """Return the rows of some words, None for all. Raises ModelError if none of them is known."""
        if among is None:
            return None
        words = listed_words(among) if isinstance(among, str) else list(among)
        rows = dict.fromkeys(row for row in map(self.table.row, filter(None, words)) if row is not None)
        if not rows:
            asked = among if isinstance(among, str) else ",".join(words)
            raise ModelError(
                f"--among {quoted(asked)}: none of its words is known to {quoted(self.name)}; give others."
            )
        return np.array(list(rows), np.int64)

    # -- how alike ------------------------------------------------------------------------------------------------

    def similarity(self, first: str, second: str) -> float:
        """Return how alike two words are: the cosine between their vectors. Raises UnknownWordError."""
        self.check(first, second)
        return self.table.similarity(first, second)

    def odd_one_out(self, words: Iterable[str]) -> OddOne:
        """Return the word that is least like the others. Raises UnknownWordError; ModelError for fewer than three."""
        asked = words.split() if isinstance(words, str) else list(words)
        some = list(dict.fromkeys(asked))
        self.check(*some)
        if len(some) < 3:
            what = quoted(" ".join(asked))
            raise ModelError(f"{what} has fewer than three known words to choose from; give other words.")
        word, value = self.table.odd_one_out(some)[0]
        return OddOne(shown(word), value)

    def sentence_similarity(self, first: str, second: str) -> Alike:
        """Say how alike two sentences are: the cosine between the means of their words' vectors.

        Frequent words count less, where the model knows how frequent they are; words without a vector are left out.
        """
        cut = [tokens_of(self.tokenizer, sentence) for sentence in (first, second)]
        (one, some), (other, more) = map(self.table.sentence, cut)
        value = cosine(one, other) if some and more else math.nan
        return Alike(value, (some + more) / max(sum(map(len, cut)), 1))

    def transform(self, sentences: Iterable[str]) -> Floats:
        """Return the weighted mean of each sentence's vectors, float32 [N, D]: features for a classifier.

        What `sentence_similarity` compares; a sentence without a known word has zeros.
        """
        found = [self.table.sentence(tokens_of(self.tokenizer, sentence))[0] for sentence in sentences]
        return np.array(found, np.float32).reshape(-1, self.dimensions)

    # -- the model itself, and other models -----------------------------------------------------------------------

    def evaluate(self, *tests: str | os.PathLike[str], others: Iterable[WordVectors] = ()) -> list[Figure]:
        """Measure it on files of word pairs with people's scores, or of analogies; each figure beside its coverage.

        others: models to compare with it, on the items that both cover.
        """
        from seqcli.vectors.figures import figures

        models = [(one.name, one.table) for one in (self, *others)]
        read = [figures(models, os.fspath(test)) for test in tests]
        return [figure for some in read for figure in some]

    def compare(self, other: WordVectors, *words: str, **how: Any) -> list[Moved]:
        """Show where the meaning of words differs from another model's, or of the words given.

        k: nearest words compared; show: words that moved most, out of the `commonest`; every: function words, too.
        Raises UnknownWordError for a word that one of the two has no vector of its own for.
        """
        from seqcli.text.content_words import is_content
        from seqcli.vectors import align
        from seqcli.vectors.comparison_settings import Comparing

        wanted = settings(Comparing(), how)
        for model in (self, other):
            for word in words:
                if not model.has_row(word):
                    raise model.unknown(word)

        def is_wanted(word: str) -> bool:
            return wanted.every or is_content(shown(word), shortest=3)

        asked = words or align.most_moved(self.table, other.table, wanted.show, wanted.commonest, is_wanted)
        return [
            align.Moved(shown(m.word), m.similarity, m.overlap, list(map(shown, m.first)), list(map(shown, m.second)))
            for m in align.compare(self.table, other.table, asked, wanted.k)
        ]

    def to_gensim(self) -> Any:
        """Return the words and a copy of their vectors as gensim's KeyedVectors. Raises ModelError without gensim."""
        try:
            from gensim.models import KeyedVectors
        except ImportError as error:
            raise ModelError("to_gensim needs the package gensim; install it: pip install gensim") from error
        found = KeyedVectors(self.dimensions)
        found.add_vectors(list(self), self.table.matrix.copy())
        if self.table.counts is not None:
            for word, count in zip(self, self.table.counts.tolist(), strict=True):
                found.set_vecattr(word, "count", count)
        return found

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer that the model's text was cut with."""
        from seqcli.store.tokenizer import tokenizer_of

        return tokenizer_of(self.record)

    @cached_property
    def index(self) -> Index:
        """The model's approximate index. Raises ModelError where there is none."""
        from seqcli.vectors.approximate import Index

        if "index" not in self.record.files:
            raise ModelError(f"{quoted(self.name)} has no index; build it: seqcli index-vectors {self.name}")
        return Index.from_bytes(self.record.load("index"), self.table, self.record.where("index"))

    def check(self, *words: str) -> None:
        """Raise UnknownWordError, which says why, for the first of some words that has no vector."""
        for word in words:
            if not word:
                raise MisuseError("The word is empty; give a word, as in: seqcli neighbors king")
            if not self.table.knows(word):
                raise self.unknown(word)


class NearWords:
    """Finds the words near others: among some or all, one by one or by the index."""

    def __init__(self, vectors: WordVectors, how: Nearing, among: str | Iterable[str] | None) -> None:
        self._vectors, self._how = vectors, how
        self._rows = vectors.rows(among)
        if how.approximate and self._rows is not None:
            raise MisuseError("--approximate searches all words; leave out --among.")
        self._index = vectors.index if how.approximate else None

    def neighbors(self, words: Sequence[str]) -> list[list[Neighbor]]:
        """Return the nearest words of each word. Raises UnknownWordError."""
        table, k = self._vectors.table, self._how.k
        self._vectors.check(*words)
        found = self._index.neighbors(table, words, k) if self._index else table.neighbors(words, k, self._rows)
        return [self._named(some) for some in found]

    def analogy(self, plus: Sequence[str], minus: Sequence[str], how: Solving) -> list[Neighbor]:
        """Return the words nearest to the sum of `plus` less `minus`. Raises UnknownWordError."""
        self._vectors.check(*plus, *minus)
        return self._named(self._vectors.table.analogy(plus, minus, how.k, how.method, self._rows))

    def _named(self, found: Sequence[Near]) -> list[Neighbor]:
        words = self._vectors.table.words
        return [Neighbor(shown(words[near.row]), near.similarity) for near in found]
