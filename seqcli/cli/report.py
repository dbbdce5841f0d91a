"""The command that writes a page about a model, or about two: report."""

from __future__ import annotations

import click

from seqcli.cli.completion import complete_model
from seqcli.cli.options import asked_models, command, option, reading_options
from seqcli.cli.outputs import check_free
from seqcli.cli.session import Session
from seqcli.errors import MisuseError, quoted

MOST = 2  # models that are read side by side


@command(epilog="Examples: seqcli report austen --test emma.txt;  seqcli report austen counts --output both.html")
@click.argument("models", nargs=-1, metavar="[MODEL] [OTHER]", shell_complete=complete_model)
@option("--output", metavar="FILE", help="The page to write.  [default: MODEL.html, or MODEL-OTHER.html]")
@option("--test", multiple=True, metavar="FILE", help="A text that it never learned from: to see where it is weak.")
@option("--ask", multiple=True, metavar="TEXT", help="Ask this: a prompt, a word, a source, a sentence with [_] ...")
@option("--replace", is_flag=True, help="Replace a page that is there.")
@reading_options
@click.pass_obj
def report(
    session: Session,
    /,
    models: tuple[str, ...],
    output: str | None,
    test: tuple[str, ...],
    ask: tuple[str, ...],
    replace: bool,
) -> None:
    """Write one page about a model, which opens without a network: its text, curve, figures, answers, weaknesses.

    What it says is unedited, each answer beside the command that gives it. --test names a text (pairs: two files) to
    ask about and to see the worst of; the last part is the command that makes the model again. Two models stand side by
    side.
    """
    from seqcli.plots.figure import check_matplotlib
    from seqcli.reports.page import check_jinja

    if len(models) > MOST:
        raise MisuseError(f"{len(models)} models do not stand side by side; name one or two.")
    check_jinja()
    check_matplotlib()
    records = [session.shelf.read(name) for name in asked_models(models)]
    path = output or f"{'-'.join(record.name for record in records)}.html"
    check_free(path, replace)
    from seqcli.cli.summary import rows
    from seqcli.reports.contents import Asked
    from seqcli.reports.page import page, told
    from seqcli.store.files import write_whole
    from seqcli.version import __version__

    found, form = [], session.text_form
    with session.bar(len(records), "asking", "model") as bar:
        for count, record in enumerate(records, 1):
            found.append(told(session, record, list(rows(record, False)), Asked(ask, test), form))
            bar.to(count)
    title = " and ".join(record.name for record in records)
    write_whole(path, [page(title, __version__, found, records).encode(errors="backslashreplace")])
    session.note(f"{quoted(path)}; a browser opens it without a network.")
