"""The command that trains word vectors: train-w2v."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli import tips
from seqcli.cli.completion import complete_file, complete_model_or_file
from seqcli.cli.options import check_given, command, option, spec_options
from seqcli.cli.session import Session
from seqcli.cli.training import check_resume, resume_line, training_options
from seqcli.errors import MisuseError
from seqcli.quantities import duration
from seqcli.training.follow import document_of, ends
from seqcli.training.plan import Plan, make_plan
from seqcli.training.resumption import check_trained, is_longer, is_over, say_finished
from seqcli.training.source import Source, name_of
from seqcli.vectors.initial import known_vectors
from seqcli.vectors.settings import VectorsRunSpec, VectorsSpec, VectorsTextSpec
from seqcli.vectors.training import DEFAULT_EPOCHS, fit, loss_text, make_training, read_words

if TYPE_CHECKING:
    from seqcli.store import Draft
    from seqcli.vectors.loop import VectorTraining
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
    from seqcli.text.spool import give_back

    began = time.monotonic()
    check_resume(resume, replace=replace, like=like, **{"from": start})
    check_given(params, VectorsTextSpec, VectorsSpec, VectorsRunSpec)
    source, name = Source(texts, valid, session.text_form), name or name_of(texts)
    with session.shelf.open(name, replace=replace, resume=resume, task="vectors") as draft:
        record = draft.record
        check_trained(record)
        known = known_vectors(session, start) if start else None
        if known is not None:
            params |= known.settings(params)
        plan = make_plan(session, record, like, params, "skip-gram", {"epochs": DEFAULT_EPOCHS})
        if plan.spec.min_ngram > plan.spec.max_ngram:
            least, most = plan.spec.min_ngram, plan.spec.max_ngram
            raise MisuseError(f"--min-ngram {least} is above --max-ngram {most}; give a lower one.")
        words = read_words(session, source, plan, record)
        give_back()
        if record is not None and is_over(record) and not is_longer(record, plan.run):
            return say_finished(session, record)
        plan = Plan(words.text, plan.spec, plan.run)
        training = make_training(session, plan, words, record)
        if known is not None:
            count = known.give_to(training, words.names)
            session.note(f"{count:,} of {len(words.names):,} words begin with known vectors.")
            known = None  # its matrices need not be held while the training runs
        training.ends = ends(session, plan.run.minutes, began)
        why = fit(session, resume_line(session, "train-w2v", source, name), plan, words, training, draft)
        session.shelf.set_default(name, only_first=True)
        _report(session, training, draft, words, why, time.monotonic() - began, as_json)


def _report(
    session: Session, training: VectorTraining, draft: Draft, words: Words, why: str, seconds: float, as_json: bool
) -> None:
    from seqcli.vectors.load import note_few_words

    assert draft.record is not None
    p, held_out = training.progress, draft.record.results["held_out"]
    if as_json:
        session.terminal.document(document_of(draft, seconds, p.seconds, training.words_per_second, "word"))
    session.note(
        f"Done in {duration(p.seconds)} ({why}): {p.update:,} updates, {training.words_per_second:,.0f} words/s. "
        f"Held-out {loss_text(held_out['nats_per_pair'])} over {held_out['pairs']:,} pairs."
    )
    note_few_words(session, draft.record)
    where = os.path.relpath(draft.directory)
    tip = ["seqcli", "neighbors", tips.content_word(words.names), "-m", draft.name]
    session.note(f"Model: {where}. Try:", tip)
