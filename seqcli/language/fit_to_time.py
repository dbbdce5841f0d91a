"""A recipe fits the model to the text, and to what this machine can do in the minutes given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from seqcli.language.recipes import cost, largest, tokens_read
from seqcli.language.settings import LanguageSpec
from seqcli.settings import option_name
from seqcli.training.fit_to_time import dropped, update_seconds
from seqcli.training.memory import check_size
from seqcli.training.plan import Plan
from seqcli.training.settings import RunSpec

if TYPE_CHECKING:
    from seqcli.session import Session

CHOSEN = ("hidden_size", "embedding_size", "dropout", "weight_dropout", "embedding_dropout")
UPDATES = 4  # timed, after one that is not; the fastest counts, as others may use the machine too


class Fitted(NamedTuple):
    """A model as its minutes allow: its settings, and how many tokens it will have read."""

    spec: LanguageSpec
    read: float


def fit_recipe(session: Session, plan: Plan, vocabulary_size: int, tokens: int, by_hand: Mapping[str, Any]) -> Plan:
    """Return the plan with what its minutes allow, and say so; without minutes, the plan as it is.

    tokens: of the text. by_hand: the settings of the model that were given, and stay.
    """
    if plan.run.minutes is None:
        return plan
    run, speed = plan.run, operations_a_second(plan.spec, vocabulary_size, plan.run)
    spec, read = fitted(plan, vocabulary_size, tokens, speed, by_hand)
    chosen = {name: getattr(spec, name) for name in CHOSEN}
    session.note(
        f"Recipe {spec.recipe}: at {speed / 1e9:,.0f} billion operations a second, {run.minutes:g} minutes are "
        f"about {read:,.0f} tokens, {read / tokens:,.1f} times the text: "
        + " ".join(f"{option_name(name)} {value:g}" for name, value in chosen.items())
    )
    return replace(plan, spec=spec)


def fitted(plan: Plan, vocabulary_size: int, tokens: int, speed: float, by_hand: Mapping[str, Any]) -> Fitted:
    """Return the largest model that a recipe's minutes can train at a speed, in operations a second."""
    spec, run = plan.spec, plan.run
    if not {"hidden_size", "embedding_size", "layers"} & set(by_hand):
        spec = largest(spec, run, vocabulary_size, tokens, speed)
    read = tokens_read(spec, run, vocabulary_size, tokens, speed)
    return Fitted(replace(spec, **{**dropped(read / tokens), **by_hand}), read)


def operations_a_second(spec: LanguageSpec, vocabulary_size: int, run: RunSpec) -> float:
    """Return how quick this machine is at the updates of a model of these settings; the quickest counts."""
    seconds = min(seconds_of_updates(spec, vocabulary_size, run))
    return cost(spec, vocabulary_size, run) * run.unroll * run.batch_size / seconds


def seconds_of_updates(
    spec: LanguageSpec, vocabulary_size: int, run: RunSpec, batches: Iterable[Any] | None = None
) -> list[float]:
    """Return the seconds that each of some updates takes of a model of these settings.

    batches: those of a text, which has fewer different words than are drawn where there are none.
    """
    from seqcli.language.arrays import language_table

    check_size(run, language_table(spec, vocabulary_size))
    import torch

    from seqcli.language.model import LanguageModel

    model = LanguageModel(spec, vocabulary_size)
    if batches is None:
        steps = torch.randint(vocabulary_size, (run.unroll + 1, run.batch_size))
        batches = [(steps[:-1], steps[1:])] * (UPDATES + 1)
    return update_seconds(model, batches, run)
