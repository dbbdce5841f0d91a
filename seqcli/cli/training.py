"""What every trainer's command does alike: name the model, follow the events, save, and stop when told to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from seqcli.cli.completion import complete_model
from seqcli.cli.options import option, reading_options
from seqcli.cli.session import MODELS_DIR, Session
from seqcli.quantities import duration

if TYPE_CHECKING:
    from seqcli.training.driver import Outcome
    from seqcli.training.source import Source


def training_options(command: Any) -> Any:
    """Add the options that every trainer has beside its settings."""
    for decorate in (
        option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.", panel="Output"),
        option("--replace", is_flag=True, help="Replace a model of this name, once the new one is saved."),
        option(
            "--resume",
            is_flag=True,
            help="Go on with a training that was interrupted; with --minutes or --epochs also with one that is over.",
        ),
        option(
            "--like",
            metavar="NAME",
            shell_complete=complete_model,
            help="Take every setting that is not given from this model.",
        ),
        reading_options,
        option("--valid", multiple=True, metavar="FILE", help="Held-out text, instead of a part cut from the text."),
        option("--name", metavar="NAME", help="Name of the model.  [default: of the text and the task]"),
    ):
        command = decorate(command)
    return command


def resume_line(session: Session, command: str, source: Source, name: str) -> tuple[str, ...]:
    """Return the words of the command that goes on with an interrupted training."""
    valid = [word for path in source.valid for word in ("--valid", path)]
    words = ["seqcli", command, *source.texts, *valid, "--name", name]
    words += source.form.options()
    words += [] if session.models_dir == MODELS_DIR else ["--models-dir", session.models_dir]
    return (*words, "--resume")


def tell(
    session: Session, outcome: Outcome, found: str, tip: Sequence[str], as_json: bool, remarks: Iterable[str] = ()
) -> None:
    """Say what came of a training, print it as JSON where that is asked for, and say what to try next.

    found: the held-out figures, as they go on behind what the training did; tip: a command that asks the model.
    """
    done = outcome.done
    if as_json:
        session.terminal.document(outcome.document())
    session.note(f"Done in {duration(done.seconds)} ({done.why}): {done.what}{found}.")
    for remark in remarks:
        session.note(remark)
    where = os.path.relpath(outcome.directory)
    session.note(f"Model: {where}. Try:", ["seqcli", *tip, "-m", outcome.record.name])
