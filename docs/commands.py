"""What each command says of itself, and the page of the site that tells it all: every command, every option."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import click

from seqcli.cli import cli
from seqcli.cli.command_list import COMMANDS
from seqcli.cli.help_page import PANELS

SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")  # what Markdown would take for its own


class Command(NamedTuple):
    """A command by its own help page: paragraphs of text, options under headings, examples."""

    path: tuple[str, ...]
    usage: str
    text: list[str]
    options: dict[str, list[tuple[str, str]]]
    examples: list[str]

    @property
    def name(self) -> str:
        """What is typed."""
        return " ".join(self.path)


def commands() -> Iterator[Command]:
    """Yield seqcli, then every command under its heading, each followed by the commands below it."""
    top = click.Context(cli, info_name="seqcli", help_option_names=["-h", "--help"])
    yield _described(cli, top)
    headings = dict.fromkeys(heading for heading, _, _ in COMMANDS.values())
    for heading in headings:
        for name, (its, _, _) in COMMANDS.items():
            found = cli.get_command(top, name)
            assert found is not None
            if its == heading:
                yield from _below(found, name, top)


def _below(command: click.Command, name: str, above: click.Context) -> Iterator[Command]:
    context = click.Context(command, info_name=name, parent=above)
    yield _described(command, context)
    if isinstance(command, click.Group):
        for word in command.list_commands(context):
            found = command.get_command(context, word)
            assert found is not None
            yield from _below(found, word, context)


def _described(command: click.Command, context: click.Context) -> Command:
    options: dict[str, list[tuple[str, str]]] = {}
    for panel in PANELS:
        for param in command.get_params(context):
            row = param.get_help_record(context)
            if row is not None and isinstance(param, click.Option) and getattr(param, "panel", "Other") == panel:
                options.setdefault("Options" if panel == "Other" else panel, []).append(row)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    text = [" ".join(part.split()) for part in re.split(r"\n\s*\n", (command.help or "").strip())]
    told, _, lines = (command.epilog or "").partition(": ")
    examples = [line for line in lines.split(";  ") if line] if told.startswith("Example") else []
    return Command(tuple(context.command_path.split()), usage, text, options, examples)


def reference() -> str:
    """Return the page in Markdown."""
    parts = ["# Every command, every option", "Made from the program itself: what `seqcli COMMAND --help` shows."]
    for command in commands():
        parts += [f"## {command.name}", *map(_escaped, command.text), f"```text\n{command.usage}\n```"]
        for heading, rows in command.options.items():
            parts.append(f"**{heading}**")
            parts += [f"`{names}`\n:   {_escaped(text)}" for names, text in rows]
        if command.examples:
            lines = "\n".join(f"$ {line}" for line in command.examples)
            parts.append(f"```console\n{lines}\n```")
    return "\n\n".join(parts) + "\n"


def _escaped(text: str) -> str:
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))
