"""What a translator drops while it trains, fitted to how often its pairs will be read in the time given."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from seqcli.cli.options import Session
from seqcli.cli.preparing import Plan
from seqcli.recipes import dropped
from seqcli.spec import option_name

if TYPE_CHECKING:
    from seqcli.text.bucketed import PairBatches
    from seqcli.text.parallel import PairCorpus

UPDATES = 8  # timed, after one that is not: batches of all lengths


def fit_dropout(session: Session, plan: Plan, corpus: PairCorpus) -> Plan:
    """Return the plan with the shares that were not given, and say so; a plan that has them all, as it is."""
    wanted = [name for name in dropped(1) if getattr(plan.spec, name) is None]
    if not wanted:
        return plan
    passes = _passes(plan, corpus)
    shares = {name: share for name, share in dropped(passes).items() if name in wanted}
    session.terminal.note(
        f"The pairs will be read about {passes:,.0f} times: "
        + " ".join(f"{option_name(name)} {share:g}" for name, share in shares.items())
    )
    return replace(plan, spec=replace(plan.spec, **shares))


def batches_of(plan: Plan, corpus: PairCorpus) -> PairBatches:
    """Return the batches of a training, cut anew at every update where that is asked for."""
    from seqcli.text.bucketed import PairBatches
    from seqcli.text.recutting import Recutting

    train, sharpness, recut = corpus.train, plan.run.subword_regularisation, None
    if sharpness:
        recut = Recutting(corpus.source, train.source, sharpness), Recutting(corpus.target, train.target, sharpness)
    return PairBatches(train.source, train.target, plan.run.batch_size, plan.run.seed, recut)


def _passes(plan: Plan, corpus: PairCorpus) -> float:
    """Return how often the pairs will be read: as often as the epochs say, or as the minutes allow on this machine."""
    run = plan.run
    if run.minutes is None:
        return float(run.epochs)
    import torch

    from seqcli.models.seq2seq import Translator

    torch.set_num_threads(run.threads or 1)
    batches = batches_of(plan, corpus)
    model = Translator(plan.spec, len(corpus.source.vocabulary), len(corpus.target.vocabulary), plan.text.joint)
    seconds = []
    for index in islice(range(batches.updates_per_epoch), UPDATES + 1):
        batch = [torch.from_numpy(side) for side in batches.batch(0, index)]
        began = time.perf_counter()
        torch.autograd.backward(model.loss((batch[0], batch[1]))[0].objective)
        seconds.append(time.perf_counter() - began)
    timed = seconds[1:] or seconds
    passes: float = 60.0 * run.minutes * len(timed) / (sum(timed) * batches.updates_per_epoch)
    return passes if run.epochs is None else min(passes, run.epochs)
