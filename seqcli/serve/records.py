"""The records of answers, under the names that the command line has in its JSON: a list of them for each question."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from seqcli.errors import MisuseError
from seqcli.fill.answer_settings import Filling
from seqcli.language.answer_settings import Predicting
from seqcli.language.generation_settings import wanted_texts
from seqcli.sentences.answer_settings import Drawing, Walking, Writing
from seqcli.settings import settings
from seqcli.vectors.answer_settings import Nearing, Solving

Rows = list[dict[str, Any]]  # the records of one question


def _numbered(question: str, asked: str, names: Sequence[str], found: Iterable[Sequence[Any]]) -> Rows:
    """Return the records of answers that are ranked; an empty one where there is none."""
    rows = [{question: asked, names[0]: rank, **_named(names[1:], one)} for rank, one in enumerate(found, 1)]
    return rows or [{question: asked, **dict.fromkeys(names)}]


def _each(question: str, texts: Sequence[str], names: Sequence[str], found: Iterable[Iterable[Any]]) -> list[Rows]:
    """Return the records of the answers to each text."""
    return [_numbered(question, text, names, some) for text, some in zip(texts, found, strict=True)]


def _named(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    """Return values by their names; a number that is none is null, as JSON has none."""
    plain = (None if isinstance(v, float) and not math.isfinite(v) else v for v in values)
    return dict(zip(names, plain, strict=True))


def predict(model: Any, how: dict[str, Any], texts: Sequence[str]) -> list[Rows]:
    """Return the likely next words of prompts."""
    wanted = settings(Predicting(), how)
    names: tuple[str, ...]
    if wanted.next:
        found = model.predict_next(texts, wanted.next, exclude_special=wanted.exclude_special)
        names = ("position", "word", "probability", "text")
    else:
        found = model.predict(texts, wanted.k, exclude_special=wanted.exclude_special)
        names = ("rank", "word", "probability")
    return _each("prompt", texts, names, found)


FIGURES = ("tokens", "unknown", "log_probability", "nats_per_token", "perplexity")
OF_WORD = ("line", "position", "token", "log_probability", "unknown", "bits")


def score(model: Any, how: dict[str, Any], texts: Sequence[str]) -> list[Rows]:
    """Return how likely sentences are, or each of their words."""
    found = model.score(texts)
    if how.get("words"):
        return [[_named(OF_WORD, (1, place, *word)) for place, word in enumerate(one.words, 1)] for one in found]
    return [
        [{"sentence": one.text, **_named(FIGURES, [getattr(one, name) if one.tokens else None for name in FIGURES])}]
        for one in found
    ]


def generate(model: Any, how: dict[str, Any], texts: Sequence[str]) -> list[Rows]:
    """Return texts that go on from prompts."""
    writing = model.writing(wanted_texts(how, False))
    found = [[(str(one), one.tokens, one.log_probability) for one in writing.texts(text, 0)] for text in texts]
    return _each("prompt", texts, ("sample", "text", "tokens", "log_probability"), found)


def fill(model: Any, how: dict[str, Any], texts: Sequence[str]) -> list[Rows]:
    """Return the words for the gaps of sentences."""
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


def proofread(model: Any, how: dict[str, Any], texts: Sequence[str]) -> list[Rows]:
    """Return what does not fit in texts."""
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


def embed(model: Any, how: dict[str, Any], texts: Sequence[str]) -> list[Rows]:
    """Return the codes of sentences."""
    return _of_full("code", texts, lambda full: [code.tolist() for code in model.embed(full)])


def _of_full(column: str, texts: Sequence[str], answer: Callable[[list[str]], list[Any]]) -> list[Rows]:
    """Return a record for each sentence; an empty sentence has no answer, and none is looked for."""
    full = [text for text in texts if text.strip()]
    found = iter(answer(full) if full else [])
    return [[{"sentence": text, column: next(found) if text.strip() else None}] for text in texts]


def translate(model: Any, how: dict[str, Any], texts: Sequence[str]) -> list[Rows]:
    """Return the translations of texts."""
    several = how.get("n") is not None
    found = model.translate(texts, **{"n": 1, **how})
    if not several:
        best = [(str(some[0]), some[0].score) if some else (None, None) for some in found]
        rows = [
            {"source": text, **_named(("translation", "score"), one)} for text, one in zip(texts, best, strict=True)
        ]
        return [[row] for row in rows]
    told = [[(str(one), one.score, one.log_probability) for one in some] for some in found]
    return _each("source", texts, ("rank", "translation", "score", "log_probability"), told)


def reply(model: Any, how: dict[str, Any], dialogues: Sequence[Sequence[str]]) -> list[Rows]:
    """Return replies to what was said."""
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


NEAR = ("rank", "neighbor", "similarity")


def neighbors(model: Any, how: dict[str, Any], words: Sequence[str]) -> list[Rows]:
    """Return the nearest words of words."""
    wanted = settings(Nearing(), how)
    found = model.neighbors(words, wanted.k, approximate=wanted.approximate)
    return _each("word", words, NEAR, found)


def analogy(model: Any, how: dict[str, Any], terms: Sequence[str]) -> list[Rows]:
    """Return what solves analogies."""
    wanted = settings(Solving(), how)
    return _each("prompt", terms, NEAR, model.analogy(terms, wanted.k, method=wanted.method))


def vector(model: Any, how: dict[str, Any], words: Sequence[str]) -> list[Rows]:
    """Return the vectors of words."""
    model.check(*words)
    return [[{"word": word, "vector": model[word].tolist()}] for word in words]


def sample(model: Any, how: dict[str, Any], asked: Sequence[Any]) -> list[Rows]:
    """Return sentences that are drawn, as often as somebody asks."""
    some = [[text for drawn in model.samples(settings(Drawing(), dict(how))) for text in drawn] for _ in asked]
    return [[{"sample": number, "sentence": text} for number, text in enumerate(texts, 1)] for texts in some]


def reconstruct(model: Any, how: dict[str, Any], texts: Sequence[str]) -> list[Rows]:
    """Return sentences as they are written from their codes."""
    beam = settings(Writing(), dict(how)).beam
    return _of_full("reconstruction", texts, lambda full: model.written(model.embed(full), beam))


def interpolate(model: Any, how: dict[str, Any], pairs: Sequence[Sequence[str]]) -> list[Rows]:
    """Return the steps from one sentence to another. Raises MisuseError for other than two."""
    if any(len(pair) != 2 for pair in pairs):
        raise MisuseError("'sentence' holds the two ends of a way; give a list of two sentences.")
    wanted = settings(Walking(), dict(how))
    return [
        [
            {"line": 1, "step": at, "share": step.share, "sentence": step.sentence}
            for at, step in enumerate(model.walk(*pair, wanted), 1)
        ]
        for pair in pairs
    ]
