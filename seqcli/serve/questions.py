"""What a server may be asked in its own words: the very answers of the command line, under the same names."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from seqcli.dialogue.answer_settings import Replying
from seqcli.errors import MisuseError, quoted
from seqcli.fill.answer_settings import Filling
from seqcli.fill.proofreading.settings import Proofreading
from seqcli.language.answer_settings import Predicting
from seqcli.language.generation_settings import Generating, wanted_texts
from seqcli.settings import option_name, setting, settings, value_type
from seqcli.translation.answer_settings import Translating
from seqcli.vectors.answer_settings import Nearing, Solving

Rows = list[dict[str, Any]]  # the records of one question


@dataclass(frozen=True)
class Scoring:
    """How scores are given."""

    words: bool = setting(False, "A record for every word, instead of one for the sentence.", panel="Other")


@dataclass(frozen=True)
class Choosing(Filling):
    """How gaps are filled."""

    among: tuple[str, ...] = setting((), "Choose between these words or phrases.", panel="Other")


@dataclass(frozen=True)
class Marking(Proofreading):
    """How texts are proofread."""

    words: tuple[str, ...] = setting((), "Words that are right.", panel="Other")


@dataclass(frozen=True)
class Nothing:
    """No settings."""


class Question(NamedTuple):
    """One thing that can be asked: where, of which models, and how it is answered.

    asks: the name of the texts in a request. how: its settings; files: those that name files, which nobody may from
    afar. answer(model, settings given, texts) gives the records of each text.
    """

    path: str
    task: str
    does: str
    asks: str
    how: type
    answer: Callable[[Any, dict[str, Any], Sequence[Any]], list[Rows]]
    files: frozenset[str] = frozenset()
    listed: bool = False  # one question is a list of texts: what was said so far

    def settings(self) -> list[Any]:
        """Return the fields of its settings that a request may have."""
        return [f for f in fields(self.how) if f.name not in self.files]

    def given(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings of a request. Raises MisuseError for what is none, or out of range."""
        names = {f.name for f in self.settings()}
        given = {name: value for name, value in request.items() if name not in ("model", "stream", self.asks)}
        for name in given.keys() - names:
            known = ", ".join(("model", self.asks, *sorted(names)))
            raise MisuseError(f"{self.path} has no field {quoted(name)}; it has {known}.")
        for name, value in list(given.items()):
            if value is None:
                del given[name]
            elif value_type(self.how, name)[0] is tuple:
                given[name] = tuple(texts_of(name, value))
        return checked(self.how, given)


