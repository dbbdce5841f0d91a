"""What a model of sentences says, and where it is weak."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from seqcli.reports.contents import Answers, Asked, lines_of, percent
from seqcli.text.tokens import tokens_of

if TYPE_CHECKING:
    from seqcli.sentences.answers import Sentences
    from seqcli.text.form import Form

SAMPLES, STEPS, WRITTEN = 8, 7, 4
LINES = 100  # of the test text that are written again
WORST = 6


def said(model: Sentences, asked: Asked, form: Form) -> Iterator[Answers]:
    """Yield sentences that are drawn, one that becomes another, and sentences that are written again."""
    if model.record.architecture != "autoencoder":
        command = f"seqcli sample -n {SAMPLES} -m {model.name}"
        yield Answers("Sentences that it draws", command, ("sentence",), [(one,) for one in model.sample(SAMPLES)])
    if model.record.architecture == "sentence-lm":
        return
    texts = list(asked.texts) or lines_of(asked, form, WRITTEN) or _drawn(model)
    if len(texts) > 1:
        steps = model.interpolate(texts[0], texts[1], STEPS)
        command = f"seqcli interpolate {shlex.join(texts[:2])} --steps {STEPS} -m {model.name}"
        yield Answers("One sentence becomes another", command, ("sentence",), [(str(one.sentence),) for one in steps])
    if texts:
        rows = list(zip(texts, model.reconstruct(texts), strict=True))
        command = f"seqcli reconstruct {shlex.quote(texts[0])} -m {model.name}"
        yield Answers("Written again from the code alone", command, ("sentence", "written again"), rows)


def weak(model: Sentences, asked: Asked, form: Form) -> Iterator[Answers]:
    """Yield the sentences of a test text of which least comes back from their codes."""
    lines = lines_of(asked, form, LINES)
    if model.record.architecture == "sentence-lm" or not lines:
        return
    written = model.reconstruct(lines)
    kept = [_kept(model, one, other) for one, other in zip(lines, written, strict=True)]
    worst = sorted(zip(kept, lines, written, strict=True))[:WORST]
    rows = [(line, again, percent(share)) for share, line, again in worst]
    remark = f"Of {len(lines):,} sentences, {percent(sum(kept) / len(kept))} of the words come back in their order."
    command = f"seqcli reconstruct --file {shlex.quote(asked.test[0])} -m {model.name}"
    yield Answers("The worst sentences", command, ("sentence", "written again", "words that came back"), rows, remark)


def _kept(model: Sentences, sentence: str, written: str) -> float:
    one, other = (tokens_of(model.asked.tokenizer, text) for text in (sentence, written))
    same = sum(block.size for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks())
    return same / max(len(one), 1)


def _drawn(model: Sentences) -> list[str]:
    """Return sentences of the model's own, where it can draw any and no other is there."""
    found = [] if model.record.architecture == "autoencoder" else model.sample(WRITTEN, seed=2)
    return [text for text in found if text.strip()]
