"""The command that trains word vectors: train-w2v."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqcli.cli import tips
from seqcli.cli.completion import complete_file, complete_model_or_file
from seqcli.cli.options import command, option, spec_options
from seqcli.cli.session import Session
from seqcli.cli.training import resume_line, tell, training_options
from seqcli.settings import check_given
from seqcli.training.resumption import check_resume
from seqcli.training.source import Source, name_of
from seqcli.vectors.settings import VectorsRunSpec, VectorsSpec, VectorsTextSpec
from seqcli.vectors.training import loss_text

if TYPE_CHECKING:
    from seqcli.training.driver import Outcome
    from seqcli.vectors.training import Words


@command(
    epilog="Example: seqcli train-w2v book.txt --epochs 5, then: seqcli neighbors king",
)
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...", shell_complete=complete_file)
@option(
    "--from",
    "start",
    metavar="MODEL",
    shell_complete=complete_model_or_file,
    help="Begin with the vectors of a model, or of a vectors file.",
)
@training_options
@spec_options(VectorsTextSpec, leave_out=("subwords",))
@spec_options(VectorsSpec)
@spec_options(VectorsRunSpec)
@click.pass_obj
def train_w2v(
    session: Session,
    /,
    texts: tuple[str, ...],
    start: str | None,
    name: str | None,
    valid: tuple[str, ...],
    like: str | None,
    resume: bool,
    replace: bool,
    as_json: bool,
    **params: Any,
) -> None:
    """Train word vectors (word2vec) on a text: files, folders, .gz/.bz2/.xz, or - for standard input.

    Contexts end where a line or paragraph ends. The settings are named as everywhere, their defaults those of
    word2vec.c, but for the learning rate: words share their negatives here, which allows twice the steps.
    """
    check_resume(resume, replace=replace, like=like, **{"from": start})
    check_given(params, VectorsTextSpec, VectorsSpec, VectorsRunSpec)
    from seqcli.training.driver import Order, begun_again, train
    from seqcli.vectors.training import VectorsTrainer

    source, name = Source(texts, valid, session.text_form), name or name_of(texts, "vectors")
    line = resume_line(session, "train-w2v", source, name)
    order = begun_again(session, Order(source, name, params, like, start, resume, replace, line))
    trainer = VectorsTrainer(session, order)
    outcome = train(session, trainer, order)
    if outcome is not None:
        _report(session, outcome, trainer.words, as_json)


def _report(session: Session, outcome: Outcome, words: Words, as_json: bool) -> None:
    """Say what came of a training, and what to try next."""
    from seqcli.vectors.load import few_words

    held_out = outcome.record.results["held_out"]
    found = f". Held-out {loss_text(held_out['nats_per_pair'])} over {held_out['pairs']:,} pairs"
    tip = ["neighbors", tips.content_word(words.names)]
    tell(session, outcome, found, tip, as_json, filter(None, [few_words(outcome.record)]))
