"""Write the man pages of all commands, made from the program itself: .venv/bin/python docs/manual.py FOLDER"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from commands import Command, commands

from seqcli import __version__


def man_page(command: Command, others: list[str]) -> str:
    """Return a page in roff, for section 1; others: the pages that it sends to."""
    title = "-".join(command.path)
    first = re.split(r"(?<=[.:]) ", command.text[0])[0].rstrip(".:")
    lines = [
        f'.TH {_roff(title.upper())} 1 "" "seqcli {__version__}" "seqcli"',
        ".SH NAME",
        f"{_roff(title)} \\- {_roff(first[:1].lower() + first[1:])}",
        ".SH SYNOPSIS",
        f".B {_roff(command.name)}",
        _roff(command.usage.removeprefix(command.name).strip()),
        ".SH DESCRIPTION",
        *_paragraphs(command.text),
    ]
    for heading, rows in command.options.items():
        lines.append(f'.SH "{_roff(heading.upper())}"')
        for names, text in rows:
            lines += [".TP", f".B {_roff(names)}", _roff(" ".join(text.split()))]
    if command.examples:
        lines.append(".SH EXAMPLES")
        for line in command.examples:
            lines += [".PP", ".nf", _roff(line), ".fi"]
    lines += [".SH SEE ALSO", ",\n".join(f".BR {_roff(name)} (1)" for name in others).replace(",\n", " ,\n")]
    return "\n".join(lines) + "\n"


def _paragraphs(text: list[str]) -> Iterator[str]:
    for paragraph in text:
        yield from (".PP", _roff(paragraph))


def _roff(text: str) -> str:
    """Return text as roff has it: no backslash, hyphen or first character that means something else."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text


def write(folder: Path) -> None:
    """Write a page for every command."""
    folder.mkdir(parents=True, exist_ok=True)
    found = list(commands())
    for command in found:
        below = ["-".join(one.path) for one in found if one.path[:-1] == command.path]
        above = ["-".join(command.path[:-1])] if len(command.path) > 1 else []
        (folder / f"{'-'.join(command.path)}.1").write_text(man_page(command, above + below), "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
