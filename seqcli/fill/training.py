"""A model that fills gaps trained: from the start, or where a training was interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from seqcli.fill.figures import figures, nats_text
from seqcli.fill.fit_to_time import fit
from seqcli.fill.proofreading.stored import calibrated, calibrating_seconds, proofreads, words_of
from seqcli.fill.settings import FillRunSpec, FillSpec, FillTextSpec
from seqcli.text.vocabulary import EOS, SPECIALS
from seqcli.training.checkpoint import go_on
from seqcli.training.driver import Made, Order
from seqcli.training.memory import begin_torch
from seqcli.training.plan import Plan, make_plan
from seqcli.training.resumption import is_over
from seqcli.training.source import Source, corpus_entry, corpus_files, read_corpus

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store import Draft, Record
    from seqcli.text.corpus import Corpus
    from seqcli.training.events import Evaluated
    from seqcli.training.loop import Training

BUDGET = {"minutes": 10.0, "epochs": 20.0}  # where neither is given


class FillTrainer:
    """What the driver asks of the training of a model that fills gaps."""

    task, unit = "fill", "token"
    settings, source = (FillTextSpec, FillSpec, FillRunSpec), Source
    begins: tuple[str, ...] = ()

    def __init__(self, session: Session, order: Order) -> None:
        self._session, self._order = session, order
        self.corpus: Corpus  # once it is read

    def plan(self, record: Record | None) -> Plan:
        """Return the settings of the training."""
        return make_plan(self._session, record, self._order.like, self._order.params, "bidirectional", BUDGET)

    def read(self, plan: Plan, record: Record | None) -> Plan:
        """Read and encode the text."""
        self.corpus = read_corpus(self._session, self._order.source, plan.text, record)
        return Plan(self.corpus.text, plan.spec, plan.run)

    def make(self, plan: Plan, draft: Draft) -> Made:
        """Make the training; what was not given is fitted to the text and to the time."""
        session, corpus, record = self._session, self.corpus, draft.record
        if record is None:
            given = {name for name, value in self._order.params.items() if value is not None}
            plan = fit(session, plan, corpus, given if self._order.like is None else None)
        training = make_training(session, plan, corpus, record)

        def best(event: Evaluated) -> tuple[dict[str, bytes], dict[str, Any]]:
            from seqcli.store import pack

            found = figures(event.nats, event.tokens, corpus.held_out.unknown_rate)
            return {"weights": pack(training.weights())}, found

        unseen = max(int(np.count_nonzero(corpus.seen_counts)) - len(corpus.vocabulary) + len(SPECIALS), 1)
        entry = {**corpus_entry(self._order.source, corpus), "unseen_words": unseen}
        files, sizes = corpus_files(corpus), (len(corpus.vocabulary),)
        if not proofreads(plan.text, plan.spec):
            return Made(plan, training, entry, files, best, nats_text, sizes)
        after = calibrating_seconds(corpus.written) if plan.run.minutes is not None else 0.0
        late, files = self._calibrated, {**files, **words_of(corpus)}
        return Made(plan, training, entry, files, best, nats_text, sizes, late_files=late, seconds_after=after)

    def _calibrated(self, record: Record) -> dict[str, bytes]:
        """Find out, on the held-out text, how sure the saved model is of errors."""
        from seqcli.fill.load import fill_of

        asked = fill_of(record)
        return calibrated(self._session, record, asked.arrays, asked.tokenizer, self.corpus.written)


def make_training(session: Session, plan: Plan, corpus: Corpus, record: Record | None) -> Training:
    """Make the model and its training, from the start or where a record stands."""
    from seqcli.fill.arrays import fill_table

    size = len(corpus.vocabulary)
    table = fill_table(plan.spec, size)
    begin_torch(session, plan.run, f"{plan.spec.cell}, sides: {plan.spec.sides}", table)
    import torch

    from seqcli.fill.batches import Segments, Stretches
    from seqcli.fill.model import FillModel
    from seqcli.training.loop import Training

    counts = corpus.train.counts(size)
    counts[EOS] = 0  # read, never asked for
    model = FillModel(plan.spec, size, torch.from_numpy(counts).double())
    how = plan.run.batch_size, plan.run.unroll, plan.run.seed, plan.spec.hidden_words
    stretches = Stretches(corpus.train.ids, *how)
    training = Training(model, stretches, Segments(corpus.held_out.ids), plan.run)
    if record is not None:
        go_on(training, record, table, is_over(record))
    return training
