"""A translator's sizes and what it drops while it trains, fitted to its pairs and to the minutes on this machine."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace
from statistics import mean
from typing import TYPE_CHECKING, Any

from seqcli import launch
from seqcli.errors import MisuseError
from seqcli.settings import typed
from seqcli.training.fit_to_time import dropped, update_seconds
from seqcli.training.memory import check_size
from seqcli.training.plan import Plan

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.translation.batches import PairBatches
    from seqcli.translation.corpus import PairCorpus

UPDATES = 8  # timed, after one that is not: batches of all lengths
SMALLER: tuple[dict[str, Any], ...] = (  # than the usual one, for few minutes
    {"embedding_size": 192, "encoder_size": 144, "hidden_size": 240},
    {"embedding_size": 128, "encoder_size": 96, "hidden_size": 160, "attention_layer": False},
)
SIZES = {"embedding_size", "encoder_size", "hidden_size", "layers"}
WANTED = 3_000  # updates: where the minutes allow fewer, a smaller model learns more in them
LEAST = 1_800  # updates of the smallest: after fewer it does not yet say what its source says
SMALLER_BATCH = 24  # pairs, for a smaller model: as many tokens a second in more updates
FEW_PASSES = 4.0  # over the pairs: read fewer, a smaller model learns more where nothing is dropped or spread


def fit(
    session: Session, plan: Plan, corpus: PairCorpus, batches: PairBatches, by_hand: Collection[str] | None
) -> Plan:
    """Return the plan with what was not given of sizes, batch, smoothing and dropout as the budget allows, and say so.

    by_hand: the settings that were given, and stay; None: all but those that are None. Raises MisuseError where the
    minutes are too few for any size.
    """
    wanted = [name for name in dropped(1) if getattr(plan.spec, name) is None]
    chosen: dict[str, Any] = {}
    if by_hand is not None and plan.run.minutes is not None and not SIZES & set(by_hand):
        chosen, passes = _sized(plan, corpus, batches, by_hand)
    elif wanted:
        passes = _passes(plan, corpus, batches)
    else:
        return plan
    short = bool(chosen) and passes < FEW_PASSES
    if short:
        chosen["label_smoothing"] = 0.0
    chosen |= {name: share for name, share in dropped(1 if short else passes).items() if name in wanted}
    chosen = {name: value for name, value in chosen.items() if name in wanted or name not in (by_hand or ())}
    batch_size = plan.run.batch_size
    if "hidden_size" in chosen and "batch_size" not in (by_hand or ()):
        batch_size = min(SMALLER_BATCH * launch.processes(), batch_size)
    said = chosen if batch_size == plan.run.batch_size else {**chosen, "batch_size": batch_size}
    shown = " ".join(word for name, value in said.items() for word in typed(name, value))
    session.note(f"The pairs will be read about {passes:,.{0 if passes >= 10 else 1}f} times: {shown}")
    return replace(plan, spec=replace(plan.spec, **chosen), run=replace(plan.run, batch_size=batch_size))


def _sized(
    plan: Plan, corpus: PairCorpus, batches: PairBatches, by_hand: Collection[str]
) -> tuple[dict[str, Any], float]:
    """Return what makes the model so small that the minutes allow enough updates, nothing at best, and its passes."""
    run, an_epoch = plan.run, batches.updates_per_epoch
    most = math.inf if run.epochs is None else run.epochs * an_epoch
    changes: dict[str, Any] = {}
    updates = an_epoch * _passes(plan, corpus, batches)
    for smaller in SMALLER:
        if updates >= min(WANTED, most):
            break
        changes = {name: value for name, value in smaller.items() if name not in by_hand}
        updates = an_epoch * _passes(replace(plan, spec=replace(plan.spec, **changes)), corpus, batches)
    if updates < min(LEAST, most):
        raise MisuseError(
            f"--minutes {run.minutes:g} is about {updates:,.0f} updates of the smallest model that is fitted to these "
            f"pairs, and it translates nothing before {LEAST:,}: give --minutes "
            f"{math.ceil(run.minutes * LEAST / updates)} or more, or sizes by hand."
        )
    return changes, updates / an_epoch


def _passes(plan: Plan, corpus: PairCorpus, batches: PairBatches) -> float:
    """Return how often the pairs will be read: as often as the epochs say, or as the minutes allow on this machine."""
    run = plan.run
    if run.minutes is None:
        return float(run.epochs)
    passes: float = 60.0 * run.minutes / (_seconds(plan, corpus, batches) * batches.updates_per_epoch)
    return passes if run.epochs is None else min(passes, run.epochs)


def _seconds(plan: Plan, corpus: PairCorpus, batches: PairBatches) -> float:
    """Return the seconds that an update of a model of these settings takes here, in the mean."""
    from seqcli.translation.arrays import translation_table

    sizes = len(corpus.source.vocabulary), len(corpus.target.vocabulary)
    check_size(plan.run, translation_table(plan.spec, *sizes, plan.text.joint))

    from seqcli.translation.model import Translator

    model = Translator(plan.spec, *sizes, plan.text.joint)
    count = min(batches.updates_per_epoch, UPDATES + 1)
    timed = (batches.batch(0, index) for index in range(count))
    return mean(update_seconds(model, timed, plan.run))
