"""A translator as it is asked, from a shell and from Python alike: translations, scores, alignments, figures."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from seqcli.errors import MisuseError, quoted
from seqcli.one_or_many import answered
from seqcli.settings import settings
from seqcli.text.tokens import shown
from seqcli.text.vocabulary import EOS, SPECIALS, UNK
from seqcli.translation.answer_settings import Translating
from seqcli.translation.lines import Translation
from seqcli.translation.load import check_translator, translator_of
from seqcli.translation.search import searching_of
from seqcli.translation.terms import Terms, terms_of

if TYPE_CHECKING:
    from typing import Unpack

    from seqcli.session import Session
    from seqcli.store import Record
    from seqcli.translation.alignment import Aligned
    from seqcli.translation.answer_settings import HowTranslated
    from seqcli.translation.evaluation import Figure
    from seqcli.translation.evaluation_settings import HowMeasured
    from seqcli.translation.pairs import Pairs

Path = str | os.PathLike[str]
TOGETHER = 1024  # lines translated side by side, where as many have come: those of one length go together
NOTHING = Translation("", math.nan, math.nan)


class TokenScore(NamedTuple):
    """A token of a translation, with the natural log of its probability."""

    token: str
    log_probability: float
    unknown: bool


class Score(NamedTuple):
    """How likely a translation is, given its source: its end is one of the tokens."""

    tokens: int
    unknown: int
    log_probability: float
    nats_per_token: float
    words: list[TokenScore]


def load(session: Session, record: Record) -> Translator:
    """Return a translator that is ready to answer. Raises MisuseError for a model of another task."""
    check_translator(record)
    return Translator(session, record)


def open_translator(session: Session, name: str | None) -> Translator:
    """Return a translator of the shelf, the default model's where no name is given."""
    return load(session, session.shelf.read(name, "translation"))


