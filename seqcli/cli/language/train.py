"""The commands that train: train-lm."""

from __future__ import annotations

from typing import Any

import click

from seqcli.cli.completion import complete_file, complete_model
from seqcli.cli.language.report import report
from seqcli.cli.options import architecture_option, command, option, spec_options
from seqcli.cli.session import Session
from seqcli.cli.training import resume_line, training_options
from seqcli.language.settings import LanguageSpec, NgramSpec
from seqcli.settings import check_given
from seqcli.text.settings import TextSpec
from seqcli.training.resumption import check_resume
from seqcli.training.settings import RunSpec
from seqcli.training.source import Source, name_of


@command(
    epilog="Example: seqcli train-lm book.txt --minutes 5, then: seqcli predict-word 'some of them'",
)
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...", shell_complete=complete_file)
@training_options
@option(
    "--from",
    "origin",
    metavar="NAME",
    shell_complete=complete_model,
    help="Begin with this model's weights, and add the words that it lacks.",
)
@spec_options(TextSpec)
@architecture_option("lm", "lstm")
@spec_options(LanguageSpec, leave_out=("architecture",))
@spec_options(NgramSpec, leave_out=("architecture",))
@spec_options(RunSpec)
@click.pass_obj
def train_lm(
    session: Session,
    /,
    texts: tuple[str, ...],
    name: str | None,
    valid: tuple[str, ...],
    like: str | None,
    origin: str | None,
    resume: bool,
    replace: bool,
    as_json: bool,
    **params: Any,
) -> None:
    """Train a language model on a text: files, folders, .gz/.bz2/.xz, or - for standard input.

    It stops by itself when held-out text gets no better, and keeps the best weights. N-grams are counted in seconds.
    --from goes on with another model on this text: its weights and settings, its tokens and those that it lacks.
    """
    check_resume(resume, replace=replace, like=like, **{"from": origin})
    check_given(params, TextSpec, LanguageSpec, NgramSpec, RunSpec)
    from seqcli.language.training import LanguageTrainer
    from seqcli.training.driver import Order, begun_again, train

    source, name = Source(texts, valid, session.text_form), name or name_of(texts, "lm")
    line = resume_line(session, "train-lm", source, name)
    order = begun_again(session, Order(source, name, params, like, origin, resume, replace, line))
    trainer = LanguageTrainer(session, order)
    outcome = train(session, trainer, order)
    if outcome is not None:
        report(session, outcome, trainer.corpus, as_json)
