"""A recipe's model is made as large as this machine can train in the minutes given."""

from __future__ import annotations

import time
from dataclasses import replace

from seqcli.cli.options import Session
from seqcli.cli.preparing import Plan
from seqcli.recipes import cost, fitted
from seqcli.spec import LanguageSpec, RunSpec

UPDATES = 4  # timed, after one that is not; the fastest counts, as others may use the machine too


def fit_recipe(session: Session, plan: Plan, vocabulary_size: int, tokens: int) -> Plan:
    """Return the plan with the sizes that its minutes allow, and say why; without minutes, the plan as it is.

    tokens: of the text.
    """
    if plan.run.minutes is None:
        return plan
    speed = cost(plan.spec, vocabulary_size, plan.run) / _seconds_per_token(plan.spec, vocabulary_size, plan.run)
    spec = fitted(plan.spec, plan.run, vocabulary_size, tokens, speed)
    read = 60.0 * plan.run.minutes * speed / cost(spec, vocabulary_size, plan.run)
    session.terminal.note(
        f"Recipe {spec.recipe}: at {speed / 1e9:,.0f} billion operations a second, {plan.run.minutes:g} minutes are "
        f"about {read:,.0f} tokens: --hidden-size {spec.hidden_size} --embedding-size {spec.embedding_size}."
    )
    return replace(plan, spec=spec)


def _seconds_per_token(spec: LanguageSpec, vocabulary_size: int, run: RunSpec) -> float:
    """Return the seconds that a token takes in an update of a model of these settings."""
    import torch

    from seqcli.models.language import LanguageModel

    torch.set_num_threads(run.threads or 1)
    model = LanguageModel(spec, vocabulary_size)
    steps = torch.randint(vocabulary_size, (run.unroll + 1, run.batch_size))
    seconds = []
    for _ in range(UPDATES + 1):
        began = time.perf_counter()
        torch.autograd.backward(model.loss((steps[:-1], steps[1:]))[0].objective)
        seconds.append(time.perf_counter() - began)
    return min(seconds[1:]) / (run.unroll * run.batch_size)
