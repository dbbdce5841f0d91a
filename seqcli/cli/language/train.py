"""The commands that train: train-lm."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli.completion import complete_file, complete_model
from seqcli.cli.fitting import (
    Done,
    Fit,
    Source,
    Stop,
    check_resume,
    check_trained,
    ends,
    is_longer,
    is_over,
    name_of,
    resume_line,
    say_finished,
    take_up,
    training_options,
)
from seqcli.cli.language.counting import count_ngrams
from seqcli.cli.language.fine_tuning import begin_from, origin_entry, origin_of, with_room
from seqcli.cli.language.outcome import figures, perplexity_text, report
from seqcli.cli.language.recipe import fit_recipe
from seqcli.cli.options import Session, architecture_option, check_given, command, given, option, spec_options
from seqcli.cli.preparing import (
    Plan,
    architecture_of,
    begin_torch,
    check_belongs,
    checkpoint_of,
    corpus_entry,
    make_plan,
    read_corpus,
)
from seqcli.recipes import RECIPES
from seqcli.spec import ARCHITECTURES, LanguageSpec, NgramSpec, RunSpec, TextSpec

if TYPE_CHECKING:
    from seqcli.progress import Evaluated
    from seqcli.store import Draft, Record
    from seqcli.text.corpus import Corpus
    from seqcli.training import Training

BUDGET = {"minutes": 5.0, "epochs": 12.0}  # where neither is given: one coffee; 100,000 words overfit from 9 epochs on


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
    plan = None if resume else _plan(session, None, begun_from, like or origin, params)
    with session.shelf.open(name, replace=replace, resume=resume, task="lm") as draft:
        record = draft.record
        check_trained(record)
        plan = plan or _plan(session, record, None, None, params)
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
            done = _done(training, _fit(session, source, plan, corpus, entry, training, draft))
        session.shelf.set_default(name, only_first=True)
        report(session, draft, corpus, done, time.monotonic() - began, as_json)


def _plan(
    session: Session, record: Record | None, begun_from: Record | None, like: str | None, params: dict[str, Any]
) -> Plan:
    """Return the settings of the training that is asked for."""
    architecture = architecture_of(session, record, like, params, "lstm")
    check_belongs(architecture, params)
    budget = {} if ARCHITECTURES[architecture].spec is NgramSpec else BUDGET
    plan = make_plan(session, record, like, params, architecture, budget)
    return plan if begun_from is None else with_room(plan, begun_from, params)


def make_training(
    session: Session, plan: Plan, corpus: Corpus, record: Record | None, origin: Record | None = None
) -> Training:
    """Make the model and its training, from the start, from another model's weights, or where a record stands."""
    from seqcli.inference import language_table

    table = language_table(plan.spec, len(corpus.vocabulary))
    begin_torch(session, plan.run, plan.spec.architecture, table)
    import torch

    from seqcli.models.language import LanguageModel
    from seqcli.store.training_state import training_state
    from seqcli.text.batches import Blocks, Segments
    from seqcli.training import Training

    counts = corpus.train.counts(len(corpus.vocabulary))
    model = LanguageModel(plan.spec, len(corpus.vocabulary), torch.from_numpy(counts).double())
    if origin is not None:
        begin_from(origin, model, corpus)
    blocks = Blocks(corpus.train.ids, plan.run.batch_size, plan.run.unroll, plan.run.seed)
    training = Training(model, blocks, Segments(corpus.held_out.ids), plan.run)
    if origin is not None:
        training.progress.learned = True
        training.progress.known_nats = origin.results["held_out"]["nats_per_token"]
    if record is not None and is_over(record):
        training.go_longer(record.arrays("weights", table), record.progress)
    elif record is not None:
        take_up(training, record, lambda: training_state(record, table))
    return training


def _fit(
    session: Session,
    source: Source,
    plan: Plan,
    corpus: Corpus,
    entry: dict[str, Any],
    training: Training,
    draft: Draft,
) -> str:
    """Run the training, saving as it goes; return why it ended."""
    from seqcli.store import pack

    held_out = corpus.held_out
    files = {"vocabulary": corpus.vocabulary.to_bytes()}
    if corpus.tokenizer.model is not None:
        files["tokenizer"] = corpus.tokenizer.model
    checkpoint = checkpoint_of(draft, plan, entry, files, ("weights", "history"))

    def keep_best(event: Evaluated) -> None:
        checkpoint.files["weights"] = pack(training.weights())
        checkpoint.results = {"held_out": figures(event.nats, event.tokens, held_out.unknown_rate, held_out.characters)}

    line = resume_line(session, "train-lm", source, draft.name)
    with Stop() as stop:
        training.stop = stop.asked
        measure = partial(perplexity_text, vocabulary_size=len(corpus.vocabulary))
        fit = Fit(session.terminal, checkpoint, stop, lambda: pack(training.state()), keep_best, line, measure)
        return fit.follow(training.events(), training.progress)


def _done(training: Training, why: str) -> Done:
    p = training.progress
    done = Done(p.seconds, p.tokens, why, "")
    what = f"{p.update:,} updates, {done.speed:,.0f} tokens/s. Best at update {p.best_update:,}"
    return done._replace(what=what)
