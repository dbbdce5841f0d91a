"""What a model says that fills gaps, and where it is weak."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from seqcli.reports.contents import Answers, Asked, content_words, likelihoods, lines_of, percent, spread
from seqcli.text.content_words import is_content
from seqcli.text.token_spans import surfaces
from seqcli.text.vocabulary import SPECIALS, UNK

if TYPE_CHECKING:
    from seqcli.fill.answers import Filled, GapFiller
    from seqcli.text.form import Form

GAPS, WORDS = 6, 5
TRIED = 120  # gaps that are made in the test text, one a line
MISSED = 6
TEN = 10
BANDS = (("the 100 commonest", 100), ("to the 1,000th", 1_000), ("rarer ones", 10**9))


class Gap(NamedTuple):
    """A sentence with a gap, and the word that stood there."""

    sentence: str
    word: str


def said(model: GapFiller, asked: Asked, form: Form) -> Iterator[Answers]:
    """Yield words for gaps."""
    gaps = [Gap(text, "") for text in asked.texts] or spread(_gaps(model, asked, form), GAPS) or _frames(model)
    found = model.fill([gap.sentence for gap in gaps], WORDS)
    rows = [(gap.sentence, gap.word, _told(answers)) for gap, answers in zip(gaps, found, strict=True)]
    command = f"seqcli fill {shlex.quote(gaps[0].sentence)} -k {WORDS} -m {model.record.name}"
    known = any(gap.word for gap in gaps)
    columns = ("sentence", "stood there", "words that are likely") if known else ("sentence", "words that are likely")
    yield Answers("The missing word", command, columns, rows if known else [(one, told) for one, _, told in rows])


def weak(model: GapFiller, asked: Asked, form: Form) -> Iterator[Answers]:
    """Yield words of a test text that ten answers do not hold, and how often common and rare words are found."""
    gaps = _gaps(model, asked, form)
    if not gaps:
        return
    found = model.fill([gap.sentence for gap in gaps], TEN)
    ranks = [_rank(gap.word, answers) for gap, answers in zip(gaps, found, strict=True)]
    missed = [(gap, answers) for gap, answers, rank in zip(gaps, found, ranks, strict=True) if rank is None]
    rows = [(gap.sentence, gap.word, _told(answers[:3])) for gap, answers in spread(missed, MISSED)]
    command = f"seqcli evaluate-fill {model.record.name} --test {shlex.quote(asked.test[0])}"
    remark = f"{len(missed):,} of {len(gaps):,} words were not among {TEN} answers."
    yield Answers("Not found", command, ("sentence", "stood there", "its first answers"), rows, remark)
    columns = ("words, by how common the training text had them", "gaps", "found first", f"among {TEN}")
    yield Answers("Words by frequency", command, columns, _by_frequency(model, gaps, ranks))


def _gaps(model: GapFiller, asked: Asked, form: Form) -> list[Gap]:
    """Return lines of the test text, a word of each taken out: each time another place of those that mean something."""
    found = []
    tokenizer = model.asked().tokenizer
    for number, line in enumerate(lines_of(asked, form, TRIED)):
        parts = list(surfaces(tokenizer, line))
        places = [i for i, part in enumerate(parts) if part.tokens == 1 and is_content(part.text, 2)]
        if places and "[_" not in line:
            at = places[number % len(places)]
            texts = [part.text for part in parts]
            found.append(Gap("".join([*texts[:at], "[_]", *texts[at + 1 :]]).strip(), texts[at]))
    return found


def _frames(model: GapFiller) -> list[Gap]:
    """Return gaps between words that the model knows, where there is no text to make them in."""
    words = content_words(model.asked().vocabulary.tokens[len(SPECIALS) :], GAPS)
    return [Gap(f"{word} [_]", "") for word in words]


def _rank(word: str, answers: Sequence[Filled]) -> int | None:
    low = word.lower()
    return next((rank for rank, one in enumerate(answers, 1) if one.words[0].lower() == low), None)


def _told(answers: Sequence[Filled]) -> str:
    return likelihoods([(" … ".join(one.words), one.probability) for one in answers])


def _by_frequency(model: GapFiller, gaps: Sequence[Gap], ranks: Sequence[int | None]) -> list[tuple[str, ...]]:
    vocabulary, tokenizer = model.asked().vocabulary, model.asked().tokenizer
    found: dict[str, list[int | None]] = {name: [] for name in [*dict(BANDS), "unknown words"]}
    for gap, rank in zip(gaps, ranks, strict=True):
        token = vocabulary.encode(tokenizer.split(gap.word))[:1]
        place = token[0] - len(SPECIALS) if token else 0
        band = next(name for name, most in BANDS if place < most)
        found["unknown words" if token == [UNK] else band].append(rank)
    return [
        (name, f"{len(some):,}", percent(some.count(1) / len(some)), percent(1 - some.count(None) / len(some)))
        for name, some in found.items()
        if some
    ]
