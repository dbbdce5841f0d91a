"""Stored dialogue models made ready to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqcli.errors import MisuseError, quoted
from seqcli.tasks import TASKS

if TYPE_CHECKING:
    from seqcli.store import Record


def check_dialogue(record: Record) -> Record:
    """Return a record that is a dialogue model's. Raises MisuseError for a model that answers other questions."""
    if record.task != "dialogue":
        raise MisuseError(
            f"{quoted(record.name)} {TASKS[record.task].does}; name a dialogue model, made by train-dialogue."
        )
    return record
