"""What a translator says, what it looked at, and where it is weak."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from seqcli.reports.contents import Answers, Asked, bits, content_words, spread
from seqcli.text.tokens import shown
from seqcli.text.vocabulary import SPECIALS
from seqcli.translation.pairs import read_pairs

if TYPE_CHECKING:
    from seqcli.text.form import Form
    from seqcli.translation.answers import Translator
    from seqcli.translation.lines import Translation

SOURCES, PICTURES = 6, 2
PAIRS = 200  # of the test set that are translated and scored
WORST = 6
LONGEST = 24  # source words of a picture of attention: more are not read on a phone


def said(model: Translator, asked: Asked, form: Form) -> Iterator[Answers]:
    """Yield translations, and pictures of what their words looked at."""
    from seqcli.settings import settings
    from seqcli.translation.answer_settings import Translating

    sources = list(asked.texts) or _sources(model, asked, form)
    wanted = settings(Translating(), {})
    found = model.translations(sources, wanted, model.terms(None, wanted), attention=model.looks)
    best = [row[0] if row else None for row in found]
    rows = [(source, one or "") for source, one in zip(sources, best, strict=True)]
    command = f"seqcli translate {shlex.quote(sources[0])} -m {model.name}"
    pictures = [_picture(one) for one in best if one is not None and model.looks and _can_be_drawn(one)][:PICTURES]
    yield Answers("Translations", command, ("source", "translation"), rows, "", pictures)


def weak(model: Translator, asked: Asked, form: Form) -> Iterator[Answers]:
    """Yield the pairs of a test set whose translation by people the model finds least likely; figures by length."""
    pairs = read_pairs(asked.test, form)
    some = spread(list(zip(pairs.source, pairs.target, strict=True)), PAIRS)
    some = [pair for pair in some if all(side.strip() for side in pair)]
    scores = model.scores(some)
    worst = sorted(zip(some, scores, strict=True), key=lambda one: -one[1].nats_per_token)[:WORST]
    translated = model.translate([source for (source, _), _ in worst])
    rows = [
        (source, target, str(mine), f"{bits(score.nats_per_token):.1f}")
        for ((source, target), score), mine in zip(worst, translated, strict=True)
    ]
    command = f"seqcli score-translation --file {shlex.quote(asked.test[0])} -m {model.name}"
    columns = ("source", "translation by people", "by the model", "bits a token of people's")
    yield Answers("The worst sentences", command, columns, rows, f"Of {len(some):,} pairs.")
    if len(some) > 4:
        figures = model.evaluate(some, by_length=True, samples=1)
        parts = [(one.part, one.pairs, f"{one.bleu:.1f}", f"{one.chrf:.1f}") for one in figures]
        command = f"seqcli evaluate-translation {model.name} --test {shlex.join(asked.test)} --by-length"
        yield Answers("By length", command, ("source", "pairs", "BLEU", "chrF"), parts, figures[0].signature)


def _can_be_drawn(translation: Translation) -> bool:
    return bool(translation.looked) and len(translation.looked[0].source) <= LONGEST


def _picture(translation: Translation) -> tuple[str, str]:
    """Return the attention of a translation in SVG, and what it shows in words."""
    from seqcli.plots.attention import draw_attention
    from seqcli.translation.alignment import aligned, words_looked

    looked, drawn = words_looked(translation)[0], BytesIO()
    draw_attention(drawn, list(map(shown, looked.source)), list(map(shown, looked.target)), looked.weights)
    told = ", ".join(f"{one.word} looked at {one.source_word}" for one in aligned(translation))
    return drawn.getvalue().decode(), f"What each word of the translation looked at most: {told}"


def _sources(model: Translator, asked: Asked, form: Form) -> Sequence[str]:
    """Return sources of the test set; without one, words that the model knows."""
    if asked.test:
        return spread([source for source in read_pairs(asked.test, form).source if source.strip()], SOURCES)
    return content_words(model.lines.source.vocabulary.tokens[len(SPECIALS) :], SOURCES)
