"""What a training is to be: the settings given, over those of another model, over the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from seqcli import launch
from seqcli.errors import MisuseError, quoted
from seqcli.settings import decided, given, option_name, settings, to_dict
from seqcli.tasks import ARCHITECTURES, TASKS, Architecture, key_of
from seqcli.threads import processors
from seqcli.training.device import check_device
from seqcli.training.memory import _shown
from seqcli.training.resumption import BUDGETS, is_over
from seqcli.training.settings import RunSpec

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store import Record


ELSEWHERE = ("threads", "device")  # settings that a training that goes on may be given anew


def check_same(recorded: Any, changes: dict[str, Any]) -> None:
    """Raise MisuseError where a resumed training is given settings that it was not begun with."""
    before = to_dict(recorded)
    odd = [f"{option_name(k)} {before[k]} → {v}" for k, v in changes.items() if before[k] != v and k not in ELSEWHERE]
    if odd:
        raise MisuseError(
            f"A resumed training keeps its settings ({', '.join(odd)}); leave them out, or use --replace."
        )


def check_shares(session: Session, run: Any) -> None:
    """Raise MisuseError where a batch has no row for each process; say where it does not divide by them."""
    count, rows = launch.processes(), getattr(run, "batch_size", 0)
    if count == 1 or not isinstance(run, RunSpec):
        return
    if rows < count:
        raise MisuseError(f"--batch-size {rows} is less than the {count} processes that share a batch; raise it.")
    if rows % count:
        session.note(
            f"Note: {rows} rows of a batch do not divide by {count} processes: some compute {rows // count + 1}, some "
            f"{rows // count}, which wait for them."
        )


@dataclass(frozen=True)
class Plan:
    """What a training is to be: its three groups of settings, which the architecture gives their types."""

    text: Any
    spec: Any
    run: Any


def architecture_of(
    session: Session, record: Record | None, like: str | None, params: Mapping[str, Any], default: str
) -> str:
    """Return the architecture that is asked for, or that of the model that goes on or is taken as a pattern."""
    pattern = record or (session.shelf.read(like) if like else None)
    same_task = pattern is not None and pattern.task == ARCHITECTURES[default].task
    name = params.get("architecture") or (pattern.architecture if pattern is not None and same_task else default)
    return key_of(ARCHITECTURES[default].task, name)


def check_belongs(architecture: str, params: Mapping[str, Any]) -> None:
    """Raise MisuseError for a setting given that only other architectures of the task have."""
    kind = ARCHITECTURES[architecture]
    ours = {f.name for cls in (kind.text, kind.spec, kind.run) for f in fields(cls)}
    for other in ARCHITECTURES.values():
        for cls in (other.text, other.spec, other.run) if other.task == kind.task else ():
            odd = next((name for name in given(cls, params) if name not in ours), None)
            if odd:
                raise MisuseError(f"{option_name(odd)} does not belong to --architecture {architecture}; leave it out.")


def make_plan(
    session: Session,
    record: Record | None,
    like: str | None,
    params: Mapping[str, Any],
    architecture: str,
    budget: dict[str, float],
    usual: Mapping[str, Any] = MappingProxyType({}),
) -> Plan:
    """Return the settings: those given, over those of --like or of the training that goes on, over the defaults.

    budget: the epochs or minutes where neither is given; empty for a training that ends by itself. usual:
    defaults of this training, which those of the architecture go before. Raises MisuseError
    for settings out of range, for those that a training that goes on was not begun with, and where --like or the record
    is a model of another kind.
    """
    kind = ARCHITECTURES[architecture]
    spec_changes, run_changes = given(kind.spec, params), given(kind.run, params)
    check_device(run_changes.get("device"))
    ours = {f.name for f in fields(kind.spec)}  # --subwords cuts text for one trainer, is learned from by another
    text_changes = {name: value for name, value in given(kind.text, params).items() if name not in ours}
    if record is not None:
        _check_kind(record, kind.task, kind.spec)
        return _going_on(session, record, text_changes, spec_changes, run_changes)
    base = _defaults(kind, {**usual, **kind.defaults})
    if like:
        model = session.shelf.read(like)
        _check_kind(model, kind.task, kind.spec)
        base = Plan(model.text, model.spec, model.run)
    if "epochs" in run_changes or "minutes" in run_changes:
        run_changes = {"epochs": None, "minutes": None, **run_changes}
    run = settings(base.run, run_changes)
    if isinstance(run, RunSpec):
        given_rows = like or "batch_size" in run_changes
        run = replace(run, accumulate=run.accumulate or 1) if given_rows else _with_rows_for_all(run)
    if not budget:
        return Plan(settings(base.text, text_changes), settings(base.spec, spec_changes), run)
    if run.epochs is None and run.minutes is None:
        run = replace(run, **budget)
    return Plan(settings(base.text, text_changes), settings(base.spec, spec_changes), _with_threads(run))


def _with_rows_for_all(run: RunSpec) -> RunSpec:
    """Return the settings of a run with the usual rows of a batch for each of the processes that share it.

    One computes few rows hardly quicker than twice as many, and every update waits for the network.
    """
    return replace(run, batch_size=run.batch_size * launch.processes())


def _with_threads(run: Any) -> Any:
    """Return the settings of a run with its threads, but where they are chosen as it goes, by trial."""
    if run.minutes is None or not isinstance(run, RunSpec):
        return replace(run, threads=run.threads or processors())
    return run


def _going_on(
    session: Session, record: Record, text: dict[str, Any], spec: dict[str, Any], run: dict[str, Any]
) -> Plan:
    """Return the settings of a training that goes on: its own; one that is over takes another budget."""
    longer = {name: run[name] for name in BUDGETS if is_over(record) and name in run}
    others = {name: value for name, value in run.items() if name not in longer}
    for recorded, changes in ((record.text, text), (record.spec, spec), (record.run, others)):
        check_same(recorded, decided(recorded, changes))
    if "threads" in run and run["threads"] != record.run.threads:
        session.note(f"Note: the training goes on with the threads it began with: {_shown(record.run)}.")
    begun = replace(record.run, device=run["device"]) if run.get("device") else record.run
    if not longer:
        return Plan(record.text, record.spec, record.run if is_over(record) else begun)
    session.note(
        f"Note: {quoted(record.name)} is trained to its end; it goes on from the weights that it kept, with a schedule "
        "of its own: that is not the same as one longer training."
    )
    budget = settings(begun, {**dict.fromkeys(BUDGETS), **longer})
    return Plan(record.text, record.spec, _with_threads(budget))


def _defaults(kind: Architecture, values: dict[str, Any]) -> Plan:
    """Return the settings of an architecture where nothing is given; values: those that are not the usual ones."""

    def made(cls: type) -> Any:
        return cls(**{f.name: values[f.name] for f in fields(cls) if f.name in values})

    return Plan(made(kind.text), made(kind.spec), made(kind.run))


def _check_kind(record: Record, task: str, spec: type) -> None:
    if record.task != task or not isinstance(record.spec, spec):
        raise MisuseError(f"{quoted(record.name)} {TASKS[record.task].does}; name a model that this command trained.")
