"""The commands that train: train-lm."""

from __future__ import annotations

import time
from typing import Any

import click

from seqcli.cli.completion import complete_file, complete_model
from seqcli.cli.language.report import report
from seqcli.cli.options import architecture_option, check_given, command, option, spec_options
from seqcli.cli.session import Session
from seqcli.cli.training import check_resume, resume_line, training_options
from seqcli.language.fine_tuning import origin_entry, origin_of
from seqcli.language.fit_to_time import fit_recipe
from seqcli.language.ngram.training import count_ngrams
from seqcli.language.recipes import RECIPES
from seqcli.language.settings import LanguageSpec, NgramSpec
from seqcli.language.training import done_of, fit, make_training, plan_of
from seqcli.settings import given
from seqcli.text.settings import TextSpec
from seqcli.training.follow import ends
from seqcli.training.plan import Plan
from seqcli.training.resumption import check_trained, is_longer, is_over, say_finished
from seqcli.training.settings import RunSpec
from seqcli.training.source import Source, corpus_entry, name_of, read_corpus


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
    began = time.monotonic()
    check_resume(resume, replace=replace, like=like, **{"from": origin})
    check_given(params, TextSpec, LanguageSpec, NgramSpec, RunSpec)
    begun_from = origin_of(session, origin, params, like)
    source, name = Source(texts, valid, session.text_form), name or name_of(texts)
    plan = None if resume else plan_of(session, None, begun_from, like or origin, params)
    with session.shelf.open(name, replace=replace, resume=resume, task="lm") as draft:
        record = draft.record
        check_trained(record)
        plan = plan or plan_of(session, record, None, None, params)
        corpus = read_corpus(session, source, plan.text, record, begun_from)
        plan = Plan(corpus.text, plan.spec, plan.run)
        if record is not None and is_over(record) and not is_longer(record, plan.run):
            return say_finished(session, record)
        if isinstance(plan.spec, NgramSpec):
            done = count_ngrams(session, source, plan, corpus, draft)
        else:
            if record is None and params["recipe"] in RECIPES:
                by_hand = given(LanguageSpec, params)
                plan = fit_recipe(session, plan, len(corpus.vocabulary), len(corpus.train.ids), by_hand)
            training = make_training(session, plan, corpus, record, begun_from)
            training.ends = ends(session, plan.run.minutes, began)
            entry = {**corpus_entry(source, corpus), **origin_entry(begun_from, record)}
            line = resume_line(session, "train-lm", source, name)
            done = done_of(training, fit(session, line, plan, corpus, entry, training, draft))
        session.shelf.set_default(name, only_first=True)
        report(session, draft, corpus, done, time.monotonic() - began, as_json)
