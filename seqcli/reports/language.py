"""What a language model says, and where it is weak."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from seqcli.reports.contents import Answers, Asked, bits, content_words, likelihoods, lines_of
from seqcli.text.vocabulary import EOS, SPECIALS, UNK

if TYPE_CHECKING:
    from seqcli.language.answers import LanguageModel
    from seqcli.language.sentence_scores import Score
    from seqcli.text.form import Form

PROMPTS, WORDS, SAMPLES = 6, 5, 5
TOKENS = 30  # of a sample
LINES = 300  # of the test text that are scored: they show the worst, and cost a second
WORST, LEAST = 6, 4  # sentences that are shown, and tokens that one of them has at least
BANDS = (("the 100 commonest", 100), ("to the 1,000th", 1_000), ("to the 10,000th", 10_000), ("rarer ones", 10**9))


def said(model: LanguageModel, asked: Asked, form: Form) -> Iterator[Answers]:
    """Yield next words and texts."""
    name = model.record.name
    prompts = list(asked.texts) or _prompts(model, asked, form)
    rows = [
        (prompt, likelihoods([(one.word, one.probability) for one in found]))
        for prompt, found in zip(prompts, model.predict(prompts, WORDS), strict=True)
    ]
    command = f"seqcli predict-word {shlex.quote(prompts[0])} -k {WORDS} -m {name}"
    yield Answers("The next word", command, ("prompt", "words that are likely"), rows)
    texts = model.generate("", n=SAMPLES, tokens=TOKENS, seed=1)
    command = f"seqcli generate '' -n {SAMPLES} --tokens {TOKENS} --seed 1 -m {name}"
    yield Answers("What it writes from nothing", command, ("text",), [(str(text),) for text in texts], "Not chosen.")


def weak(model: LanguageModel, asked: Asked, form: Form) -> Iterator[Answers]:
    """Yield the sentences of a test text that cost most a token, and what rare words cost beside common ones."""
    lines = lines_of(asked, form, LINES)
    scores = [score for score in model.score(lines) if score.tokens]
    long = [score for score in scores if score.tokens >= LEAST]
    worst = sorted(long, key=lambda score: -score.nats_per_token)[:WORST]
    rows = [(score.text, f"{bits(score.nats_per_token):.1f}", _dearest(score), score.unknown) for score in worst]
    command = f"seqcli score --file {shlex.quote(asked.test[0])} -m {model.record.name}"
    columns = ("sentence", "bits a token", "its dearest tokens, in bits", "unknown")
    yield Answers("The worst sentences", command, columns, rows, f"Of {len(scores):,} lines, each by itself.")
    if model.record.text.tokenizer != "subwords":
        yield Answers(
            "Words by frequency",
            f"{command} --words",
            ("words, by how common the training text had them", "tokens", "bits a token"),
            _by_frequency(scores),
            "Each bit halves the chance that the model gave a word.",
        )


def _dearest(score: Score) -> str:
    dearest = sorted(score.words, key=lambda word: -word.bits)[:3]
    return ", ".join(f"{word.token} {word.bits:.0f}" for word in dearest)


def _by_frequency(scores: Sequence[Score]) -> list[tuple[str, str, str]]:
    found: dict[str, list[float]] = {name: [] for name in [*dict(BANDS), "unknown words", "ends"]}
    for score in scores:
        for i, cost in zip(score.ids, score.bits, strict=True):
            rank = i - len(SPECIALS)
            band = next(name for name, most in BANDS if rank < most)
            found["unknown words" if i == UNK else "ends" if i == EOS else band].append(cost)
    return [(name, f"{len(some):,}", f"{sum(some) / len(some):.1f}") for name, some in found.items() if some]


def _prompts(model: LanguageModel, asked: Asked, form: Form) -> list[str]:
    """Return the beginnings of lines of the test text; without one, words that the model knows."""
    if asked.test:
        return [_beginning(line) for line in lines_of(asked, form, PROMPTS)]
    return content_words(model.asked().vocabulary.tokens[len(SPECIALS) :], PROMPTS)


def _beginning(line: str) -> str:
    """Return the first half of a line, twelve words or letters at most."""
    words = line.split()
    if len(words) > 2:
        return " ".join(words[: min(len(words) // 2 + 1, 12)])
    return line[: min(len(line) // 2 + 1, 12)]
