"""The command line: one group of commands, each imported only when it is run; every failure becomes one line."""

from __future__ import annotations

import functools
import importlib
import os
import signal
import sys
from typing import Any, NoReturn

import click

from seqcli import __version__, launch
from seqcli.cli.command_list import COMMANDS
from seqcli.cli.completion import complete_command
from seqcli.cli.help_page import Context
from seqcli.cli.layout import width_of, wrapped
from seqcli.cli.options import CONTEXT, command, session_options
from seqcli.cli.session import Session
from seqcli.errors import SeqcliError, escape, meant, missing_package, quoted
from seqcli.training.memory import address_space

ADDRESSES = {"Learn": 3 << 29, "Answer": 1 << 28}  # bytes that the libraries of a command map, by its heading
TOO_TIGHT = "the limit on this process (ulimit -v) leaves too little; raise it"
OUT_OF_MEMORY = ("can't allocate memory", "failed to map segment", "annot allocate memory")
SPINS = "1000"  # of a thread of torch that waits, then it sleeps: as quick on an idle machine, 4 times on a busy one
PROOFREADING = {"--gold", "--noise", "--by-kind", "--alarm-rate"}  # what only a proofreader is measured with
EXIT_BUG = 70  # sysexits' EX_SOFTWARE: a defect of the program itself, never of its input


class Commands(click.Group):
    """A group whose commands are looked up in COMMANDS and imported when they are run."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name][1].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from seqcli.cli.foreign_names import command_meant

            hint = command_meant(args[0]) or meant(args[0], COMMANDS, "see seqcli --help.")
            raise click.UsageError(f"There is no command {quoted(args[0])}; {hint}", ctx)
        name, command, rest = super().resolve_command(ctx, args)
        if name == "evaluate":
            name = _evaluating(ctx, rest)
            command = self.get_command(ctx, name)
        if name is not None and not {"-h", "--help"}.intersection(rest):
            _check_addresses(name)
        return name, command, rest

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> click.Context:
        try:
            return super().make_context(info_name, args, *rest, **extra)
        except BrokenPipeError as error:  # of a help page; before click, which would exit with 1
            raise click.exceptions.Exit(_told(error)) from None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise click.exceptions.Exit(_told(error)) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        headings: dict[str, list[tuple[str, str]]] = {}
        for name, (heading, _, line) in COMMANDS.items():
            headings.setdefault(heading, []).append((name, line))
        for heading, rows in headings.items():
            with formatter.section(heading):
                formatter.write_dl(rows, col_max=22)


@click.command(
    cls=Commands,
    context_settings=CONTEXT,
    invoke_without_command=True,
    epilog="Alone, seqcli says what can be done in this folder.\n\n"
    "Start with: seqcli train-lm book.txt\n\nThen ask: seqcli predict-word 'some of them'",
)
@click.version_option(__version__, prog_name="seqcli")
@functools.partial(session_options, envvar="SEQCLI_MODELS")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Word prediction and embeddings from your own text, on your own CPU."""
    session = ctx.ensure_object(Session)
    if ctx.invoked_subcommand is None:
        from seqcli.cli.overview import overview

        session.terminal.texts(overview(session))


@command(name="help", epilog="Examples: seqcli help train-lm;  seqcli help models show")
@click.argument("words", nargs=-1, metavar="[COMMAND [SUBCOMMAND]]", shell_complete=complete_command)
@click.pass_context
def help_page(ctx: click.Context, /, words: tuple[str, ...]) -> None:
    """Show what a command does, and all that it takes; without one, which commands there are."""
    asked = ctx.find_root()
    for word in words:
        if not isinstance(asked.command, click.Group):
            raise click.UsageError(f"{quoted(asked.command_path)} has no commands of its own.", asked)
        name, found, _ = asked.command.resolve_command(asked, [word])
        assert found is not None and name is not None
        settings: Any = found.context_settings
        asked = found.context_class(found, info_name=name, parent=asked, **settings)
    click.echo(asked.get_help())


def main() -> NoReturn:
    """Run the command line and exit: 0 done, 1 could not, 2 misuse, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a character still gets the answer
    hear_signals()
    os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
    if launch.processes() > 1:
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # torch's warning of a lost connection is forty lines
    code = run(sys.argv[1:])
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # all is done: nothing is left to be interrupted
    sys.exit(code)


def hear_signals() -> None:
    """Let a process that is told to end tidy up first; what nohup has it ignore stays ignored."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_DFL:  # as while the modules were imported
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):  # Windows has no second one
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _terminated)


