"""What a translator drops while it trains, fitted to how often its pairs will be read in the time given."""

from __future__ import annotations

from dataclasses import replace
from statistics import mean
from typing import TYPE_CHECKING

from seqcli.settings import option_name
from seqcli.training.fit_to_time import dropped, update_seconds
from seqcli.training.memory import check_size
from seqcli.training.plan import Plan

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.translation.batches import PairBatches
    from seqcli.translation.corpus import PairCorpus

UPDATES = 8  # timed, after one that is not: batches of all lengths


def fit_dropout(session: Session, plan: Plan, corpus: PairCorpus, batches: PairBatches) -> Plan:
    """Return the plan with the shares that were not given, and say so; a plan that has them all, as it is."""
    wanted = [name for name in dropped(1) if getattr(plan.spec, name) is None]
    if not wanted:
        return plan
    passes = _passes(plan, corpus, batches)
    shares = {name: share for name, share in dropped(passes).items() if name in wanted}
    session.note(
        f"The pairs will be read about {passes:,.{0 if passes >= 10 else 1}f} times: "
        + " ".join(f"{option_name(name)} {share:g}" for name, share in shares.items())
    )
    return replace(plan, spec=replace(plan.spec, **shares))


def _passes(plan: Plan, corpus: PairCorpus, batches: PairBatches) -> float:
    """Return how often the pairs will be read: as often as the epochs say, or as the minutes allow on this machine."""
    run = plan.run
    if run.minutes is None:
        return float(run.epochs)
    from seqcli.translation.arrays import translation_table

    sizes = len(corpus.source.vocabulary), len(corpus.target.vocabulary)
    check_size(run, translation_table(plan.spec, *sizes, plan.text.joint))
    import torch

    from seqcli.translation.model import Translator

    model = Translator(plan.spec, *sizes, plan.text.joint)
    count = min(batches.updates_per_epoch, UPDATES + 1)
    timed = (tuple(torch.from_numpy(side) for side in batches.batch(0, index)) for index in range(count))
    passes: float = 60.0 * run.minutes / (mean(update_seconds(model, timed, run.threads)) * batches.updates_per_epoch)
    return passes if run.epochs is None else min(passes, run.epochs)
