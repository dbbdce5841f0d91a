"""What every trainer's command does alike: name the model, follow the events, save, and stop when told to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.completion import complete_model
from seqcli.cli.options import option, reading_options
from seqcli.cli.session import MODELS_DIR, Session
from seqcli.quantities import duration

if TYPE_CHECKING:
    from seqcli.training.driver import Order, Outcome
    from seqcli.training.source import Source


@dataclass(frozen=True)
class Asked:
    """What the command of every trainer is given beside the settings of its model."""

    texts: tuple[str, ...]
    name: str | None
    valid: tuple[str, ...]
    like: str | None
    resume: bool
    replace: bool
    as_json: bool

    def order(self, session: Session, trainer: Any, params: dict[str, Any]) -> Order:
        """Return the order of a training, checked before any text is read. trainer: its class."""
        from seqcli.training.keywords import order_of

        given = {key: value for key, value in params.items() if value not in (None, ())}
        given |= {key: getattr(self, key) for key in ("valid", "like", "resume", "replace")}
        order = order_of(trainer, self.texts, self.name, given, session.text_form)
        line = resume_line(session, str(click.get_current_context().command.name), order.source, order.name)
        return replace(order, line=line)


def trained(session: Session, asked: Asked, trainer: Any, params: dict[str, Any]) -> tuple[Any, Outcome | None]:
    """Run a training; return its trainer and what came of it, None where nothing was left to do. trainer: its class."""
    from seqcli.training.driver import begun_again, train

    order = begun_again(session, asked.order(session, trainer, params))
    made = trainer(session, order)
    return made, train(session, made, order)


def training_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that every trainer has beside its settings; they reach the command as one: Asked."""

    @wraps(command)
    def called(**params: Any) -> Any:
        asked = Asked(**{f.name: params.pop(f.name) for f in fields(Asked)})
        return command(asked, **params)

    return _optioned(called)


def _optioned(command: Callable[..., Any]) -> Callable[..., Any]:
    for decorate in (
        option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.", panel="Output"),
        option(
            "--tensorboard",
            metavar="DIR",
            expose_value=False,
            callback=_set_tensorboard,
            help="Write the curves into this folder as they come, for TensorBoard.",
            panel="Output",
        ),
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


def _set_tensorboard(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        from seqcli.training.live_events import check_tensorboard

        check_tensorboard()  # before a text is read
        context.ensure_object(Session).tensorboard = value


def resume_line(session: Session, command: str, source: Source, name: str) -> tuple[str, ...]:
    """Return the words of the command that goes on with an interrupted training."""
    words = ["seqcli", command, *source.texts, *source.options(), "--name", name]
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
