"""A recurrent language model trained: from the start, from another model, or where a training was interrupted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from seqcli.errors import MisuseError
from seqcli.language.figures import figures, perplexity_text
from seqcli.language.fine_tuning import begin_from, origin_of, with_room
from seqcli.language.fit_to_time import fit_recipe
from seqcli.language.ngram.training import count_ngrams
from seqcli.language.recipes import RECIPES
from seqcli.language.settings import LanguageSpec, NgramSpec
from seqcli.settings import given
from seqcli.tasks import ARCHITECTURES
from seqcli.text.settings import TextSpec
from seqcli.training.checkpoint import take_up
from seqcli.training.driver import Done, Made, Order
from seqcli.training.memory import begin_torch
from seqcli.training.origin import origin_entry
from seqcli.training.plan import Plan, architecture_of, check_belongs, make_plan
from seqcli.training.resumption import is_over
from seqcli.training.settings import RunSpec
from seqcli.training.source import Source, corpus_entry, corpus_files, read_corpus

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store import Draft, Record
    from seqcli.text.corpus import Corpus
    from seqcli.training.events import Evaluated
    from seqcli.training.loop import Training

BUDGET = {"minutes": 5.0, "epochs": 12.0}  # where neither is given: one coffee; 100,000 words overfit from 9 epochs on


def plan_of(
    session: Session, record: Record | None, begun_from: Record | None, like: str | None, params: Mapping[str, Any]
) -> Plan:
    """Return the settings of the training that is asked for."""
    architecture = architecture_of(session, record, like, params, "lstm")
    check_belongs(architecture, params)
    budget = {} if ARCHITECTURES[architecture].spec is NgramSpec else BUDGET
    recipe = RECIPES.get(params.get("recipe") or "none")
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


class LanguageTrainer:
    """What the driver asks of a language model's training; n-grams are counted at once."""

    task, unit = "lm", "token"
    settings, source = (TextSpec, LanguageSpec, NgramSpec, RunSpec), Source
    begins = ("begin_from",)

    def __init__(self, session: Session, order: Order) -> None:
        self._session, self._order = session, order
        self._origin = origin_of(session, order.begin, order.params, order.like)
        self.corpus: Corpus  # once it is read

    def plan(self, record: Record | None) -> Plan:
        """Return the settings of the training."""
        order = self._order
        return plan_of(self._session, record, self._origin, order.like or order.begin, order.params)

    def read(self, plan: Plan, record: Record | None) -> Plan:
        """Read and encode the text."""
        self.corpus = read_corpus(self._session, self._order.source, plan.text, record, self._origin)
        return Plan(self.corpus.text, plan.spec, plan.run)

    def make(self, plan: Plan, draft: Draft) -> Made | Done:
        """Make the training, its model fitted to the time where a recipe says so; or count n-grams."""
        session, source, corpus, params = self._session, self._order.source, self.corpus, self._order.params
        if isinstance(plan.spec, NgramSpec):
            return count_ngrams(session, source, plan, corpus, draft)
        record, held_out = draft.record, corpus.held_out
        if record is None and params.get("recipe") in RECIPES:
            by_hand = given(LanguageSpec, params)
            plan = fit_recipe(session, plan, len(corpus.vocabulary), len(corpus.train.ids), by_hand)
        training = make_training(session, plan, corpus, record, self._origin)

        def best(event: Evaluated) -> tuple[dict[str, bytes], dict[str, Any]]:
            from seqcli.store import pack

            found = figures(event.nats, event.tokens, held_out.unknown_rate, held_out.characters)
            return {"weights": pack(training.weights())}, found

        entry = {**corpus_entry(source, corpus), **origin_entry(self._origin, record)}
        measure = partial(perplexity_text, vocabulary_size=len(corpus.vocabulary))
        return Made(plan, training, entry, corpus_files(corpus), best, measure, (len(corpus.vocabulary),))
