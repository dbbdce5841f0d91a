"""What a server may be asked in its own words: the very answers of the command line, under the same names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from seqcli.dialogue.answer_settings import Replying
from seqcli.errors import MisuseError, quoted
from seqcli.fill.answer_settings import Filling
from seqcli.fill.proofreading.settings import Proofreading
from seqcli.language.answer_settings import Predicting
from seqcli.language.generation_settings import Generating
from seqcli.sentences.answer_settings import LONGEST, Drawing, Walking, Writing
from seqcli.serve import records
from seqcli.serve.records import Rows
from seqcli.settings import option_name, setting, settings, value_type
from seqcli.translation.answer_settings import Translating
from seqcli.vectors.answer_settings import Nearing, Solving


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

    asks: the name of the texts in a request, "" where it has none. how: its settings; files: those that name files,
    which nobody may from afar. answer(model, settings given, texts) gives the records of each text.
    """

    path: str
    task: str
    does: str
    asks: str
    how: type
    answer: Callable[[Any, dict[str, Any], Sequence[Any]], list[Rows]]
    files: frozenset[str] = frozenset()
    listed: bool = False  # one question is a list of texts: what was said so far, the ends of a way
    tokens: int = 1  # of each text that is written, where a request does not say how many

    def settings(self) -> list[Any]:
        """Return the fields of its settings that a request may have."""
        return [f for f in fields(self.how) if f.name not in self.files]

    def given(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings of a request. Raises MisuseError for what is none, or out of range."""
        names = {f.name for f in self.settings()}
        given = {name: value for name, value in request.items() if name not in ("model", "stream", self.asks)}
        for name in given.keys() - names:
            known = ", ".join(("model", *filter(None, [self.asks]), *sorted(names)))
            raise MisuseError(f"{self.path} has no field {quoted(name)}; it has {known}.")
        for name, value in list(given.items()):
            if value is None:
                del given[name]
            elif value_type(self.how, name)[0] is tuple:
                given[name] = tuple(texts_of(name, value))
        return checked(self.how, given)

    def written(self, given: Mapping[str, Any]) -> int:
        """Return how many tokens are to be written for a text, at most."""
        how = settings(self.how(), dict(given))
        count = getattr(how, "n", None) or getattr(how, "steps", None) or 1
        return int(count) * int(given.get("tokens") or self.tokens)


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


DRAWN = frozenset({"no_copy", "text"})
QUESTIONS = (
    Question("/predict", "lm", "Words that are likely to come next.", "prompt", Predicting, records.predict),
    Question("/score", "lm", "How likely each sentence, or each word of it, is.", "sentence", Scoring, records.score),
    Question("/generate", "lm", "Texts that go on from a prompt.", "prompt", Generating, records.generate, DRAWN),
    Question("/fill", "fill", "Words for the gaps of a sentence.", "sentence", Choosing, records.fill),
    Question(
        "/translate",
        "translation",
        "Translations of a text.",
        "source",
        Translating,
        records.translate,
        frozenset({"glossary"}),
    ),
    Question("/reply", "dialogue", "Replies to what was said.", "context", Replying, records.reply, listed=True),
    Question("/neighbors", "vectors", "The nearest words of a word.", "word", Nearing, records.neighbors),
    Question(
        "/analogy", "vectors", "What is to one word as another is to a third.", "prompt", Solving, records.analogy
    ),
    Question("/proofread", "fill", "What does not fit in a text.", "text", Marking, records.proofread),
    Question("/embed", "sentences", "The code of a sentence.", "sentence", Nothing, records.embed),
    Question("/sample", "sentences", "Sentences that are drawn.", "", Drawing, records.sample, tokens=LONGEST),
    Question(
        "/reconstruct", "sentences", "A sentence written from its code.", "sentence", Writing, records.reconstruct
    ),
    Question(
        "/interpolate",
        "sentences",
        "One sentence walked into another.",
        "sentence",
        Walking,
        records.interpolate,
        listed=True,
        tokens=LONGEST,
    ),
    Question("/vector", "vectors", "The numbers of a word's vector.", "word", Nothing, records.vector),
)
