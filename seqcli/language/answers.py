"""A language model as it is asked, from a shell and from Python alike: next words, scores, texts, figures."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from seqcli.errors import MisuseError
from seqcli.language.answer_settings import ALONE, Mixing, Predicting
from seqcli.language.load import Asked, checked, stored_model
from seqcli.one_or_many import TOGETHER, answered
from seqcli.settings import settings
from seqcli.text.form import KEYWORDS, TEXT, Form, form_of

if TYPE_CHECKING:
    from typing import Unpack

    from seqcli.language.answer_settings import HowMeasured, Measuring
    from seqcli.language.completion import Completer
    from seqcli.language.figures import Figures
    from seqcli.language.generation_settings import Generating, HowGenerated
    from seqcli.language.mixture.blend import Blend
    from seqcli.language.next_words import NextWord, Prediction
    from seqcli.language.paired_comparison import Measured
    from seqcli.language.sentence_scores import Likelier, Score
    from seqcli.language.writing import Writing, Written
    from seqcli.session import Session
    from seqcli.statistics import Difference
    from seqcli.store import Record
    from seqcli.text.tokens import Tokenizer
    from seqcli.text.vocabulary import Vocabulary

Path = str | os.PathLike[str]


def load(
    session: Session, record: Record, mix: Iterable[str] = (), cache: str | None = None, dynamic: bool = False
) -> LanguageModel:
    """Return a language model that is ready to answer, with what is mixed in.

    Raises MisuseError for a model of another task, for models that cannot be mixed, and for a cache that is none.
    """
    if cache is not None:
        from seqcli.language.mixture.settings import parse

        parse(cache)
    mixing = Mixing((mix,) if isinstance(mix, str) else tuple(mix), cache, dynamic)
    return LanguageModel(session, checked(record), mixing).ready()


class LanguageModel:
    """A language model, alone or mixed with others, a cache, or what it learns from what it reads.

    Asking it changes nothing in it: several threads may ask at once.
    """

    def __init__(self, session: Session, record: Record, mixing: Mixing = ALONE) -> None:
        """mixing: what is added when it answers, as typed."""
        self._session, self._record, self._mixing = session, record, mixing
        self._blend = self._mixed(use_kept=True) if mixing.asked else None
        self._opened: tuple[list[Any], Tokenizer, Vocabulary] | None = None

    @property
    def name(self) -> str:
        """What it is called: the models, and what is added to them."""
        return self._blend.name if self._blend else self._record.name

    @property
    def record(self) -> Record:
        """What is kept of it: settings, results, the text it learned from."""
        return self._record

    def __repr__(self) -> str:
        held_out = self._record.results.get("held_out", {})
        figures = [f"{name} {held_out[name]:.4g}" for name in ("perplexity",) if name in held_out]
        return f"<LanguageModel {self.name!r}: {', '.join([self._record.architecture, *figures])}>"

    # -- what comes next ------------------------------------------------------------------------------------------

    @overload
    def predict(self, text: str, k: int = ..., *, exclude_special: bool = ...) -> list[Prediction]: ...  # type: ignore[overload-overlap]

    @overload
    def predict(  # type: ignore[overload-overlap]
        self, text: Iterator[str], k: int = ..., *, exclude_special: bool = ...
    ) -> Iterator[list[Prediction]]: ...

    @overload
    def predict(self, text: Iterable[str], k: int = ..., *, exclude_special: bool = ...) -> list[list[Prediction]]: ...

    def predict(self, text: str | Iterable[str], k: int = Predicting.k, *, exclude_special: bool = True) -> Any:
        """Return the likeliest next words behind a text, best first, with their probabilities; of several, a list each.

        exclude_special: leave out the unknown word and the end of a sentence. A text without words has none.
        """
        from seqcli.language.next_words import predictions

        how = settings(Predicting(), {"k": k, "exclude_special": exclude_special})
        asked = self.asked()
        return answered(text, lambda texts: predictions(asked, texts, how.k, how.exclude_special))

    @overload
    def predict_next(self, text: str, next: int = ..., *, exclude_special: bool = ...) -> list[NextWord]: ...  # type: ignore[overload-overlap]

    @overload
    def predict_next(  # type: ignore[overload-overlap]
        self, text: Iterator[str], next: int = ..., *, exclude_special: bool = ...
    ) -> Iterator[list[NextWord]]: ...

    @overload
    def predict_next(
        self, text: Iterable[str], next: int = ..., *, exclude_special: bool = ...
    ) -> list[list[NextWord]]: ...

    def predict_next(self, text: str | Iterable[str], next: int = 1, *, exclude_special: bool = True) -> Any:
        """Continue a text by its likeliest words, one after another: each with its probability and the text so far."""
        from seqcli.language.next_words import continuation

        how = settings(Predicting(), {"next": next, "exclude_special": exclude_special})
        asked = self.asked()
        return answered(
            text, lambda texts: [list(continuation(asked, one, next, how.exclude_special)) for one in texts]
        )

    def completer(self) -> Completer:
        """Return what completes a line as it is typed: `completer().complete("some of th", 5)`."""
        from seqcli.language.completion import Completer

        return Completer(self.asked())

    def unknown(self, text: str) -> list[str]:
        """Return the words of a text that the model never learned, each once: they are all the same to it."""
        from seqcli.text.tokens import SPACE, shown, tokens_of

        asked = self.asked()
        tokens = (t for t in tokens_of(asked.tokenizer, text) if t not in asked.vocabulary and t != SPACE)
        return list(dict.fromkeys(map(shown, tokens)))

    # -- how likely a text is -------------------------------------------------------------------------------------

    @overload
    def score(self, text: str) -> Score: ...  # type: ignore[overload-overlap]

    @overload
    def score(self, text: Iterator[str]) -> Iterator[Score]: ...  # type: ignore[overload-overlap]

    @overload
    def score(self, text: Iterable[str]) -> list[Score]: ...

    def score(self, text: str | Iterable[str]) -> Any:
        """Say how likely a text is, its end included, or each of several; `.words` says it of every token.

        Each is scored by itself, from its beginning; only a cache, and a model that learns from what it reads, remember
        those before it.
        """
        return answered(text, self.scorer().score)

    def scorer(self) -> Scorer:
        """Return what scores texts and remembers those before, where a cache or learning is added."""
        return Scorer(self.asked(remembers=True))

    def rerank(self, candidates: Iterable[str], prompt: str | None = None, *, per_token: bool = False) -> list[Score]:
        """Return the scores of candidates, the likeliest first; equal ones stay in their order.

        prompt: what they go on from, whose end is then not scored. per_token: compare means of tokens.
        """
        from seqcli.language.sentence_scores import candidate_scores

        found = candidate_scores(self.asked(), prompt, list(candidates), TOGETHER)
        return sorted(found, key=lambda score: score.measure(per_token), reverse=True)

    def which(self, first: str, second: str, *, per_token: bool = False) -> Likelier:
        """Say which of two texts is likelier, and by how much."""
        from seqcli.language.sentence_scores import candidate_scores, likelier_of

        one, other = candidate_scores(self.asked(), None, [first, second], TOGETHER)
        return likelier_of(one, other, per_token)

    # -- texts ----------------------------------------------------------------------------------------------------

    @overload
    def generate(self, prompt: str = "", **how: Unpack[HowGenerated]) -> list[Written]: ...  # type: ignore[overload-overlap]

    @overload
    def generate(  # type: ignore[overload-overlap]
        self, prompt: Iterator[str], **how: Unpack[HowGenerated]
    ) -> Iterator[list[Written]]: ...

    @overload
    def generate(self, prompt: Iterable[str], **how: Unpack[HowGenerated]) -> list[list[Written]]: ...

    def generate(self, prompt: str | Iterable[str] = "", **how: Unpack[HowGenerated]) -> Any:
        """Write texts that go on from a prompt, or from nothing: strings that know their tokens and log-probability.

        n: how many; tokens, sentences, stop: where they end, else with their line; temperature, top_k, top_p, typical:
        how words are drawn; beam: search instead; seed: the same again; no_copy: never more than so many tokens running
        as in `text`, files.
        """
        from seqcli.language.generation_settings import wanted_texts

        wanted = wanted_texts(_with_tuples(how, "stop", "text"), self._mixing.dynamic)
        writing = self.writing(wanted)
        places = itertools.count()
        return answered(prompt, lambda texts: [list(writing.texts(one, next(places))) for one in texts], 1)

    def writing(self, wanted: Generating, form: Form = TEXT) -> Writing:
        """Return what writes as is wanted, several texts at once or one as it comes. form: that of `wanted.text`."""
        from seqcli.language.writing import Writing

        return Writing(self._session, self.asked(), wanted, form)

    # -- a whole text ---------------------------------------------------------------------------------------------

    def evaluate(self, *texts: Path | Iterable[str], **how: Unpack[HowMeasured]) -> Figures:
        """Measure it on a text: files, or lines that are here already. Perplexity, nats a token, bits a character.

        fit_on: files that what was left open of a mixture is fitted to first; keep: in the model, for later answers.
        """
        return self._measured(texts, how).figures

    def compare(
        self,
        other: LanguageModel,
        *texts: Path | Iterable[str],
        per_character: bool = False,
        **how: Unpack[HowMeasured],
    ) -> Difference:
        """Say how much more it costs than another on the units of a text: how sure is the difference?

        per_character: in bits, which can be compared for models of any tokens.
        """
        from seqcli.language.paired_comparison import difference

        texts = tuple(text if isinstance(text, str | os.PathLike) else list(text) for text in texts)  # read twice
        return difference(self._measured(texts, how), other._measured(texts, how), per_character)

    def measure(self, files: Sequence[str], form: Form, how: Measuring, lines: Iterable[str] | None = None) -> Measured:
        """Return a text with the log-probability of every token."""
        from seqcli.language.evaluation import Reading, measured

        return measured(self._session, self._mixed(use_kept=not how.fit_on), Reading(files, lines, form, how))

    def _measured(self, texts: Sequence[Path | Iterable[str]], given: HowMeasured) -> Measured:
        from seqcli.language.answer_settings import how_measured

        form = form_of(given)
        how = _with_tuples({name: value for name, value in given.items() if name not in KEYWORDS}, "fit_on")
        files = [os.fspath(text) for text in texts if isinstance(text, str | os.PathLike)]
        if len(files) == len(texts) and files:
            return self.measure(files, form, how_measured(how))
        if len(texts) != 1 or isinstance(texts[0], str | os.PathLike):
            raise MisuseError("Give files to measure on, or the lines of one text.")
        return self.measure((), form, how_measured(how), texts[0])

    # -- the model itself -----------------------------------------------------------------------------------------

    def ready(self) -> LanguageModel:
        """Read what answers need, which else is read when it is first asked; return itself."""
        self.asked()
        return self

    def asked(self, remembers: bool = False) -> Asked:
        """Return the model with its tokenizer and vocabulary; what learns or remembers in it is new each time."""
        from seqcli.store.tokenizer import tokenizer_of

        if self._opened is None:
            vocabulary = self._record.vocabulary()
            self._session.spare.fit_products()
            members = self._members(len(vocabulary))
            self._opened = members, tokenizer_of(self._record), vocabulary
        members, tokenizer, vocabulary = self._opened
        model = members[0]
        if self._blend:
            from seqcli.language.mixture.members import answering

            model = answering(self._blend, members, remembers)
        return Asked(self.name, model, tokenizer, vocabulary, self._record.text.unit)

    def _members(self, vocabulary_size: int) -> list[Any]:
        if not self._blend:
            return [stored_model(self._record, vocabulary_size)]
        from seqcli.language.mixture.members import members_of

        return members_of(self._blend, vocabulary_size)

    def _mixed(self, use_kept: bool) -> Blend:
        if not self._mixing.asked:
            from seqcli.language.mixture.blend import Blend

            return Blend((self._record,), (1.0,))
        from seqcli.language.mixture.choice import blend_of

        return blend_of(self._session, self._record, self._mixing, use_kept)


class Scorer:
    """Scores texts one after another; where the model has a cache, or learns, it remembers those before."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def score(self, texts: Sequence[str]) -> list[Score]:
        """Say how likely each of some texts is."""
        from seqcli.language.sentence_scores import scored

        return scored(self._asked, texts)


def _with_tuples(how: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return settings of which some, given as one string or path or as several, are tuples of strings."""
    given = dict(how)
    for name in (name for name in names if name in given):
        value = given[name]
        given[name] = tuple(map(os.fspath, [value] if isinstance(value, str | os.PathLike) else value))
    return given
