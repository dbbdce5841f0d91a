"""The commands that keep models: models list, show, check, default, rename, remove, export, import."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.completion import complete_file, complete_model
from seqcli.cli.curve import curve
from seqcli.cli.help_page import Group
from seqcli.cli.options import CONTEXT, command, option, output_options
from seqcli.cli.session import Session
from seqcli.cli.summary import headline, is_finished, kind, rows, saved, text_name, total
from seqcli.errors import DamagedError, MisuseError, ModelError, SeqcliError, quoted
from seqcli.quantities import size

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
    """List the models, damaged ones with the reason; * marks those that answer, each its task, where none is named."""
    from seqcli.store import Damaged

    shelf, terminal = session.shelf, session.terminal
    defaults, seen, reasons = _defaults(session), 0, []
    person = terminal.table
    with terminal.results(*(("model", "kind", "size", "saved", "text", "result") if person else LISTED)) as out:
        for entry in shelf.entries():
            seen += 1
            chosen = entry.name in defaults
            marked = f"{'*' if chosen else ' '} {entry.name}"
            if isinstance(entry, Damaged) and person:
                reasons.append(f"{quoted(entry.name)} cannot be used: {entry.reason}")
                out.add(marked, "damaged", None, None, None, None)
            elif isinstance(entry, Damaged):
                out.add(entry.name, f"damaged: {entry.reason}", None, None, chosen, *[None] * 4)
            elif person:
                told = ", ".join(filter(None, (None if is_finished(entry) else "unfinished", headline(entry))))
                out.add(marked, kind(entry), size(total(entry)), saved(entry), text_name(entry), told)
            else:
                known = (headline(entry), text_name(entry), saved(entry), is_finished(entry))
                out.add(entry.name, entry.task, entry.architecture, total(entry), chosen, *known)
    for line in reasons if seen else [_nothing(shelf.root)]:
        terminal.note(line)


def _nothing(root: Path) -> str:
    where = (
        f"There is no model in {quoted(root, 200)}" if root.exists() else f"There is no directory {quoted(root, 200)}"
    )
    return f"{where}; train a model: seqcli train-lm FILE, or choose another --models-dir."


def _defaults(session: Session) -> set[str]:
    """Return the default models, or say what is wrong with the file that names them: models are listed all the same."""
    try:
        return set(session.shelf.defaults().values())
    except DamagedError as error:
        session.note(f"Note: {error}")
        return set()


LISTED = ("model", "task", "architecture", "bytes", "default", "held_out", "text", "saved", "finished")


@_subcommand("show", "seqcli models show austen")
@optional_name
@option("--all", "everything", is_flag=True, help="Every key that is stored of it.", panel="Output")
@option("--json", "as_json", is_flag=True, help="Print one JSON object, with everything.", panel="Output")
@option("--flow", is_flag=True, help="Draw its data flow: what becomes of what, and of which shape.", panel="Output")
@click.pass_obj
def show(session: Session, /, name: str | None, everything: bool, as_json: bool, flow: bool) -> None:
    """Show what a model is, how good it is, and how it learned; or how data flow through it."""
    record = session.shelf.read(name)
    if flow:
        from seqcli.cli.flow import flow_lines

        session.terminal.texts(flow_lines(record))
        return
    whole = json.loads(record.raw)
    history = record.history()
    if as_json:
        session.terminal.document({"model": record.name, **whole, "history": history})
        return
    if everything:
        told = [("model", record.name), ("directory", str(record.directory)), *_flat("", whole)]
    else:
        told = list(rows(record, record.name in _defaults(session)))
    session.terminal.facts(told, "key", "value")
    unit = next((key for key in ("tokens", "words") if history and key in history[0]), "update")
    points = [(row[unit], row["held_out"]) for row in history[1:]]  # the first is the untrained model: off the scale
    if len(points) > 1:
        session.note("\n" + curve(points, "held-out nats", unit if unit != "update" else "updates"))
    if not everything:
        session.note("Everything that is stored of it:", ["seqcli", "models", "show", record.name, "--all"])


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
    """Read every byte of models, by default of all, and tell whether every command can open what was saved."""
    from seqcli.soundness import check_opens

    damaged = 0
    shelf = session.shelf
    with session.terminal.results("model", "state", "bytes") as out:
        for name in names or shelf.names():
            try:
                record = shelf.check(name)
                check_opens(record)
                out.add(name, "whole", total(record))
            except SeqcliError as error:
                if names and not (shelf.root / name).exists():
                    raise
                damaged += 1
                out.add(name, str(error), None)
    if damaged:
        raise ModelError(f"{damaged} of the models cannot be used; copy them again, or train them anew with --replace.")


@_subcommand("default", "seqcli models default austen")
@optional_name
@output_options
@click.pass_obj
def default(session: Session, /, name: str | None) -> None:
    """Choose the model that answers, for its task, where none is named; without a name, list those of all tasks.

    Each task has its own: predict-word asks that of lm, neighbors that of vectors, translate that of translation. What
    takes a model of any task (models show, tokenize) asks the one that was chosen last. A training becomes the default
    of a task that has none.
    """
    from seqcli.tasks import TASKS

    shelf = session.shelf
    if name is not None:
        shelf.set_default(name)
        kind = TASKS[shelf.read(name).task].one
        session.note(f"{quoted(name)} answers from now on where no {kind} is named.")
        return
    chosen = shelf.defaults()
    if not chosen:
        raise ModelError("No model is the default; choose one: seqcli models default NAME.")
    with session.terminal.results("model", "task") as out:
        for task, model in chosen.items():
            out.add(model, task or None)


@_subcommand("rename", "seqcli models rename book austen")
@name_argument
@click.argument("new")
@click.pass_obj
def rename(session: Session, /, name: str, new: str) -> None:
    """Give a model another name; the default of its task follows."""
    session.shelf.rename(name, new)
    session.note(f"{quoted(name)} is now {quoted(new)}.")


@_subcommand("remove", "seqcli models remove austen --yes")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_model)
@option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def remove(session: Session, /, names: tuple[str, ...], yes: bool) -> None:
    """Remove models. On a terminal it asks first; elsewhere it needs --yes."""
    shelf = session.shelf
    names = tuple(dict.fromkeys(names))
    for name in names:
        shelf.check_removable(name)
    if not yes:
        if not (sys.stdin and sys.stdin.isatty()):
            raise MisuseError("Nobody is there to ask; say --yes to remove for good.")
        for name in names:
            session.note(f"{quoted(name)}: {size(shelf.bytes_of(name))}")
        if not click.confirm("Remove for good?", err=True):
            return
    for name in names:
        shelf.remove(name)
        session.note(f"{quoted(name)} is removed.")


@_subcommand("export", "seqcli models export austen;  seqcli models export austen --format zip")
@name_argument
@click.argument("file", required=False, shell_complete=complete_file)
@option(
    "--format",
    "kind",
    type=click.Choice(("tar", "zip")),
    help="A zip is opened by every system.  [default: by the file's ending, else tar]",
)
@click.pass_obj
def export(session: Session, /, name: str, file: str | None, kind: str | None) -> None:
    """Write a model into one file, NAME.seqcli.tar by default, to be moved, mailed or kept."""
    ending = ".zip" if kind == "zip" else ".seqcli.tar"
    path = Path(file or f"{session.shelf.located(name)[1]}{ending}")
    if kind is not None and (path.suffix == ".zip") != (kind == "zip"):
        raise MisuseError(f"{quoted(path)} does not end in {ending}; name it so, or leave --format out.")
    session.shelf.export(name, path)
    session.note(
        f"{quoted(path)}: {size(path.stat().st_size)}. Read it with:", ["seqcli", "models", "import", str(path)]
    )


@_subcommand("import", "seqcli models import austen.seqcli.tar")
@click.argument("file", shell_complete=complete_file)
@option("--name", metavar="NAME", help="Name of the model.  [default: the file's]")
@option("--replace", is_flag=True, help="Replace a model of this name.")
@click.pass_obj
def import_model(session: Session, /, file: str, name: str | None, replace: bool) -> None:
    """Read a model from a file that `models export` wrote, tar or zip; every byte of it is checked first."""
    from seqcli.text.files import refuse_url

    refuse_url(file)
    import_whole(session, file, name, replace)


def is_whole(file: str) -> bool:
    """Return whether a file is a model that `models export` wrote."""
    from seqcli.store.archive import ENDING
    from seqcli.store.zip_archive import holds_model

    return file.endswith(ENDING) or (file.endswith(".zip") and holds_model(Path(file)))


def import_whole(session: Session, file: str, name: str | None, replace: bool) -> None:
    """Take a model in that `models export` wrote, and say what it does."""
    record = session.shelf.import_(Path(file), name, replace=replace, choose=True)
    session.note(f"{quoted(record.name)} is there. It {_purpose(record)}.")


def _purpose(record: Record) -> str:
    from seqcli.tasks import TASKS

    return TASKS[record.task].does
