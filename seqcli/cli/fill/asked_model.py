"""The model that fills gaps as a command asks it, with what its options mix in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from seqcli.cli.completion import complete_model
from seqcli.cli.options import option
from seqcli.cli.session import Session
from seqcli.errors import MisuseError

if TYPE_CHECKING:
    from seqcli.fill.answers import GapFiller

F = TypeVar("F", bound=Callable[..., Any])


def mixing_options(command: F) -> F:
    """Add --mix, --fit-on and --keep."""
    add = (
        option(
            "--mix",
            multiple=True,
            metavar="NAME[:WEIGHT]",
            shell_complete=complete_model,
            help="Also ask this language model.  [default: equal weights]",
            panel="Mixture",
        ),
        option("--fit-on", multiple=True, metavar="FILE", help="Fit the weights to this text.", panel="Mixture"),
        option("--keep", is_flag=True, help="Keep fitted weights in the model.", panel="Mixture"),
    )
    for decorate in reversed(add):
        command = decorate(command)
    return command


def asked_model(
    session: Session, name: str | None, mix: tuple[str, ...] = (), fit_on: tuple[str, ...] = (), keep: bool = False
) -> GapFiller:
    """Return a model of the shelf, its mixture fitted where that is asked for."""
    from seqcli.fill.answers import load
    from seqcli.fill.load import fill_record

    if keep and not fit_on:
        raise MisuseError("--keep keeps what --fit-on FILE has fitted; give both.")
    model = load(session, fill_record(session, name), mix)
    if fit_on:
        model.fit_on(fit_on, session.text_form, keep)
    elif model.is_open:
        session.note("Note: every model has the same weight; --fit-on FILE finds better ones.")
    return model
