"""What is dropped while training, fitted to how often the sentences will be read."""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

from seqcli.settings import typed
from seqcli.training.fit_to_time import dropped, update_seconds
from seqcli.training.memory import check_size
from seqcli.training.plan import Plan

if TYPE_CHECKING:
    from seqcli.sentences.batches import SentenceBatches
    from seqcli.session import Session

SPARED = 0.6  # times what a language model drops: a sentence ends before much of it is known by heart
UPDATES = 8  # timed, after one that is not: batches are of several lengths


def fit(session: Session, plan: Plan, batches: SentenceBatches, vocabulary_size: int) -> Plan:
    """Return the plan with the shares to drop that were not given, and say them."""
    wanted = [name for name in dropped(1) if getattr(plan.spec, name) is None]
    if not wanted:
        return plan
    passes = _passes(plan, batches, vocabulary_size)
    chosen = {name: round(SPARED * share, 2) for name, share in dropped(passes).items() if name in wanted}
    shown = " ".join(word for name, value in chosen.items() for word in typed(name, value))
    session.note(f"The sentences will be read about {passes:,.{0 if passes >= 10 else 1}f} times: {shown}")
    return replace(plan, spec=replace(plan.spec, **chosen))


def _passes(plan: Plan, batches: SentenceBatches, vocabulary_size: int) -> float:
    """Return how often the sentences will be read: as often as the epochs say, or as the minutes allow here."""
    run = plan.run
    if run.minutes is None:
        return float(run.epochs)
    from seqcli.sentences.arrays import sentences_table

    check_size(run, sentences_table(plan.spec, vocabulary_size))

    from seqcli.sentences.model import SentenceModel

    model = SentenceModel(plan.spec, vocabulary_size)
    timed = (batches.batch(0, i) for i in range(min(batches.updates_per_epoch, UPDATES + 1)))
    seconds = median(update_seconds(model, timed, run))
    passes = 60.0 * run.minutes / (seconds * batches.updates_per_epoch)
    return float(passes if run.epochs is None else min(passes, run.epochs))
