"""The command that lets models answer over HTTP: serve."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import Any

import click

from seqcli.cli.completion import complete_model
from seqcli.cli.options import command, spec_options
from seqcli.cli.session import Session
from seqcli.errors import MisuseError, SeqcliError, quoted
from seqcli.serve.settings import Serving, check_reachable
from seqcli.settings import given, settings


@command(
    epilog="Examples: seqcli serve;  seqcli serve book en-de --port 9000;  "
    "seqcli serve --host 0.0.0.0 --token secret.txt",
)
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_model)
@spec_options(Serving)
@click.pass_obj
def serve(session: Session, /, names: tuple[str, ...], **params: Any) -> None:
    """Let models answer over HTTP, to this machine's own programs: all of the shelf, or those named.

    A page to try them on is at /. Questions are POSTed as JSON: /predict, /score, /generate, /fill, /translate,
    /reply, /proofread, /neighbors, /analogy, /vector, /embed, /sample, /reconstruct, /interpolate answer what the
    commands answer with --json; /openapi.json describes them. /v1/completions and /v1/embeddings answer in OpenAI's
    shape, /v2/check in LanguageTool's. Ctrl-C stops it once what is asked is answered.
    """
    how = settings(Serving(), given(Serving, params))
    check_reachable(how)
    token = _token(how.token) if how.token is not None else None
    for name in names:
        session.shelf.read(name)
    import uvicorn

    from seqcli.serve.application import ENVIRONMENT

    told = {
        "models_dir": session.models_dir,
        "names": names,
        "how": asdict(how),
        "token": token,
        "log": not session.terminal.quiet,
    }
    os.environ[ENVIRONMENT] = json.dumps(told)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    session.note(f"Serving {', '.join(names) or 'every model of ' + quoted(session.models_dir)} on {_address(how)}")
    if not session.shelf.names():
        session.note("Note: there is no model yet; one that is trained while this runs is served too.")
    uvicorn.run(
        "seqcli.serve.application:from_environment",
        factory=True,
        host=how.host,
        port=how.port,
        http="seqcli.serve.connections:Impatient",
        workers=how.workers if how.workers > 1 else None,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=int(how.seconds) + 1,
    )


def _address(how: Serving) -> str:
    host = f"[{how.host}]" if ":" in how.host else how.host
    return f"http://{host}:{how.port}/"


def _token(path: str) -> str:
    """Return the first line of a file. Raises SeqcliError where it holds none."""
    try:
        with open(path, encoding="utf-8") as file:
            token = file.readline(1_000).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SeqcliError(
            f"Cannot read the token in {quoted(path)}: {getattr(error, 'strerror', None) or error}."
        ) from error
    if len(token) < 8 or not token.isascii() or not token.isprintable():
        raise MisuseError(
            f"{quoted(path)} holds no token; give a file whose first line has 8 ASCII characters or more."
        )
    return token
