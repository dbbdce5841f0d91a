"""A model's sizes, its batches and what it drops while it trains, fitted to its text and to the minutes here."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seqcli.fill.settings import FillRunSpec, FillSpec
from seqcli.layers.shapes import GATES
from seqcli.settings import typed
from seqcli.training.fit_to_time import dropped, update_seconds
from seqcli.training.memory import check_size
from seqcli.training.plan import Plan

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.text.corpus import Corpus

SIZES = (64, 96, 128, 192, 256, 320, 384, 448, 512, 640, 768, 896, 1024, 1280, 1536)  # of a layer
SIZED = {"hidden_size", "embedding_size", "layers"}  # settings of which one, given, keeps the others as they are
WIDER = 1.5  # times an embedding, a layer: it has a part of a sentence to remember
TOKENS_PER_WEIGHT, FIVE, GROWTH = 2.5, 5.0, 0.4  # read for each recurrent weight in five minutes, and how that grows:
# with fewer tokens a smaller model learns more in the time. On the Penn Treebank 1.8 million weights that read 2.4
# million tokens found 40 of a hundred words first; half a million that read twice as many found fewer
WEIGHTS_PER_TOKEN = 4.0  # of the text: a model larger than that only learns it by heart
BATCHES = (16, 32, 64, 128)  # stretches in an update: the more, the quicker a token, ...
LEAST_UPDATES = 4_000  # ... as long as there are so many updates
UPDATES = 3  # timed, after one that is not; the fastest counts, as others may use the machine too
RATE = 0.16  # of a layer of one number: the step falls with the square root of the size


def recurrent_weights(spec: FillSpec) -> int:
    """Return how many weights the recurrent layers have, biases left out."""
    first, further = spec.embedding_size + spec.hidden_size, (spec.layers - 1) * 2 * spec.hidden_size
    return len(spec.stacks) * GATES[spec.cell] * spec.hidden_size * (first + further)


def cost(spec: FillSpec, vocabulary_size: int, run: FillRunSpec) -> float:
    """Return the floating-point operations per token of an update: two for each weight, forth, and back twice."""
    predicted = run.batch_size * run.unroll
    rows = min(vocabulary_size, spec.samples + predicted // 2 if spec.output == "sampled" else vocabulary_size)
    joining = spec.joined_size * (len(spec.stacks) * spec.hidden_size + spec.embedding_size)
    return 6.0 * (recurrent_weights(spec) + joining + rows * spec.embedding_size)


def fit(session: Session, plan: Plan, corpus: Corpus, by_hand: Collection[str] | None) -> Plan:
    """Return the plan with what was not given fitted to the budget, and say so.

    by_hand: the settings that were given, and stay; None: all but those that are None.
    """
    tokens, size = len(corpus.train.ids), len(corpus.vocabulary)
    spec, run = plan.spec, plan.run
    wanted = [name for name in dropped(1) if getattr(spec, name) is None]
    free = by_hand is not None and run.minutes is not None
    passes = float(run.epochs or 1.0)
    if run.minutes is not None and (free or wanted):
        speed = _speed(spec, size, run, tokens)
        if by_hand is not None:
            spec, run = _sized(plan, size, tokens, speed, by_hand)
        passes = _read(spec, run, size, tokens, speed) / tokens
    spec = replace(spec, **{name: share for name, share in dropped(passes).items() if name in wanted})
    chosen = {**_changed(plan.spec, spec), **_changed(plan.run, run)}
    if not chosen:
        return plan
    shown = " ".join(word for name, value in chosen.items() for word in typed(name, value))
    session.note(f"The text will be read about {passes:,.{0 if passes >= 10 else 1}f} times: {shown}")
    return replace(plan, spec=spec, run=run)


def _changed(before: Any, after: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(after).items() if getattr(before, name) != value}


def _sized(
    plan: Plan, vocabulary_size: int, tokens: int, speed: float, by_hand: Collection[str]
) -> tuple[FillSpec, FillRunSpec]:
    """Return the settings with the largest model and batch that the minutes can train. speed: operations a second."""
    sizes = (plan.spec.hidden_size,) if SIZED & set(by_hand) else SIZES
    best = plan.spec, plan.run
    for size in sizes:
        width = min(max(round(size / WIDER / 32) * 32, 64), 384)
        spec = plan.spec if len(sizes) == 1 else replace(plan.spec, hidden_size=size, embedding_size=width)
        run = _stepping(spec, plan.run, vocabulary_size, tokens, speed, by_hand)
        read = _read(spec, run, vocabulary_size, tokens, speed)
        wanted = TOKENS_PER_WEIGHT * ((run.minutes or FIVE) / FIVE) ** GROWTH
        most = min(read / wanted, tokens * WEIGHTS_PER_TOKEN)
        if size > sizes[0] and recurrent_weights(spec) > most:
            break
        best = spec, run
    return best


def _stepping(
    spec: FillSpec, run: FillRunSpec, vocabulary_size: int, tokens: int, speed: float, by_hand: Collection[str]
) -> FillRunSpec:
    """Return the settings of a run with the step of a model's size and the largest batch that leaves updates enough."""
    if "learning_rate" not in by_hand:
        run = replace(run, learning_rate=round(RATE / math.sqrt(spec.hidden_size), 4))
    if "batch_size" in by_hand:
        return run
    runs = [replace(run, batch_size=rows) for rows in BATCHES]
    updates = [_read(spec, one, vocabulary_size, tokens, speed) / (one.batch_size * one.unroll) for one in runs]
    enough = [one for one, count in zip(runs, updates, strict=True) if count >= LEAST_UPDATES]
    return enough[-1] if enough else runs[0]


def _read(spec: FillSpec, run: FillRunSpec, vocabulary_size: int, tokens: int, speed: float) -> float:
    """Return how many tokens a training reads in its minutes; epochs end it too. speed: operations a second."""
    read = 60.0 * (run.minutes or 0.0) * speed / cost(spec, vocabulary_size, run)
    return read if run.epochs is None else min(read, run.epochs * tokens)


def _speed(spec: FillSpec, vocabulary_size: int, run: FillRunSpec, tokens: int) -> float:
    """Return the operations a second of an update of a model of these settings."""
    from seqcli.fill.arrays import fill_table

    check_size(run, fill_table(spec, vocabulary_size))
    import torch

    from seqcli.fill.model import FillModel

    model = FillModel(spec, vocabulary_size)
    length = min(run.unroll, tokens)
    inputs = torch.randint(vocabulary_size, (length + 2, run.batch_size))
    batches = [(inputs, inputs[1:-1])] * (UPDATES + 1)
    seconds = min(update_seconds(model, batches, run)) / (length * run.batch_size)
    return cost(spec, vocabulary_size, run) / seconds
