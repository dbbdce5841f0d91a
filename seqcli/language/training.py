"""A recurrent language model trained: from the start, from another model, or where a training was interrupted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from seqcli.errors import MisuseError
from seqcli.language.figures import figures, perplexity_text
from seqcli.language.fine_tuning import begin_from, with_room
from seqcli.language.recipes import RECIPES
from seqcli.language.settings import NgramSpec
from seqcli.tasks import ARCHITECTURES
from seqcli.training.checkpoint import checkpoint_of, take_up
from seqcli.training.follow import Done, Fit
from seqcli.training.memory import begin_torch
from seqcli.training.plan import Plan, architecture_of, check_belongs, make_plan
from seqcli.training.resumption import is_over
from seqcli.training.stop import Stop

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store import Draft, Record
    from seqcli.text.corpus import Corpus
    from seqcli.training.events import Evaluated
    from seqcli.training.loop import Training

BUDGET = {"minutes": 5.0, "epochs": 12.0}  # where neither is given: one coffee; 100,000 words overfit from 9 epochs on


def plan_of(
    session: Session, record: Record | None, begun_from: Record | None, like: str | None, params: dict[str, Any]
) -> Plan:
    """Return the settings of the training that is asked for."""
    architecture = architecture_of(session, record, like, params, "lstm")
    check_belongs(architecture, params)
    budget = {} if ARCHITECTURES[architecture].spec is NgramSpec else BUDGET
    recipe = RECIPES.get(params["recipe"] or "none")
    if recipe and like:
        raise MisuseError("--recipe and --like both say what the settings are; leave out one of them.")
    usual = recipe.settings if recipe and record is None else {}
    plan = make_plan(session, record, like, params, architecture, budget, usual)
    return plan if begun_from is None else with_room(plan, begun_from, params)


def make_training(
    session: Session, plan: Plan, corpus: Corpus, record: Record | None, origin: Record | None = None
) -> Training:
    """Make the model and its training, from the start, from another model's weights, or where a record stands."""
    from seqcli.language.arrays import carried_table, language_table

    table = language_table(plan.spec, len(corpus.vocabulary))
    begin_torch(session, plan.run, plan.spec.architecture, table)
    import torch

    from seqcli.language.batches import Blocks, Segments
    from seqcli.language.model import LanguageModel
    from seqcli.training.loop import Training
    from seqcli.training.state import training_state

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
        take_up(training, record, lambda: training_state(record, table, carried_table(record)))
    return training


def fit(
    session: Session,
    line: list[str],
    plan: Plan,
    corpus: Corpus,
    entry: dict[str, Any],
    training: Training,
    draft: Draft,
) -> str:
    """Run the training, saving as it goes; return why it ended. line: the words of the command that goes on with it."""
    from seqcli.store import pack

    held_out = corpus.held_out
    files = {"vocabulary": corpus.vocabulary.to_bytes()}
    if corpus.tokenizer.model is not None:
        files["tokenizer"] = corpus.tokenizer.model
    checkpoint = checkpoint_of(draft, plan, entry, files, ("weights", "history"))

    def keep_best(event: Evaluated) -> None:
        checkpoint.files["weights"] = pack(training.weights())
        checkpoint.results = {"held_out": figures(event.nats, event.tokens, held_out.unknown_rate, held_out.characters)}

    with Stop() as stop:
        training.stop = stop.asked
        measure = partial(perplexity_text, vocabulary_size=len(corpus.vocabulary))
        fit = Fit(session, checkpoint, stop, lambda: pack(training.state()), keep_best, line, measure)
        return fit.follow(training.events(), training.progress)


def done_of(training: Training, why: str) -> Done:
    p = training.progress
    done = Done(p.seconds, p.tokens, why, "")
    what = f"{p.update:,} updates, {done.speed:,.0f} tokens/s. Best at update {p.best_update:,}"
    return done._replace(what=what)
