"""Options made from the settings' fields, and those that every command shares."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, TypeVar

import click

from seqcli.cli.completion import BY_METAVAR, complete_model
from seqcli.cli.help_page import Command
from seqcli.cli.session import Session
from seqcli.errors import MisuseError, quoted
from seqcli.quantities import bytes_of
from seqcli.settings import option_name, value_type
from seqcli.tasks import names_of
from seqcli.text.form import AUTO

S = TypeVar("S")
F = TypeVar("F", bound=Callable[..., Any])

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
NAMING = ("NAME", "MODEL", "FILE", "DIR")  # metavars of options that name a model, a file or a directory
_INTEGER = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d{1,20}\.?\d{0,20}|\.\d{1,20})([eE][+-]?\d{1,4})?", re.ASCII)


class Number(click.ParamType[Any]):
    """A number in plain ASCII digits; the range is checked with the settings (click would let nan and 1_0 through)."""

    def __init__(self, kind: type) -> None:
        self.kind, self.name = kind, "integer" if kind is int else "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, (int, float)):
            return value
        if not (_INTEGER if self.kind is int else _DECIMAL).fullmatch(value):
            self.fail(f"{quoted(value, 40)} is not {'a whole' if self.kind is int else 'a'} number", param, ctx)
        return self.kind(value)


class Option(click.Option):
    """An option with a heading on the help page."""

    def __init__(self, *args: Any, panel: str = "Other", **kwargs: Any) -> None:
        kwargs.setdefault("shell_complete", BY_METAVAR.get(kwargs.get("metavar", "")))
        super().__init__(*args, **kwargs)
        self.panel = panel


class Named(click.ParamType[str]):
    """The name of a model, file or directory: never empty, which would be taken for an option that was left out."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not value:
            self.fail("it is empty; give a name, or leave the option out", param, ctx)
        return str(value)


def option(*names: str, panel: str = "Other", **kwargs: Any) -> Callable[[F], F]:
    """Return a click option under a heading."""
    if kwargs.get("metavar") in NAMING:
        kwargs = {"type": Named(), **kwargs}
    return click.option(*names, cls=Option, panel=panel, **kwargs)


