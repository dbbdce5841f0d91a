"""A translator trained, and measured at the end."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from seqcli.errors import MisuseError
from seqcli.training.checkpoint import go_on
from seqcli.training.driver import Made, Order, updates_told
from seqcli.training.memory import begin_torch
from seqcli.training.plan import Plan, make_plan
from seqcli.training.resumption import is_longer
from seqcli.translation.figures import bleu_tokenizer, figures, nats_text, quality_figures
from seqcli.translation.fit_to_time import fit
from seqcli.translation.load import translation_record, translations_of, translator_of
from seqcli.translation.settings import PairsTextSpec, TranslationRunSpec, TranslationSpec
from seqcli.translation.source import PairSource, files_of_sides, pairs_entry, read_pair_corpus

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store import Draft, Record
    from seqcli.training.events import Evaluated
    from seqcli.training.loop import Training
    from seqcli.translation.batches import PairBatches
    from seqcli.translation.corpus import PairCorpus

BUDGET = {"minutes": 15.0, "epochs": 30.0}  # where neither is given: 29,000 pairs still gained at the 20th
MEASURING_MOST = 0.15  # of the minutes: a busy machine makes the guess too high


class TranslationTrainer:
    """What the driver asks of the training of a translator."""

    task, unit = "translation", "token"
    settings, source = (PairsTextSpec, TranslationSpec, TranslationRunSpec), PairSource
    begins: tuple[str, ...] = ()

    def __init__(self, session: Session, order: Order) -> None:
        pairs = order.source
        self._source = pairs if isinstance(pairs, PairSource) else PairSource(pairs.texts, pairs.valid, pairs.form)
        self._session, self._order = session, order
        if self._source.reverse_model:
            translation_record(session, self._source.reverse_model)  # before the pairs are read
        self.corpus: PairCorpus  # once it is read

    def plan(self, record: Record | None) -> Plan:
        """Return the settings of the training."""
        plan = make_plan(self._session, record, self._order.like, self._order.params, "seq2seq", BUDGET)
        if plan.run.subword_regularisation and plan.text.tokenizer != "subwords":
            raise MisuseError(
                f"--subword-regularisation cuts subwords, and --tokenizer {plan.text.tokenizer} has none; "
                "give --subword-regularisation 0."
            )
        return plan

    def read(self, plan: Plan, record: Record | None) -> Plan:
        """Read and encode the pairs."""
        self.corpus = read_pair_corpus(self._session, self._source, plan.text, record)
        return Plan(self.corpus.text, plan.spec, plan.run)

    def make(self, plan: Plan, draft: Draft) -> Made:
        """Make the training; what was not given is fitted to how often the pairs will be read."""
        session, corpus, record = self._session, self.corpus, draft.record
        params = {name for name, value in self._order.params.items() if value is not None}
        free = record is None and self._order.like is None
        plan = fit(session, plan, corpus, _batches(plan, corpus), params if free else None)
        batches = _batches(plan, corpus)
        training = _make(session, plan, corpus, batches, record, is_longer(record, plan.run))

        def best(event: Evaluated) -> tuple[dict[str, bytes], dict[str, Any]]:
            from seqcli.store import pack

            found = figures(event.nats, event.tokens, corpus.held_out.unknown_rate)
            return {"weights": pack(training.weights())}, found

        after = _measuring_seconds(plan, corpus, training) if plan.run.minutes is not None else 0.0
        entry, files = pairs_entry(self._source, corpus), files_of_sides(corpus)
        what = partial(updates_told, counted="target tokens")
        sizes = (len(corpus.source.vocabulary), len(corpus.target.vocabulary), plan.text.joint)
        finish = self._measured
        return Made(plan, training, entry, files, best, nats_text, sizes, finish=finish, seconds_after=after, what=what)

    def _measured(self, record: Record) -> dict[str, Any]:
        """Translate the held-out sources with the weights that are kept, as `translate` would, and score them."""
        from seqcli.translation.metrics import quality
        from seqcli.translation.search import Searching

        pairs = self.corpus.held_out_pairs.part(self.corpus.held_out.places)
        translations = translations_of(self._session, translator_of(record), pairs.source, Searching())
        scores = quality(translations, pairs.target, bleu_tokenizer(pairs.target))
        return quality_figures(scores, len(pairs))


def _batches(plan: Plan, corpus: PairCorpus) -> PairBatches:
    """Return the batches of a training, cut anew at every update where that is asked for."""
    from seqcli.translation.batches import PairBatches
    from seqcli.translation.subword_regularisation import Recutting

    train, sharpness, recut = corpus.train, plan.run.subword_regularisation, None
    if sharpness:
        recut = Recutting(corpus.source, train.source, sharpness), Recutting(corpus.target, train.target, sharpness)
    return PairBatches(train.source, train.target, plan.run.batch_size, plan.run.seed, recut)


def _make(
    session: Session, plan: Plan, corpus: PairCorpus, batches: PairBatches, record: Record | None, longer: bool
) -> Training:
    """Make the model and its training, from the start or where a record stands."""
    from seqcli.translation.arrays import translation_table

    sizes = len(corpus.source.vocabulary), len(corpus.target.vocabulary)
    what = f"{plan.spec.cell}, attention {plan.spec.attention}"
    table = translation_table(plan.spec, *sizes, plan.text.joint)
    begin_torch(session, plan.run, what, table)
    from seqcli.training.loop import Training
    from seqcli.translation.batches import HeldOutPairs
    from seqcli.translation.model import Translator

    model = Translator(plan.spec, *sizes, plan.text.joint)
    training = Training(model, batches, HeldOutPairs(corpus.held_out.source, corpus.held_out.target), plan.run)
    if record is not None:
        go_on(training, record, table, longer)
    return training


def _measuring_seconds(plan: Plan, corpus: PairCorpus, training: Training) -> float:
    """Return about how long it takes to translate the held-out sources, judged by the first tokens of some."""
    from seqcli.translation.arrays import TranslatorArrays
    from seqcli.translation.search import MORE, ROWS, Searching, search

    how = Searching(longest=0.0)  # as many tokens of each, whatever a model thinks that has not learned yet
    sources = corpus.held_out.source
    some = sources[:: -(-len(sources) // (ROWS // how.beam))]
    model = TranslatorArrays(plan.spec, training.weights())
    search(model, some[:1], how, best_only=True)  # once for nothing: a first call is slow
    began = time.perf_counter()
    search(model, some, how, best_only=True)
    tokens = sum(map(len, corpus.held_out.target)) / len(sources)
    seconds = (time.perf_counter() - began) * tokens / MORE * len(sources) / len(some)
    most: float = MEASURING_MOST * 60 * plan.run.minutes
    return min(seconds, most)
