"""The commands that keep models: models list, show, check, default, rename, remove, export, import."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.curve import curve
from seqcli.cli.help_page import Group
from seqcli.cli.options import CONTEXT, Session, command, complete_model, option, output_options
from seqcli.cli.terminal import size
from seqcli.errors import MisuseError, ModelError, escape, quoted

if TYPE_CHECKING:
    from seqcli.store import Record

name_argument = click.argument("name", shell_complete=complete_model)
optional_name = click.argument("name", required=False, shell_complete=complete_model)


@click.group(
    cls=Group, context_settings=CONTEXT, short_help="List, show, check, rename, remove, export and import models."
)
def models() -> None:
    """The model shelf: what was trained, where it is, and what is known of it.

    Models lie in ./models, or where --models-dir or SEQCLI_MODELS says; each is a directory that can be moved.
    """


def _subcommand(name: str, epilog: str) -> Callable[[Callable[..., Any]], click.Command]:
    def add(function: Callable[..., Any]) -> click.Command:
        made = command(name=name, epilog=f"Example: {epilog}")(function)
        models.add_command(made)
        return made

    return add


@_subcommand("list", "seqcli models list --json")
@output_options
@click.pass_obj
def list_models(session: Session, /) -> None:
    """List the models, damaged ones with the reason."""
    from seqcli.store import Damaged

    shelf = session.shelf
    default = shelf.default()
    with session.terminal.results("model", "task", "architecture", "bytes", "default", "held_out") as out:
        for entry in shelf.entries():
            if isinstance(entry, Damaged):
                out.add(entry.name, f"damaged: {entry.reason}", None, None, entry.name == default, None)
            else:
                total = sum(file.size for file in entry.files.values())
                out.add(entry.name, entry.task, entry.architecture, total, entry.name == default, _headline(entry))


def _headline(record: Record) -> str | None:
    """Return a model's held-out figure in a few words."""
    held_out = record.results.get("held_out")
    if not isinstance(held_out, dict):
        return None
    return next((f"{key.replace('_', ' ')} {held_out[key]:.4g}" for key in _FIGURES if key in held_out), None)


_FIGURES = ("bleu", "perplexity", "nats_per_token", "nats_per_pair")  # the first that a model has is its headline


@_subcommand("show", "seqcli models show austen")
@optional_name
@option("--json", "as_json", is_flag=True, help="Print one JSON object.", panel="Output")
@click.pass_obj
def show(session: Session, /, name: str | None, as_json: bool) -> None:
    """Show everything that is known of a model, and how it learned."""
    record = session.shelf.read(name)
    whole = json.loads(record.raw)
    history = [json.loads(line) for line in record.load("history").splitlines()] if "history" in record.files else []
    if as_json:
        session.terminal.document({"model": record.name, **whole, "history": history})
        return
    with session.terminal.results("key", "value") as out:
        out.add("model", record.name)
        out.add("directory", str(record.directory))
        for key, value in _flat("", whole):
            out.add(key, value)
    unit = next((key for key in ("tokens", "words") if history and key in history[0]), "update")
    points = [(row[unit], row["held_out"]) for row in history[1:]]  # the first is the untrained model: off the scale
    if len(points) > 1:
        session.terminal.note("\n" + curve(points, "held-out nats", unit if unit != "update" else "updates"))


def _flat(prefix: str, value: Any) -> list[tuple[str, Any]]:
    """Return nested objects as rows: files.weights.size."""
    if not isinstance(value, dict):
        return [(prefix, value)]
    return [row for key, inner in value.items() for row in _flat(f"{prefix}.{key}" if prefix else key, inner)]


@_subcommand("check", "seqcli models check")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_model)
@output_options
@click.pass_obj
def check(session: Session, /, names: tuple[str, ...]) -> None:
    """Read every byte of models (all of them by default) and tell whether it is what was saved."""
    damaged = 0
    shelf = session.shelf
    with session.terminal.results("model", "state", "bytes") as out:
        for name in names or shelf.names():
            try:
                record = shelf.check(name)
                out.add(name, "whole", sum(file.size for file in record.files.values()))
            except ModelError as error:
                if names and not (shelf.root / name).exists():
                    raise
                damaged += 1
                out.add(name, str(error), None)
    if damaged:
        raise ModelError(f"{damaged} of the models cannot be used; copy them again, or train them anew with --replace.")


@_subcommand("default", "seqcli models default austen")
@optional_name
@click.pass_obj
def default(session: Session, /, name: str | None) -> None:
    """Choose the model that answers where none is named; without a name, print which it is."""
    if name is not None:
        session.shelf.set_default(name)
        session.terminal.note(f"{quoted(name)} answers from now on where no model is named.")
        return
    chosen = session.shelf.default()
    if chosen is None:
        raise ModelError("No model is the default; choose one: seqcli models default NAME.")
    with session.terminal.results("model") as out:
        out.add(chosen)


@_subcommand("rename", "seqcli models rename book austen")
@name_argument
@click.argument("new")
@click.pass_obj
def rename(session: Session, /, name: str, new: str) -> None:
    """Give a model another name; the default follows."""
    session.shelf.rename(name, new)
    session.terminal.note(f"{quoted(name)} is now {quoted(new)}.")


@_subcommand("remove", "seqcli models remove austen --yes")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_model)
@option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def remove(session: Session, /, names: tuple[str, ...], yes: bool) -> None:
    """Remove models. On a terminal it asks first; elsewhere it needs --yes."""
    shelf = session.shelf
    if not yes:
        if not (sys.stdin and sys.stdin.isatty()):
            raise MisuseError("Nobody is there to ask; say --yes to remove for good.")
        for name in names:
            session.terminal.note(f"{quoted(name)}: {size(sum(f.size for f in shelf.read(name).files.values()))}")
        if not click.confirm("Remove for good?", err=True):
            return
    for name in names:
        shelf.remove(name)
        session.terminal.note(f"{quoted(name)} is removed.")


@_subcommand("export", "seqcli models export austen")
@name_argument
@click.argument("file", required=False)
@click.pass_obj
def export(session: Session, /, name: str, file: str | None) -> None:
    """Write a model into one file, NAME.seqcli.tar by default, to be moved, mailed or kept."""
    path = Path(file or f"{name}.seqcli.tar")
    session.shelf.export(name, path)
    session.terminal.note(
        f"{escape(str(path))}: {size(path.stat().st_size)}. Read it with: seqcli models import {path}"
    )


@_subcommand("import", "seqcli models import austen.seqcli.tar")
@click.argument("file")
@option("--name", metavar="NAME", help="Name of the model.  [default: the file's]")
@option("--replace", is_flag=True, help="Replace a model of this name.")
@click.pass_obj
def import_model(session: Session, /, file: str, name: str | None, replace: bool) -> None:
    """Read a model from a file that `models export` wrote; every byte of it is checked first."""
    record = session.shelf.import_(Path(file), name, replace=replace)
    session.shelf.set_default(record.name, only_first=True)
    session.terminal.note(f"{quoted(record.name)} is there. It {_purpose(record)}.")


def _purpose(record: Record) -> str:
    from seqcli.spec import TASKS

    return TASKS[record.task]