def checked(kind: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings of a request, 5.0 as 5, as JSON has one kind of number. Raises MisuseError, naming the field."""
    found = dict(given)
    for name, value in given.items():
        whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
        if whole and name in {f.name for f in fields(kind)} and value_type(kind, name)[0] is int:
            found[name] = int(value)
    try:
        settings(kind(), dict(found))
    except MisuseError as error:
        said = str(error)
        for f in fields(kind):
            flag = f.metadata["typed"].split("/")[0] or option_name(f.name)
            if said.startswith(f"{flag} "):
                said = quoted(f.name) + said.removeprefix(flag)
        raise MisuseError(said) from None
    return found


def texts_of(name: str, value: Any) -> list[str]:
    """Return the texts that a field of a request holds, one or several. Raises MisuseError for what is neither."""
    some = [value] if isinstance(value, str) else value
    if not isinstance(some, list) or not all(isinstance(one, str) for one in some):
        raise MisuseError(f"{quoted(name)} is no text and no list of texts; give one, or several.")
    return some


def _numbered(question: str, asked: str, names: Sequence[str], found: Iterable[Sequence[Any]]) -> Rows:
    """Return the records of answers that are ranked; an empty one where there is none."""
    rows = [{question: asked, names[0]: rank, **_named(names[1:], one)} for rank, one in enumerate(found, 1)]
    return rows or [{question: asked, **dict.fromkeys(names)}]


def _named(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    """Return values by their names; a number that is none is null, as JSON has none."""
    plain = (None if isinstance(v, float) and not math.isfinite(v) else v for v in values)
    return dict(zip(names, plain, strict=True))


def _predict(model: Any, how: dict[str, Any], texts: Sequence[str]) -> list[Rows]:
    wanted = settings(Predicting(), how)
    names: tuple[str, ...]
    if wanted.next:
        found = model.predict_next(texts, wanted.next, exclude_special=wanted.exclude_special)
        names = ("position", "word", "probability", "text")
    else:
        found = model.predict(texts, wanted.k, exclude_special=wanted.exclude_special)
        names = ("rank", "word", "probability")
    return [_numbered("prompt", text, names, some) for text, some in zip(texts, found, strict=True)]


FIGURES = ("tokens", "unknown", "log_probability", "nats_per_token", "perplexity")
OF_WORD = ("line", "position", "token", "log_probability", "unknown", "bits")


def _score(model: Any, how: dict[str, Any], texts: Sequence[str]) -> list[Rows]:
    found = model.score(texts)
    if how.get("words"):
        return [[_named(OF_WORD, (1, place, *word)) for place, word in enumerate(one.words, 1)] for one in found]
    return [
        [{"sentence": one.text, **_named(FIGURES, [getattr(one, name) if one.tokens else None for name in FIGURES])}]
        for one in found
    ]


def _generate(model: Any, how: dict[str, Any], texts: Sequence[str]) -> list[Rows]:
    writing = model.writing(wanted_texts(how, False))
    names = ("sample", "text", "tokens", "log_probability")
    return [
        _numbered(
            "prompt", text, names, [(str(one), one.tokens, one.log_probability) for one in writing.texts(text, 0)]
        )
        for text in texts
    ]


def _fill(model: Any, how: dict[str, Any], texts: Sequence[str]) -> list[Rows]:
    found = model.fill(texts, how.get("k"), among=how.get("among", ()), beam=how.get("beam", Filling.beam))
    return [
        [
            {"sentence": text, "blank": blank, "rank": rank, "word": word, "probability": one.probability}
            for rank, one in enumerate(some, 1)
            for blank, word in enumerate(one.words, 1)
        ]
        for text, some in zip(texts, found, strict=True)
    ]


OF_MARK = ("line", "column", "offset", "length", "word", "kind", "probability")


def _proofread(model: Any, how: dict[str, Any], texts: Sequence[str]) -> list[Rows]:
    return [
        [
            {
                **_named(OF_MARK, [getattr(one, name) for name in OF_MARK]),
                "suggestions": [s.text for s in one.suggestions],
                "message": one.message,
            }
            for one in marks
        ]
        for marks in model.proofread(texts, **how)
    ]


def _embed(model: Any, how: dict[str, Any], texts: Sequence[str]) -> list[Rows]:
    return [[{"sentence": text, "code": code.tolist()}] for text, code in zip(texts, model.embed(texts), strict=True)]


def _translate(model: Any, how: dict[str, Any], texts: Sequence[str]) -> list[Rows]:
    several = how.get("n") is not None
    found = model.translate(texts, **{"n": 1, **how})
    if not several:
        best = [(str(some[0]), some[0].score) if some else (None, None) for some in found]
        rows = [
            {"source": text, **_named(("translation", "score"), one)} for text, one in zip(texts, best, strict=True)
        ]
        return [[row] for row in rows]
    names = ("rank", "translation", "score", "log_probability")
    return [
        _numbered("source", text, names, [(str(one), one.score, one.log_probability) for one in some])
        for text, some in zip(texts, found, strict=True)
    ]


def _reply(model: Any, how: dict[str, Any], dialogues: Sequence[Sequence[str]]) -> list[Rows]:
    several, rows = how.get("n") is not None, []
    for said in dialogues:
        found = model.reply(list(said), **how) if said else []
        some = found if isinstance(found, list) else [found]
        names = ("rank", "reply", "log_probability") if several else ("reply", "log_probability")
        context = said[-1] if said else ""
        answers = [(str(one), one.log_probability) for one in some]
        rows.append(
            _numbered("context", context, names, answers)
            if several
            else [{"context": context, **_named(names, answers[0] if answers else (None, None))}]
        )
    return rows


def _neighbors(model: Any, how: dict[str, Any], words: Sequence[str]) -> list[Rows]:
    wanted = settings(Nearing(), how)
    found = model.neighbors(words, wanted.k, approximate=wanted.approximate)
    return [
        _numbered("word", word, ("rank", "neighbor", "similarity"), some)
        for word, some in zip(words, found, strict=True)
    ]


def _analogy(model: Any, how: dict[str, Any], terms: Sequence[str]) -> list[Rows]:
    wanted = settings(Solving(), how)
    found = model.analogy(terms, wanted.k, method=wanted.method)
    return [
        _numbered("prompt", text, ("rank", "neighbor", "similarity"), some)
        for text, some in zip(terms, found, strict=True)
    ]


def _vector(model: Any, how: dict[str, Any], words: Sequence[str]) -> list[Rows]:
    model.check(*words)
    return [[{"word": word, "vector": model[word].tolist()}] for word in words]


DRAWN = frozenset({"no_copy", "text"})
QUESTIONS = (
    Question("/predict", "lm", "Words that are likely to come next.", "prompt", Predicting, _predict),
    Question("/score", "lm", "How likely each sentence, or each word of it, is.", "sentence", Scoring, _score),
    Question("/generate", "lm", "Texts that go on from a prompt.", "prompt", Generating, _generate, DRAWN),
    Question("/fill", "fill", "Words for the gaps of a sentence.", "sentence", Choosing, _fill),
    Question(
        "/translate",
        "translation",
        "Translations of a text.",
        "source",
        Translating,
        _translate,
        frozenset({"glossary"}),
    ),
    Question("/reply", "dialogue", "Replies to what was said.", "context", Replying, _reply, listed=True),
    Question("/neighbors", "vectors", "The nearest words of a word.", "word", Nearing, _neighbors),
    Question("/analogy", "vectors", "What is to one word as another is to a third.", "prompt", Solving, _analogy),
    Question("/proofread", "fill", "What does not fit in a text.", "text", Marking, _proofread),
    Question("/embed", "sentences", "The code of a sentence.", "sentence", Nothing, _embed),
    Question("/vector", "vectors", "The numbers of a word's vector.", "word", Nothing, _vector),
)