def spec_options(cls: type, leave_out: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Add an option for every setting; one that is not given is None, so that --like and --resume can fill it."""

    def add(command: F) -> F:
        for f in reversed(fields(cls)):
            if f.name not in leave_out:
                command = _spec_option(cls, f.name, f.default, f.metadata)(command)
        return command

    return add


def architecture_option(task: str, default: str) -> Callable[[F], F]:
    """Add --architecture, for a task whose models have settings of several kinds."""
    names = names_of(task)
    text = f"Kind of model.  [default: {default}]"
    return option("--architecture", type=click.Choice(names), default=None, help=text, panel="Model")


def _spec_option(cls: type, name: str, default: Any, meta: Any) -> Callable[[F], F]:
    kind, _ = value_type(cls, name)
    flag, text = meta["typed"] or option_name(name), meta["help"]
    if kind is bool and not meta["typed"]:
        flag = f"{flag}/--no-{name.replace('_', '-')}"
        default = "on" if default else "off"
    if default not in (None, ()) and not (kind is bool and meta["typed"]):
        text = f"{text}  [default: {default}]"
    shape: dict[str, Any] = {"type": click.Choice(meta["choices"]) if meta["choices"] else str}
    if kind is bool:
        shape = {"is_flag": True}
    elif kind is tuple:
        shape = {"multiple": True}
    elif kind in (int, float):
        shape = {"type": Number(kind), "metavar": "N" if kind is int else "X"}
    if meta["metavar"]:
        shape |= {"metavar": meta["metavar"]}
    return option(flag, name, default=None, help=text, panel=meta["panel"], **shape)


model_option = option(
    "-m",
    "--model",
    envvar="SEQCLI_MODEL",
    metavar="NAME",
    help="The model to ask.  [default: SEQCLI_MODEL, or the task's default model]",
    shell_complete=complete_model,
)


def asked_models(names: tuple[str, ...]) -> tuple[str | None, ...]:
    """Return the models to measure: those named, else the one of SEQCLI_MODEL, else the default (None)."""
    return names or (os.environ.get("SEQCLI_MODEL") or None,)


def _choose(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        if ctx.meta.setdefault("seqcli.output", param.name) != param.name:
            raise MisuseError("Give one of --json, --jsonl and --csv.")
        ctx.ensure_object(Session).terminal.output = param.name or ""


def output_options(command: F) -> F:
    """Add --json, --jsonl and --csv; without them a table on a terminal, TAB-separated columns in a pipe."""
    lines = {"json": "Print one JSON array.", "jsonl": "Print a JSON object a line.", "csv": "Print CSV with a header."}
    for name, text in reversed(lines.items()):
        command = option(
            f"--{name}", name, is_flag=True, expose_value=False, callback=_choose, help=text, panel="Output"
        )(command)
    return command


def _set_mixing(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    session = ctx.ensure_object(Session)
    if param.name == "cache" and value is not None:
        from seqcli.language.mixture.settings import parse

        parse(value)  # before anything is read: a bare --cache would take the prompt behind it for a kind
    session.mixed[str(param.name)] = value


def mixing_options(command: F) -> F:
    """Add --mix, --cache and --dynamic, which change every answer of a language model; they set Session.mixed."""
    shared: dict[str, Any] = {"expose_value": False, "callback": _set_mixing, "panel": "Mixture"}
    add = (
        option(
            "--mix",
            multiple=True,
            metavar="NAME[:WEIGHT]",
            shell_complete=complete_model,
            help="Mix in another model of the same vocabulary, with this share.  [default: equal shares]",
            **shared,
        ),
        option(
            "--cache",
            is_flag=False,
            flag_value="auto",
            metavar="KIND",
            help="What was just read is likelier to come again: unigram, or neural, which also compares the places. "
            "Settings may follow, as in neural:weight=0.2,theta=7.",
            **shared,
        ),
        option(
            "--dynamic", is_flag=True, help="Let a copy of the network go on learning from what it reads.", **shared
        ),
    )
    for decorate in reversed(add):
        command = decorate(command)
    return command


def _set_form(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    session = ctx.ensure_object(Session)
    if param.name == "memory" and value is not None:
        value = bytes_of(value)
    session.form = replace(session.form, **{str(param.name): value})


def reading_options(command: F) -> F:
    """Add --encoding, --column, --plain and --memory, which say how texts are read; they set Session.form."""
    shared: dict[str, Any] = {"expose_value": False, "callback": _set_form, "panel": "Text"}
    encoding = "Encoding of the text.  [default: UTF-8, or the one that is recognised]"
    column = "Read this column of a CSV, TSV or JSON lines file; twice for pairs."
    plain = "Read web pages, mail and tables as they are, tags and all."
    memory = (
        "Memory for reading and counting, as 1G; what is more goes to files.  [default, in training: half of the free]"
    )
    for decorate in (
        option("--memory", metavar="SIZE", help=memory, **shared),
        option("--plain", is_flag=True, help=plain, **shared),
        option("--column", "columns", multiple=True, metavar="NAME", help=column, **shared),
        option("--encoding", default=AUTO, metavar="NAME", help=encoding, **shared),
    ):
        command = decorate(command)
    return command


def _set_models_dir(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    session = ctx.ensure_object(Session)
    if value is not None:
        session.models_dir = value


def _set_quiet(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Session).terminal.quiet = True


def session_options(command: F, envvar: str | None = None) -> F:
    """Add -q and --models-dir, which may stand before and after the command's name; the group reads the variable."""
    command = option(
        "--models-dir",
        envvar=envvar,
        metavar="DIR",
        expose_value=False,
        callback=_set_models_dir,
        help="Where models are kept.  [default: SEQCLI_MODELS, or ./models]",
    )(command)
    return option(
        "-q", "--quiet", is_flag=True, expose_value=False, callback=_set_quiet, help="Say nothing but errors."
    )(command)


def command(**attributes: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a command of a function: -h, headings on the help page, -q and --models-dir."""

    def make(function: Callable[..., Any]) -> click.Command:
        return click.command(cls=Command, context_settings=CONTEXT, **attributes)(session_options(function))

    return make