def run(args: list[str]) -> int:
    """Run a command and return its exit code; whatever fails is told in one line on stderr."""
    try:
        if launch.rank():
            return _share()
        code = cli.main(_with_texts(args), prog_name="seqcli", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as group:  # `seqcli models`: asked what there is
        return _answered(group.message)
    except BaseException as error:
        if os.environ.get("SEQCLI_DEBUG") == "1" and not isinstance(error, (SystemExit, KeyboardInterrupt)):
            raise
        return _told(error)
    finally:
        if launch.processes() > 1 and not launch.rank():
            _dismiss()


def _share() -> int:
    """Compute what the process of rank 0 hands out: it alone does what the command says."""
    from seqcli.training.worker import serve

    return serve()


def _dismiss() -> None:
    """Let the processes end that were started with this one."""
    from seqcli.training.leader import dismiss

    dismiss()


def _with_texts(args: list[str]) -> list[str]:
    """Return the words of a command line with the files of public texts in the place of corpus:NAME."""
    if not any(word.startswith("corpus:") for word in args):
        return args
    from seqcli.corpora.catalogue import replaced

    return replaced(args)


def _told(error: BaseException) -> int:
    """Say what went wrong and return the exit code."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return 130
    if isinstance(error, BrokenPipeError):
        sys.stdout = None  # the reader has gone; nothing is left to say, at exit neither
        return 0
    line, code = _line(error)
    shown = " ".join(escape(line.replace("\n", " ")).split())
    shown = f"Error: {shown if len(shown) <= 400 else shown[:399] + '…'}"
    if sys.stderr is not None:
        print("\n".join(wrapped(shown, width_of(sys.stderr)) if sys.stderr.isatty() else [shown]), file=sys.stderr)
    return code


def _answered(page: str) -> int:
    """Print a help page and return the exit code."""
    try:
        click.echo(page)
    except BrokenPipeError as error:
        return _told(error)
    return 0


def _line(error: BaseException) -> tuple[str, int]:
    """Return the one line that explains an error, and the exit code."""
    if isinstance(error, click.ClickException):
        message = error.format_message()
        return f"{message if message.endswith(('.', '?')) else message + '.'}{_help_hint(error)}", error.exit_code
    if isinstance(error, SeqcliError):
        return str(error), error.exit_code
    if isinstance(error, MemoryError) or any(words in str(error) for words in OUT_OF_MEMORY):
        return "There is not enough memory; use a smaller model, vocabulary or batch.", 1
    if isinstance(error, OSError) and (error.errno is not None or not _is_tight()):
        where = f" {quoted(error.filename)}" if error.filename else ""
        return f"Cannot use{where}: {error.strerror or error}; check the path, its permissions and the disk.", 1
    if isinstance(error, ModuleNotFoundError) and (line := missing_package(error)):
        return line, 1
    if _is_tight():
        return f"There is not enough memory: {TOO_TIGHT}.", 1
    return f"Unexpected {type(error).__name__}: {quoted(error, 200)}; please report it, with SEQCLI_DEBUG=1.", EXIT_BUG


def _check_addresses(name: str) -> None:
    """Raise SeqcliError where a command's libraries would find too few addresses: each ends the process in its way."""
    limit, needed = address_space(), ADDRESSES.get(COMMANDS[name][0], ADDRESSES["Answer"])
    if limit is not None and limit < needed:
        raise SeqcliError(f"{quoted(name)} needs {needed >> 20} MB of addresses: {TOO_TIGHT}.")


def _evaluating(ctx: click.Context, words: list[str]) -> str:
    """Return the command that measures the model that is named first: each task has figures of its own."""
    if PROOFREADING.intersection(words):
        return "evaluate-proofread"
    if not words or words[0].startswith("-"):
        return "evaluate"
    from seqcli.store import Shelf
    from seqcli.tasks import TASKS

    given = [ctx.ensure_object(Session).models_dir]
    given += [word.partition("=")[2] for word in words if word.startswith("--models-dir=")]
    given += [words[i + 1] for i in range(len(words) - 1) if words[i] == "--models-dir"]
    shelf = Shelf(given[-1])
    try:
        return TASKS[shelf.read(words[0]).task].evaluated_by
    except SeqcliError:
        return "evaluate"  # which says what is wrong


def _is_tight() -> bool:
    """Return whether libraries may have failed to load for want of addresses."""
    limit = address_space()
    return limit is not None and limit < ADDRESSES["Learn"]


def _help_hint(error: click.ClickException) -> str:
    ctx = getattr(error, "ctx", None)
    return f" See: {ctx.command_path} --help" if isinstance(error, click.UsageError) and ctx else ""


def _terminated(number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + number)


__all__ = ["COMMANDS", "cli", "main", "run"]
