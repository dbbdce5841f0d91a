"""Whether a stored model's training is over, was one at all, or is to go on for longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqcli import launch
from seqcli.errors import MisuseError, quoted
from seqcli.settings import option_name

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store import Record

OWN_CHANCE = {"translation", "fill", "dialogue"}  # in which each process draws for itself what is of no row
BUDGETS = ("epochs", "minutes")  # the settings that say how long


def check_resume(resume: bool, **beginnings: Any) -> None:
    """Raise MisuseError where a training is to go on and one of the options that only begin one is given."""
    if resume and any(beginnings.values()):
        *some, last = map(option_name, beginnings)
        raise MisuseError(f"--resume goes on with a model as it is; leave out {', '.join(some)} and {last}.")


def check_trained(record: Record | None) -> None:
    """Raise MisuseError for a model that no training made, so that none can go on."""
    if record is not None and "update" not in record.progress:  # an imported table or ARPA file, or one made of another
        raise MisuseError(
            f"{quoted(record.name)} was imported, not trained: --resume has nothing to go on with; leave it out and "
            "choose another --name."
        )


def is_over(record: Record | None) -> bool:
    """Return whether the training of a record came to its end.

    With a state it was told to stop at its last events, without BLEU while its translations were measured, without a
    calibration while that was made: what was left undone is done when it goes on.
    """
    if record is None or not record.progress.get("finished") or "state" in record.files:
        return False
    if record.task == "fill" and "words" in record.files and "calibration" not in record.files:
        return False
    return record.task != "translation" or "bleu" in record.results.get("held_out", {})


def is_longer(record: Record | None, run: Any) -> bool:
    """Return whether a training that is over goes on, with a budget of its own in `run`."""
    return record is not None and is_over(record) and run is not record.run


def say_finished(session: Session, record: Record) -> None:
    """Say that nothing is left to do, and how a training that has a budget can go on all the same."""
    session.shelf.set_default(record.name, only_first=True)  # in case it was stopped before it came to that
    how = "; to train it longer, add --minutes or --epochs" if hasattr(record.run, "epochs") else ""
    session.note(f"{quoted(record.name)} is trained to its end; nothing is left to do{how}.")


def say_processes(session: Session, record: Record | None) -> None:
    """Say that a training goes on in another number of processes than shared it before, and what that changes."""
    before, now = (record.progress.get("processes", 1) if record else launch.processes()), launch.processes()
    if record is not None and before != now:
        draws = record.task in OWN_CHANCE and (record.spec.dropout or getattr(record.spec, "latent", False))
        but = "rounding and what chance drops or draws" if draws else "rounding"
        session.note(f"Note: shared by {before} processes, the training goes on in {now}: the same but for {but}.")


IMPORTED = "it was imported"  # why there is nothing to train in a model that another program learned
