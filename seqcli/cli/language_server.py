"""The command that an editor starts: language-server."""

from __future__ import annotations

from typing import Any

import click

from seqcli.cli.options import command, option, spec_options
from seqcli.cli.session import Session
from seqcli.fill.proofreading.settings import Proofreading
from seqcli.settings import given


@command(
    name="language-server",
    epilog="Examples: seqcli language-server;  seqcli language-server --tcp 8766 --proofreader novels-fill",
)
@spec_options(Proofreading)
@option("--proofreader", metavar="NAME", help="The model that proofreads.  [default: the task's default model]")
@option("--language-model", metavar="NAME", help="The model of next words.  [default: the task's default model]")
@option("--words", type=int, metavar="N", help="Next words offered; 0: none.  [default: 8]")
@option(
    "--tcp", type=click.IntRange(1, 65_535), metavar="PORT", help="Listen on this port of this machine, not on stdin."
)
@click.pass_obj
def language_server(session: Session, /, tcp: int | None, **params: Any) -> None:
    """Proofread in an editor as one writes, by the Language Server Protocol, over stdin and stdout.

    Marks come with corrections, and words may be ignored or remembered in seqcli.words; the next words are offered as
    completions; hovering over a word tells how surprising it is. Markdown and LaTeX commands are left alone. A file
    seqcli.toml at the root of a project sets alarm_rate, k, proofreader, language_model and words for it.
    """
    from seqcli.serve.language_server import Editing, server_of
    from seqcli.settings import settings

    server = server_of(session, settings(Editing(), given(Editing, params)))
    if tcp is None:
        server.start_io()
    else:
        server.start_tcp("127.0.0.1", tcp)
