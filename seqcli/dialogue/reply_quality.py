"""Replies as a whole: how different they are, how long, how near to what was really said. Every figure is defined here.

The same system has been reported at BLEU-1 .289 and .487: figures of other programs cannot be compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from seqcli.text.variety import distinct

COMMONEST = 10  # replies whose share is told

Alike = Callable[[str, str], float | None]


class Quality(NamedTuple):
    """What some replies are like.

    distinct_1, distinct_2: different tokens, and pairs of neighbours in a reply, of all there are; the more text, the
    lower. ten_commonest: share of all replies that the ten commonest make up. length: tokens, in the mean. bleu:
    sacrebleu's corpus BLEU against the one reference each, 0 to 100, with its signature. embedding_average: cosine of
    the mean word vectors of reply and reference, in the mean over those that have vectors; of the model named.
    """

    model: str
    replies: int
    distinct_1: float
    distinct_2: float
    ten_commonest: float
    length: float
    bleu: float | None = None
    embedding_average: float | None = None
    signature: str | None = None


def quality(
    model: str,
    replies: Sequence[str],
    references: Sequence[str] | None,
    split: Callable[[str], Sequence[str]],
    alike: Alike | None = None,
) -> Quality:
    """Return what replies are like. split: cuts a text into tokens; alike: of two texts, by word vectors."""
    cut = [list(split(one)) for one in replies]
    commonest = sum(count for _, count in Counter(replies).most_common(COMMONEST)) / max(len(replies), 1)
    length = sum(map(len, cut)) / max(len(cut), 1)
    found = Quality(model, len(replies), distinct(cut, 1), distinct(cut, 2), commonest, length)
    if references is None:
        return found
    from sacrebleu.metrics.bleu import BLEU

    metric = BLEU(force=True)  # which says nothing of texts that were cut into tokens: dialogues often are
    score = float(metric.corpus_score(list(replies), [list(references)]).score)
    known = [alike(*pair) for pair in zip(replies, references, strict=True)] if alike else []
    cosines = [one for one in known if one is not None]
    mean = sum(cosines) / len(cosines) if cosines else None
    return found._replace(bleu=score, embedding_average=mean, signature=str(metric.get_signature()))
