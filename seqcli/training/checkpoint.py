"""What is saved of a training, and how one goes on where it was saved."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from seqcli.errors import DamagedError

if TYPE_CHECKING:
    from seqcli.store import Draft, Record
    from seqcli.store.arrays import Table
    from seqcli.training.events import Evaluated
    from seqcli.training.plan import Plan
    from seqcli.training.progress import Progress

CHECKPOINT_SECONDS = 120.0  # between two saves where no evaluation comes: what a crash may cost


@dataclass
class Checkpoint:
    """What is saved of a training: the record's fixed parts, the files that do not change, and the best weights."""

    draft: Draft
    fixed: dict[str, Any]  # task, architecture, text, spec, run, corpus: as Draft.save takes them
    files: dict[str, bytes]  # by role; "weights" (or its like) and "history" are replaced as the training goes
    results: dict[str, Any] = field(default_factory=dict)
    saved: float = field(default_factory=time.monotonic)

    def save(self, progress: Progress, state: bytes | None) -> None:
        """Save the training where it stands; without a state, that of a finished one, which cannot be resumed."""
        files = self.files if state is None else {**self.files, "state": state}
        self.draft.save(**self.fixed, results=self.results, progress=asdict(progress), files=files)
        self.saved = time.monotonic()

    def append(self, event: Evaluated, unit: str) -> None:
        """Add an evaluation to the history."""
        p = event.progress
        row = {
            "update": p.update,
            f"{unit}s": p.tokens,
            "seconds": round(p.seconds, 3),
            "learning_rate": p.learning_rate,
            "threads": p.threads,
            "training_loss": event.train_nats,
            "held_out": event.nats,
            "best": event.best,
            **event.parts,
        }
        before = self.files.get("history", b"")
        if before and b'"threads"' not in before:
            del row["threads"]  # begun before these were told: all lines of a history have the same keys
        self.files["history"] = before + json.dumps(row).encode() + b"\n"


def take_up(training: Any, record: Record, arrays: Callable[[], Any]) -> None:
    """Let a training go on where a record stands; arrays: reads its state. Raises DamagedError if it does not fit."""
    try:
        training.restore(arrays(), record.progress)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise DamagedError(f"{record.where('state')} does not fit the model; train anew with --replace.") from error


def go_on(training: Any, record: Record, table: Table, longer: bool) -> None:
    """Let a training that is measured behind its end go on where a record stands.

    table: the arrays of its weights. longer: behind its end, with a schedule of its own. Without a state it was told to
    stop while it was measured: its updates are done.
    """
    from seqcli.training.progress import Progress
    from seqcli.training.state import training_state

    if longer:
        training.go_longer(record.arrays("weights", table), record.progress)
    elif "state" in record.files:
        take_up(training, record, lambda: training_state(record, table))
    else:
        training.progress = Progress(**record.progress)


def checkpoint_of(
    draft: Draft, task: str, plan: Plan, entry: dict[str, Any], files: dict[str, bytes], kept: tuple[str, ...]
) -> Checkpoint:
    """Return what is saved of a training: `files` do not change; those kept are there already in one that goes on.

    entry: what the record says of the text.
    """
    record = draft.record
    there = {role: record.load(role) for role in kept if role in record.files} if record is not None else {}
    fixed = {
        "task": task,
        "architecture": plan.spec.architecture,
        "text": plan.text,
        "spec": plan.spec,
        "run": plan.run,
        "corpus": entry,
    }
    return Checkpoint(draft, fixed, {**files, **there}, dict(record.results) if record is not None else {})
