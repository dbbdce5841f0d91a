"""What a shell may complete: the models that a command can ask, commands, and files where a file is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

TASK_OF = {  # the task of the models that a command asks or goes on with; the others take any
    **dict.fromkeys(("predict-word", "score", "generate", "evaluate", "train-lm", "tune"), "lm"),
    **dict.fromkeys(("translate", "score-translation", "evaluate-translation", "train-translate"), "translation"),
    **dict.fromkeys(("fill", "evaluate-fill", "train-fill", "proofread", "evaluate-proofread"), "fill"),
    **dict.fromkeys(("neighbors", "analogy", "similarity", "odd-one-out", "vector", "sentence-similarity"), "vectors"),
    **dict.fromkeys(("compare", "map", "evaluate-vectors", "quantize-vectors", "index-vectors"), "vectors"),
    "train-w2v": "vectors",
    **dict.fromkeys(("train-vae", "sample", "reconstruct", "interpolate", "attribute", "edit", "embed"), "sentences"),
    "evaluate-sentences": "sentences",
    **dict.fromkeys(("train-dialogue", "reply", "evaluate-dialogue"), "dialogue"),
}


def _item(value: str, type: str = "plain") -> CompletionItem:
    from click.shell_completion import CompletionItem

    return CompletionItem(value, type=type)


def complete_model(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the models of the command's task whose names begin so."""
    from seqcli.cli.session import Session

    session, task = ctx.find_object(Session) or Session(), TASK_OF.get(ctx.info_name or "")
    return [
        _item(entry.name)
        for entry in session.shelf.entries()
        if entry.name.startswith(incomplete) and (task is None or task == getattr(entry, "task", task))
    ]


def complete_file(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Let the shell complete the name of a file."""
    return [_item(incomplete, type="file")]


def complete_directory(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Let the shell complete the name of a directory."""
    return [_item(incomplete, type="dir")]


def complete_model_or_file(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the models whose names begin so, and let the shell add files."""
    return [*complete_model(ctx, param, incomplete), *complete_file(ctx, param, incomplete)]


def complete_model_then_file(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the models whose names begin so, and files too, as both may come first; behind one of them, files."""
    first = not ctx.params.get(param.name or "")
    return [*(complete_model(ctx, param, incomplete) if first else ()), *complete_file(ctx, param, incomplete)]


def complete_command(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the commands whose names begin so; behind the name of a group, its own."""
    group = ctx.find_root().command
    for word in ctx.params.get(param.name or "") or ():
        found = group.get_command(ctx, word) if isinstance(group, click.Group) else None
        group = found or group
    names = group.list_commands(ctx) if isinstance(group, click.Group) else []
    return [_item(name) for name in names if name.startswith(incomplete)]


BY_METAVAR = {"FILE": complete_file, "DIR": complete_directory}  # of an option that does not say how it is completed