class Translator:
    """A model that translates. It is never changed, so threads may ask it at the same time."""

    def __init__(self, session: Session, record: Record) -> None:
        self._session = session
        self.record = record
        self.lines = translator_of(record)

    def __repr__(self) -> str:
        return f"<Translator {quoted(self.name)}>"

    @property
    def name(self) -> str:
        """The model's name."""
        return self.record.name

    @property
    def looks(self) -> bool:
        """Whether the model has attention, so that it can be told what a word looked at."""
        return bool(self.record.spec.attention != "none")

    # -- translations ---------------------------------------------------------------------------------------------

    @overload
    def translate(self, text: str, *, n: None = ..., **how: Unpack[HowTranslated]) -> Translation: ...  # type: ignore[overload-overlap]

    @overload
    def translate(  # type: ignore[overload-overlap]
        self, text: Iterator[str], *, n: None = ..., **how: Unpack[HowTranslated]
    ) -> Iterator[Translation]: ...

    @overload
    def translate(self, text: Iterable[str], *, n: None = ..., **how: Unpack[HowTranslated]) -> list[Translation]: ...

    @overload
    def translate(self, text: str, *, n: int, **how: Unpack[HowTranslated]) -> list[Translation]: ...  # type: ignore[overload-overlap]

    @overload
    def translate(  # type: ignore[overload-overlap]
        self, text: Iterator[str], *, n: int, **how: Unpack[HowTranslated]
    ) -> Iterator[list[Translation]]: ...

    @overload
    def translate(self, text: Iterable[str], *, n: int, **how: Unpack[HowTranslated]) -> list[list[Translation]]: ...

    def translate(self, text: str | Iterable[str], *, n: int | None = None, **how: Any) -> Any:
        """Translate a text, or each of several: strings that know their score and log-probability.

        n: the n best of each, a list. beam, length_penalty, coverage: how they are searched for; sample: draw them
        instead, at this temperature, with a seed. glossary: terms that are translated so (a file, a mapping or pairs);
        keep: leave numbers, addresses and what stands in {{ }} as they are; copy: take words that the model never read
        from the source. An empty text has an empty translation, and none of n.
        """
        glossary = how.pop("glossary", None)
        wanted = settings(Translating(), {**how, "n": n})
        terms = self.terms(glossary, wanted)
        places = itertools.count(0, TOGETHER)

        def answer(texts: Sequence[str]) -> Sequence[Any]:
            found = self.translations(texts, wanted, terms, first=next(places))
            return found if n is not None else [row[0] if row else NOTHING for row in found]

        return answered(text, answer, TOGETHER)

    def translations(
        self, lines: Sequence[str], wanted: Translating, terms: Terms, attention: bool = False, first: int = 0
    ) -> list[list[Translation]]:
        """Return the best translations of each line, as many as are wanted; none of an empty one.

        attention: they also know what their words looked at. first: number of the first line, which decides with the
        seed what is drawn. Raises MisuseError where the model has no attention to tell.
        """
        if attention and not self.looks:
            raise MisuseError(f"{quoted(self.name)} was trained with --attention none; it has no alignment to show.")
        self._session.spare.fit_products()
        return self.lines.translate(lines, searching_of(wanted), wanted.n or 1, attention, terms, first)

    def terms(self, glossary: Any, wanted: Translating) -> Terms:
        """Return what translations must contain. glossary: a file, a mapping or pairs. Raises CorpusError."""
        if glossary is None or isinstance(glossary, str | os.PathLike):
            return terms_of(None if glossary is None else os.fspath(glossary), wanted.keep, wanted.copy)
        pairs = glossary.items() if isinstance(glossary, Mapping) else glossary
        return Terms(
            tuple((term.strip(), translation.strip()) for term, translation in pairs), wanted.keep, wanted.copy
        )

    def align(self, text: str, **how: Unpack[HowTranslated]) -> list[Aligned]:
        """Translate a text and say of each word of the translation which source word it looked at most."""
        from seqcli.translation.alignment import aligned

        given: dict[str, Any] = {**how}
        glossary = given.pop("glossary", None)
        wanted = settings(Translating(), given)
        [found] = self.translations([text], wanted, self.terms(glossary, wanted), attention=True)
        return list(aligned(found[0])) if found else []

    def unseen(self, texts: Iterable[str]) -> str:
        """Return the letters of some texts that the model never learned, which it can only copy or guess."""
        return self.lines.source.unseen("".join(texts))

    # -- how likely and how good they are -------------------------------------------------------------------------

    @overload
    def score(self, source: str, target: str) -> Score: ...  # type: ignore[overload-overlap]

    @overload
    def score(self, source: Iterable[str], target: Iterable[str]) -> list[Score]: ...

    def score(self, source: str | Iterable[str], target: str | Iterable[str]) -> Any:
        """Say how likely a translation is, given its source; of several sources, each with its own translation.

        `.words` says it of every token. Raises CorpusError for a pair of more than 4,000 tokens on a side.
        """
        if isinstance(source, str) and isinstance(target, str):
            return self.scores([(source, target)])[0]
        if isinstance(source, str) or isinstance(target, str):
            raise MisuseError("A text and several were given; give a source and its translation, or as many of both.")
        sources, targets = list(source), list(target)
        if len(sources) != len(targets):
            raise MisuseError(f"{len(sources)} sources and {len(targets)} translations; give as many of both.")
        return self.scores(list(zip(sources, targets, strict=True)))

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[Score]:
        """Say how likely the second of each pair is, given the first."""
        for pair in pairs:
            if not all(side.strip() for side in pair):
                raise MisuseError("The source or its translation is empty; give both.")
        self._session.spare.fit_products()
        found = []
        for (_, target), (ids, logs) in zip(pairs, self.lines.score(pairs), strict=True):
            tokens = [*map(shown, self.lines.target.tokens(target)), SPECIALS[EOS]]
            words = [TokenScore(t, float(log), i == UNK) for t, i, log in zip(tokens, ids, logs, strict=True)]
            total = float(logs.sum(dtype="float64"))
            found.append(Score(len(ids), ids.count(UNK), total, -total / len(ids), words))
        return found

    def evaluate(
        self,
        *pairs: Path | Iterable[tuple[str, str]] | Pairs,
        others: Iterable[Translator] = (),
        **how: Unpack[HowMeasured],
    ) -> list[Figure]:
        """Measure it on a test set: BLEU, chrF and TER by sacrebleu, and nats a token of the references.

        pairs: a file of sources and one of translations, one file of both, or pairs that are here already. others:
        translators to compare with it on the same pairs. by_length: also for each quarter of the sentences;
        bleu_tokenizer, samples: of BLEU and of the bootstrap; beam, length_penalty, coverage as in `translate`.
        """
        from seqcli.translation.evaluation import figures
        from seqcli.translation.evaluation_settings import Measuring

        wanted = settings(Measuring(), dict(how))
        return list(figures(self._session, [one.lines for one in (self, *others)], _pairs(pairs), wanted))


def _pairs(given: Sequence[Path | Iterable[tuple[str, str]] | Pairs]) -> Pairs:
    """Return the pairs of files, or those that are given as such."""
    from seqcli.translation.pairs import Pairs, pairs_of, read_pairs

    files = [os.fspath(one) for one in given if isinstance(one, str | os.PathLike)]
    if len(files) == len(given):
        return read_pairs(files)
    if len(given) != 1 or files:
        raise MisuseError("Give files to measure on, or the pairs of one text.")
    [one] = given
    if isinstance(one, Pairs):
        return one
    sides = list(one)  # type: ignore[arg-type]
    return pairs_of([source for source, _ in sides], [target for _, target in sides])
