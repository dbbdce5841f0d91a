"""Help pages: options under headings, examples a line each, and lines broken between words."""

from __future__ import annotations

import re
from collections.abc import Iterable

import click

from seqcli.cli.layout import command_lines, display_width, wrapped

PANELS = (
    "Text",
    "Model",
    "Latent variable",
    "Address",
    "Load",
    "Training",
    "Drawing",
    "Ranking",
    "Mixture",
    "Output",
    "Other",
)  # headings of a help page
WIDEST_OPTION = 34  # columns: a longer one stands on a line of its own
MARGIN = 0.4  # of a page's width, for the names of options at most
_DEFAULT, _TIED = re.compile(r"\[default: [^\]]{1,12}\]"), "\ue000"  # stays on one line; a character of no text
_TYPED = re.compile(r"""(?:'[^']*'|"[^"]*"|\S)+""")  # a word of a command as it is typed


class Page(click.HelpFormatter):
    """A help page whose lines are broken between words only: no option's name is cut at its hyphens."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        first, *more = wrapped(f"{prefix or 'Usage: '}{prog} {args}".rstrip(), self.width)
        self.write("\n".join([first, *(" " * 7 + line for line in more)]) + "\n")

    def write_text(self, text: str) -> None:
        space = " " * self.current_indent
        paragraphs = (_lines(paragraph, self.width - len(space)) for paragraph in re.split(r"\n\s*\n", text))
        self.write("\n\n".join("\n".join(space + line for line in lines) for lines in paragraphs) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        rows, space = list(rows), " " * self.current_indent
        margin = min(max((display_width(first) for first, _ in rows), default=0), col_max) + col_spacing
        margin = min(margin, int(MARGIN * self.width))
        for first, second in rows:
            lines = _lines(second, self.width - len(space) - margin)
            beside = display_width(first) <= margin - col_spacing
            above = [] if beside else wrapped(first, self.width - len(space) - 4)
            self.write("".join(f"{space}{'    ' * (i > 0)}{line}\n" for i, line in enumerate(above)))
            self.write(f"{space}{first:<{margin}}{lines.pop(0)}\n" if beside else "")
            self.write("".join(f"{space}{'':<{margin}}{line}\n" for line in lines))

    def write_examples(self, epilog: str) -> None:
        """Write "Examples: a;  b" as commands that can be copied, one below the other."""
        title, _, commands = epilog.partition(": ")
        with self.section(title):
            for line in commands.split(";  "):
                for part in command_lines(_TYPED.findall(line), self.width - self.current_indent):
                    self.write(" " * self.current_indent + part + "\n")


def _lines(text: str, width: int) -> list[str]:
    joined = " ".join(line.strip() for line in text.strip().splitlines())
    joined = _DEFAULT.sub(lambda found: found[0].replace(" ", _TIED), joined)
    return [line.replace(_TIED, " ") for line in wrapped(joined, width)]


class Context(click.Context):
    """What a command is called with; its help is a Page."""

    formatter_class = Page


class Command(click.Command):
    """A command whose help page groups the options under headings."""

    context_class = Context

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        typed = list(args)  # click takes them out one by one
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            from seqcli.cli.foreign_names import answer

            ours = [name for param in self.get_params(ctx) for name in (*param.opts, *param.secondary_opts)]
            hint = answer(error.option_name, typed, ours, "texts" in (param.name for param in self.params))
            if not hint and not error.possibilities and any(param.nargs == -1 for param in self.params):
                word = next((word for word in typed if word.startswith(error.option_name)), error.option_name)
                hint = f"No such option: {word}; a word that begins with - goes behind --: {ctx.command_path} -- {word}"
            raise click.UsageError(f"{hint}.", ctx) if hint else error from None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        panels: dict[str, list[tuple[str, str]]] = {name: [] for name in PANELS}
        for param in self.get_params(ctx):
            row = param.get_help_record(ctx)
            if row is not None and isinstance(param, click.Option):  # arguments are explained by the text above
                panels[getattr(param, "panel", "Other")].append(row)
        width = max((len(left) for rows in panels.values() for left, _ in rows), default=0)
        for name, rows in panels.items():
            if rows:
                with formatter.section("Options" if name == "Other" else name):
                    formatter.write_dl(rows, col_max=min(width, WIDEST_OPTION))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.epilog and self.epilog.startswith("Example"):
            assert isinstance(formatter, Page)
            formatter.write_examples(self.epilog)
        else:
            super().format_epilog(ctx, formatter)


class Group(click.Group):
    """A group whose help page says of each command what its own page says first, whole."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows: list[tuple[str, str]] = []
        for name, command in self.commands.items():
            rows.append((name, re.split(r"\n\s*\n", (command.help or "").strip())[0]))
        with formatter.section("Commands"):
            formatter.write_dl(rows)
