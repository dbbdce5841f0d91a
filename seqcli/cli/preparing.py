"""What the trainers on plain text do before they train: decide the settings, read the text, say what it is."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from seqcli.cli.fitting import BUDGETS, Checkpoint, Source, check_corpus, check_memory, check_same, is_over
from seqcli.cli.opening import tokenizer_of
from seqcli.cli.options import Session, decided, given, settings
from seqcli.cli.terminal import size
from seqcli.errors import MisuseError, quoted
from seqcli.recipes import RECIPES
from seqcli.spec import ARCHITECTURES, TASKS, Architecture, RunSpec, option_name
from seqcli.threads import processors, try_threads

if TYPE_CHECKING:
    from seqcli.inference import Table
    from seqcli.models import Model
    from seqcli.store import Draft, Record
    from seqcli.text.corpus import Corpus

FEW_WORDS = 2000  # below this a model only repeats its text


@dataclass(frozen=True)
class Plan:
    """What a training is to be: its three groups of settings, which the architecture gives their types."""

    text: Any
    spec: Any
    run: Any


def architecture_of(
    session: Session, record: Record | None, like: str | None, params: dict[str, Any], default: str
) -> str:
    """Return the architecture that is asked for, or that of the model that goes on or is taken as a pattern."""
    pattern = record or (session.shelf.read(like) if like else None)
    same_task = pattern is not None and pattern.task == ARCHITECTURES[default].task
    return params["architecture"] or (pattern.architecture if pattern is not None and same_task else default)


def check_belongs(architecture: str, params: dict[str, Any]) -> None:
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
    params: dict[str, Any],
    architecture: str,
    budget: dict[str, float],
) -> Plan:
    """Return the settings: those given, over those of --like or of the training that goes on, over the defaults.

    budget: the epochs or minutes where neither is given; empty for a training that ends by itself. Raises MisuseError
    for settings out of range, for those that a training that goes on was not begun with, and where --like or the record
    is a model of another kind.
    """
    kind = ARCHITECTURES[architecture]
    spec_changes, run_changes = given(kind.spec, params), given(kind.run, params)
    ours = {f.name for f in fields(kind.spec)}  # --subwords cuts text for one trainer, is learned from by another
    text_changes = {name: value for name, value in given(kind.text, params).items() if name not in ours}
    if record is not None:
        _check_kind(record, kind.task, kind.spec)
        return _going_on(session, record, text_changes, spec_changes, run_changes)
    recipe = RECIPES.get(spec_changes.get("recipe", "none"))
    if recipe and like:
        raise MisuseError("--recipe and --like both say what the settings are; leave out one of them.")
    base = _defaults(
        kind, {**(recipe.settings if recipe else {}), **kind.defaults}
    )  # a simple RNN learns by smaller steps
    if like:
        model = session.shelf.read(like)
        _check_kind(model, kind.task, kind.spec)
        base = Plan(model.text, model.spec, model.run)
    if "epochs" in run_changes or "minutes" in run_changes:
        run_changes = {"epochs": None, "minutes": None, **run_changes}
    run = settings(base.run, run_changes)
    if not budget:
        return Plan(settings(base.text, text_changes), settings(base.spec, spec_changes), run)
    if run.epochs is None and run.minutes is None:
        run = replace(run, **budget)
    return Plan(settings(base.text, text_changes), settings(base.spec, spec_changes), _with_threads(run))


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
        session.terminal.note(f"Note: the training goes on with the threads it began with: {_shown(record.run)}.")
    if not longer:
        return Plan(record.text, record.spec, record.run)
    session.terminal.note(
        f"Note: {quoted(record.name)} is trained to its end; it goes on from the weights that it kept, with a schedule "
        "of its own: that is not the same as one longer training."
    )
    budget = settings(record.run, {**dict.fromkeys(BUDGETS), **longer})
    return Plan(record.text, record.spec, _with_threads(budget))


def _defaults(kind: Architecture, values: dict[str, Any]) -> Plan:
    """Return the settings of an architecture where nothing is given; values: those that are not the usual ones."""

    def made(cls: type) -> Any:
        return cls(**{f.name: values[f.name] for f in fields(cls) if f.name in values})

    return Plan(made(kind.text), made(kind.spec), made(kind.run))


def _check_kind(record: Record, task: str, spec: type) -> None:
    if record.task != task or not isinstance(record.spec, spec):
        raise MisuseError(f"{quoted(record.name)} {TASKS[record.task]}; name a model that this command trained.")


def read_corpus(
    session: Session, source: Source, text: Any, record: Record | None, origin: Record | None = None
) -> Corpus:
    """Read and encode the text, and say what it is.

    record: the training that goes on. origin: the model whose tokens come first, and those of the text behind them.
    """
    from seqcli.text.corpus import build, read_pieces
    from seqcli.text.files import total_size
    from seqcli.text.script import misfit, script_of

    folder = os.fspath(session.shelf.root)
    with session.terminal.bar(total_size(source.texts), "reading") as bar:
        pieces = read_pieces(source.texts, source.form, bar.to, folder)
    valid_pieces = read_pieces(source.valid, source.form, folder=folder) if source.valid else None
    vocabulary, tokenizer = None, None
    if known := record or origin:
        vocabulary, tokenizer = known.vocabulary(), tokenizer_of(known)
    corpus = build(pieces, valid_pieces, text, vocabulary, tokenizer, extend=record is None)
    if record is not None:
        check_corpus(record.corpus, corpus.train.sha256, corpus.held_out.sha256, record.name)
    if corpus.why:
        session.terminal.note(tokenizer_note(corpus.text.tokenizer, corpus.why))
    elif record is None and (line := misfit(corpus.text.tokenizer, script_of(pieces))):
        session.terminal.note(f"Warning: {line}")
    held = ", ".join(source.valid) if source.valid else f"cut from it at the ends of {corpus.text.unit}s"
    note = session.terminal.note
    note(
        f"Text: {corpus.train.lines:,} lines, {len(corpus.train.ids):,} tokens to learn from, "
        f"{len(corpus.held_out.ids):,} held out ({held})."
    )
    note(
        f"Vocabulary: {len(corpus.vocabulary):,} tokens seen at least {corpus.text.min_count} times; unknown: "
        f"{corpus.train.unknown_rate:.2%} of the text, {corpus.held_out.unknown_rate:.2%} of the held-out part."
    )
    if len(corpus.train.ids) < FEW_WORDS:
        note(f"Note: {len(corpus.train.ids):,} tokens are very few; expect the text's own phrases, little else.")
    return corpus


def tokenizer_note(name: str, why: str) -> str:
    """Return the line that says which tokenizer was chosen, and why."""
    return f"Tokenizer: {name}, for {why} (--tokenizer chooses another)."


def check_size(run: RunSpec, table: Table) -> int:
    """Return how many parameters a model has; raise SeqcliError where memory does not suffice to train it."""
    parameters = sum(math.prod(shape) for _, shape in table.values())
    kept = 4 + (run.average > 0)  # numbers for each: weight, gradient, Adam's two moments; the running mean
    check_memory(4 * kept * parameters)
    return parameters


def update_seconds(model: Model, batches: Iterable[Any], threads: int | None) -> list[float]:
    """Return what each batch but the first takes, forth and back; threads None: with as many as are quickest."""
    import torch

    def update(batch: Any) -> None:
        torch.autograd.backward(model.loss(batch)[0].objective)

    torch.set_num_threads(threads or 1)
    seconds: list[float] = []
    for batch in batches:
        if threads is None and not seconds:
            try_threads(lambda first=batch: update(first), processors())  # type: ignore[misc]
        began = time.perf_counter()
        update(batch)
        seconds.append(time.perf_counter() - began)
    return seconds[1:] or seconds


def begin_torch(session: Session, run: RunSpec, what: str, table: Table) -> None:
    """Say how large a model is, and ready torch for its training; table: (type, shape) of its weights, by name.

    Raises SeqcliError, before anything is allocated, where memory does not suffice.
    """
    parameters = check_size(run, table)
    session.terminal.note(
        f"Model: {what}, {parameters:,} parameters, {size(4 * parameters)}; threads: {_shown(run)}, seed: {run.seed}."
    )
    import torch

    torch.manual_seed(run.seed)


def _shown(run: RunSpec) -> str:
    return str(run.threads or "as many as are quickest")


def checkpoint_of(
    draft: Draft, plan: Plan, entry: dict[str, Any], files: dict[str, bytes], kept: tuple[str, ...]
) -> Checkpoint:
    """Return what is saved of a training: `files` do not change; those kept are there already in one that goes on.

    entry: what the record says of the text.
    """
    record = draft.record
    there = {role: record.load(role) for role in kept if role in record.files} if record is not None else {}
    fixed = {
        "task": ARCHITECTURES[plan.spec.architecture].task,
        "architecture": plan.spec.architecture,
        "text": plan.text,
        "spec": plan.spec,
        "run": plan.run,
        "corpus": entry,
    }
    return Checkpoint(draft, fixed, {**files, **there}, dict(record.results) if record is not None else {})


def corpus_entry(source: Source, corpus: Corpus) -> dict[str, Any]:
    """Return what a record says of the text: no path of it, which would be nobody else's business."""
    first, valid = source.texts[0], source.valid
    return {
        "name": "-" if first == "-" else os.path.basename(os.path.abspath(first)),
        "sha256": corpus.train.sha256,
        "lines": corpus.train.lines,
        "tokens": len(corpus.train.ids),
        "unknown_rate": corpus.train.unknown_rate,
        "held_out": os.path.basename(valid[0]) if valid else f"cut at the ends of {corpus.text.unit}s",
        "held_out_sha256": corpus.held_out.sha256,
        "held_out_tokens": len(corpus.held_out.ids),
    }
