"""What a dialogue model says, and where it is weak."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from seqcli.dialogue.answer_settings import Replying
from seqcli.dialogue.dialogues import Dialogue
from seqcli.dialogue.reading import read_dialogues
from seqcli.reports.contents import Answers, Asked, percent, spread
from seqcli.settings import settings

if TYPE_CHECKING:
    from seqcli.dialogue.answers import DialogueModel
    from seqcli.text.form import Form

ASKED, REPLIES = 6, 3
HEARD = 60  # contexts of the test dialogues that are replied to
DULL = 6
OPENINGS = ("How are you?", "What do you want to do today?", "I am so tired.", "Where are you going?", "Thank you!")
JAPANESE = ("元気ですか。", "今日は何をしますか。", "とても疲れました。", "どこへ行くの?", "ありがとう!")
BETWEEN = " / "  # between utterances


def said(model: DialogueModel, asked: Asked, form: Form) -> Iterator[Answers]:
    """Yield replies: as they are drawn, and the likeliest."""
    contexts = [Dialogue((text,)) for text in asked.texts] or _contexts(model, asked, form, ASKED)
    drawn, searched = settings(Replying(), {"n": REPLIES}), settings(Replying(), {"beam": 5})
    rows = [
        (BETWEEN.join(one.utterances[-3:]), BETWEEN.join(model.replies(one, drawn)), model.replies(one, searched)[0])
        for one in contexts
    ]
    command = f"seqcli reply {shlex.quote(contexts[0].utterances[-1])} -n {REPLIES} -m {model.name}"
    yield Answers("Replies", command, ("said before", "replies, as drawn", "the likeliest (--beam 5)"), rows)


def weak(model: DialogueModel, asked: Asked, form: Form) -> Iterator[Answers]:
    """Yield the replies that fit anything: those that are the likeliest behind many contexts."""
    contexts = _contexts(model, asked, form, HEARD)
    searched = settings(Replying(), {"beam": 5})
    counts = Counter(str(model.replies(one, searched)[0]) for one in contexts)
    rows = [(reply, f"{count:,}", percent(count / len(contexts))) for reply, count in counts.most_common(DULL)]
    remark = f"Behind {len(contexts):,} contexts of the test it has {len(counts):,} different likeliest replies."
    command = f"seqcli evaluate-dialogue {model.name} --test {shlex.quote(asked.test[0])} --replies"
    yield Answers("Replies that fit anything", command, ("likeliest reply", "times", "share"), rows, remark)


def _contexts(model: DialogueModel, asked: Asked, form: Form, count: int) -> list[Dialogue]:
    """Return what was said before a reply of the test dialogues; without any, openings."""
    if not asked.test:
        japanese = model.record.text.tokenizer in ("japanese", "mecab")
        return [Dialogue((text,)) for text in (JAPANESE if japanese else OPENINGS)]
    found = [
        Dialogue(one.utterances[: i + 1], one.speakers[: i + 1])
        for one in read_dialogues(asked.test, form)
        for i in range(len(one.utterances) - 1)
        if one.utterances[i].strip()
    ]
    return spread(found, count)
