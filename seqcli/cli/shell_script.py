"""The command that lets a shell complete commands, models, files and settings: completion."""

from __future__ import annotations

import os
from pathlib import Path

import click

from seqcli.cli.options import command, option
from seqcli.cli.session import COMPLETING, Session
from seqcli.errors import SeqcliError, quoted

SHELLS = ("bash", "zsh", "fish")
MARK = "# seqcli: completion of its commands, models and files"


@command(name="completion", epilog="Examples: seqcli completion bash --install;  seqcli completion fish")
@click.argument("shell", type=click.Choice(SHELLS), metavar="bash|zsh|fish")
@option("--install", is_flag=True, help="Let every new shell have it; without this, print the script.")
@click.pass_obj
def completion(session: Session, /, shell: str, install: bool) -> None:
    """Let a shell complete commands, options and their values, models and files.

    --install keeps the script where the shell, or a line that is added to .bashrc or .zshrc, finds it. What stands in
    those files stays as it is; doing it again changes nothing.
    """
    script = script_of(shell)
    if not install:
        session.terminal.raw(script.splitlines(keepends=True))
        return
    place, start = places(shell)
    try:
        _write(place, script)
        added = start is not None and _add_line(start, place)
    except OSError as error:
        where = quoted(error.filename or place, 200)
        raise SeqcliError(
            f"Cannot write {where}: {error.strerror}; without --install the script is printed, to be put elsewhere."
        ) from error
    session.note(f"Completion for {shell} is in {quoted(place, 200)}" + (f", read by {start}." if added else "."))
    session.note("It works in every new shell; in this one:", ["source", str(place)])


def script_of(shell: str) -> str:
    """Return the script that makes a shell ask this program what may be completed."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    root = click.get_current_context().find_root().command
    made = kind(root, {}, "seqcli", COMPLETING)
    return str(made.source_template % made.source_vars()).strip() + "\n"


def places(shell: str) -> tuple[Path, Path | None]:
    """Return where a shell's script is kept, and the file that must name it; None: it is found there by itself."""
    home = Path.home()
    if shell == "fish":
        config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
        return config / "fish" / "completions" / "seqcli.fish", None
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    start = home / ".bashrc" if shell == "bash" else Path(os.environ.get("ZDOTDIR") or home) / ".zshrc"
    return data / "seqcli" / f"completion.{shell}", start


def _write(place: Path, script: str) -> None:
    """Write the script, whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        beside.write_text(script, "utf-8")
        os.replace(beside, place)
    finally:
        beside.unlink(missing_ok=True)


def _add_line(start: Path, place: Path) -> bool:
    """Add the line that reads the script to a shell's own file, once."""
    from shlex import quote

    name = quote(str(place))
    lines = f"\n{MARK}\n[ -r {name} ] && source {name}\n"
    before = start.read_bytes() if start.exists() else b""
    if name.encode() in before:
        return True
    with start.open("ab") as file:
        file.write(lines.encode())
    return True
