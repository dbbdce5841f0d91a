"""The command that trains a model to fill gaps: train-fill."""

from __future__ import annotations

from typing import Any

import click

from seqcli.cli.completion import complete_file
from seqcli.cli.fill.report import report
from seqcli.cli.options import command, spec_options
from seqcli.cli.session import Session
from seqcli.cli.training import resume_line, training_options
from seqcli.fill.settings import FillRunSpec, FillSpec, FillTextSpec
from seqcli.settings import check_given
from seqcli.training.resumption import check_resume
from seqcli.training.source import Source, name_of


@command(
    epilog="Example: seqcli train-fill book.txt --minutes 10, then: seqcli fill 'he [_] to the window'",
)
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...", shell_complete=complete_file)
@training_options
@spec_options(FillTextSpec)
@spec_options(FillSpec, leave_out=("architecture",))
@spec_options(FillRunSpec)
@click.pass_obj
def train_fill(
    session: Session,
    /,
    texts: tuple[str, ...],
    name: str | None,
    valid: tuple[str, ...],
    like: str | None,
    resume: bool,
    replace: bool,
    as_json: bool,
    **params: Any,
) -> None:
    """Train a model that fills gaps on a text: files, folders, .gz/.bz2/.xz, or - for standard input.

    A word is predicted from all that stands left and right of it, which neither side has seen: its figures are how
    often it is found, first or among five or ten, and nats per missing word. Model and batches are made as large as
    --minutes can train, unless sizes are given. It stops by itself when held-out text gets no better.
    """
    check_resume(resume, replace=replace, like=like)
    check_given(params, FillTextSpec, FillSpec, FillRunSpec)
    from seqcli.fill.training import FillTrainer
    from seqcli.training.driver import Order, begun_again, train

    source, name = Source(texts, valid, session.text_form), name or name_of(texts, "fill")
    line = resume_line(session, "train-fill", source, name)
    order = begun_again(session, Order(source, name, params, like, None, resume, replace, line))
    trainer = FillTrainer(session, order)
    outcome = train(session, trainer, order)
    if outcome is not None:
        report(session, outcome, trainer.corpus, as_json)
