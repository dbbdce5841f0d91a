"""What word vectors say, and where they are weak."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from seqcli.reports.contents import LOOKED, Answers, Asked, content_words
from seqcli.text.content_words import is_content
from seqcli.text.tokens import shown

if TYPE_CHECKING:
    from seqcli.text.form import Form
    from seqcli.vectors.answers import WordVectors

WORDS, NEAR = 8, 8
RARE = 6  # words with the fewest occurrences
ANALOGIES = ("king - man + woman", "paris - france + germany", "better - good + bad", "王 - 男 + 女")


def said(model: WordVectors, asked: Asked, form: Form) -> Iterator[Answers]:
    """Yield the nearest words of some, and analogies whose words are known."""
    words = [word for word in asked.texts if word in model] or _common(model)
    command = f"seqcli neighbors {shlex.join(words)} -k {NEAR} -m {model.name}"
    yield Answers("The nearest words", command, ("word", "nearest words, by cosine"), _near(model, words))
    questions = [one for one in ANALOGIES if all(word in model for word in one.split()[::2])]
    if questions:
        rows = [(one, _told(model.analogy(one, 3))) for one in questions]
        command = f"seqcli analogy {shlex.quote(questions[0])} -k 3 -m {model.name}"
        yield Answers("Analogies", command, ("question", "answers"), rows)


def weak(model: WordVectors, asked: Asked, form: Form) -> Iterator[Answers]:
    """Yield the rarest words, whose vectors few occurrences shaped; and figures on tests that are named."""
    rare = [word for word in map(shown, list(model)[-LOOKED:]) if is_content(word) and word in model][-RARE:]
    if rare:
        command = f"seqcli neighbors {shlex.join(rare)} -k {NEAR} -m {model.name}"
        remark = "The fewer times a word was read, the less its neighbours mean."
        columns = ("word", "nearest words, by cosine")
        yield Answers("The rarest words", command, columns, _near(model, rare), remark)
    if asked.test:
        rows = [
            (one.section or one.test, one.measure, _number(one.value), f"{one.covered:,} of {one.items:,}")
            for one in model.evaluate(*asked.test)
        ]
        command = f"seqcli evaluate-vectors {model.name} --test {shlex.quote(asked.test[0])}"
        yield Answers("People's judgements, and analogies", command, ("test", "measure", "value", "covered"), rows)


def _near(model: WordVectors, words: Sequence[str]) -> list[tuple[str, str]]:
    return [(word, _told(found)) for word, found in zip(words, model.neighbors(words, NEAR), strict=True)]


def _told(found: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{word} {similarity:.2f}" for word, similarity in found)


def _common(model: WordVectors) -> list[str]:
    words = list(model)
    return [word for word in content_words(words, WORDS) if word in model] or [shown(words[0])]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
