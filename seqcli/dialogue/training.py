"""A dialogue model trained, and measured at the end."""

from __future__ import annotations

from dataclasses import replace
from statistics import mean
from typing import TYPE_CHECKING, Any

from seqcli.dialogue.beginnings import begin_from, begin_with_vectors, embedding_size_of, origin_of
from seqcli.dialogue.figures import bound_text, figures, nats_text
from seqcli.dialogue.settings import DialogueRunSpec, DialogueSpec, DialogueTextSpec
from seqcli.dialogue.shapes import dialogue_table
from seqcli.dialogue.source import DialogueSource, dialogues_entry, read_dialogue_corpus
from seqcli.errors import MisuseError
from seqcli.latent.annealing import is_annealed
from seqcli.latent.collapse import alarm
from seqcli.latent.settings import LatentSpec
from seqcli.settings import given, option_name
from seqcli.training.checkpoint import go_on
from seqcli.training.driver import Made, Order
from seqcli.training.fit_to_time import dropped, update_seconds
from seqcli.training.memory import begin_torch, check_size
from seqcli.training.origin import origin_entry
from seqcli.training.plan import Plan, architecture_of, check_belongs, make_plan
from seqcli.training.resumption import is_longer
from seqcli.training.source import corpus_files

if TYPE_CHECKING:
    from seqcli.dialogue.batches import DialogueBatches
    from seqcli.dialogue.corpus import DialogueCorpus
    from seqcli.dialogue.model import DialogueModel
    from seqcli.session import Session
    from seqcli.store import Draft, Record
    from seqcli.training.events import Evaluated
    from seqcli.training.loop import Training

BUDGET = {"minutes": 15.0, "epochs": 20.0}  # where neither is given
SETTLED = 0.5  # of a training: from then on a latent variable that is still ignored stays so
UNDROPPED = 6.0  # passes that want no dropout: after 5 on DailyDialog HRED is at 43.2 without, at 44.8 with 0.06
UPDATES = 8  # timed, after one that is not: batches of all lengths


class DialogueTrainer:
    """What the driver asks of the training of a dialogue model."""

    task, unit = "dialogue", "token"
    settings, source = (DialogueTextSpec, DialogueSpec, DialogueRunSpec), DialogueSource
    begins = ("begin_from", "embeddings")

    def __init__(self, session: Session, order: Order) -> None:
        self._session, self._order = session, order
        self._origin = origin_of(session, order.begin, order.params, order.like)
        self.corpus: DialogueCorpus  # once it is read

    def plan(self, record: Record | None) -> Plan:
        """Return the settings of the training."""
        params, like = self._order.params, self._order.like or self._order.begin
        architecture = architecture_of(self._session, record, like, params, "hred")
        check_belongs(architecture, params)
        plan = make_plan(self._session, record, like, params, architecture, BUDGET)
        name = architecture.rpartition("/")[2]
        plan = replace(plan, spec=replace(plan.spec, architecture=name))
        if self._origin is not None:
            plan = replace(plan, text=replace(plan.text, tokenizer=self._origin.text.tokenizer))
        if record is None and self._embeddings and params.get("embedding_size") is None:
            size = embedding_size_of(self._session, self._embeddings)
            plan = replace(plan, spec=replace(plan.spec, embedding_size=size))
        if plan.spec.attention == "context" and not plan.spec.hierarchical:
            raise MisuseError("--architecture seq2seq sees the last utterance alone; give --attention last or none.")
        odd = next((name for name in given(LatentSpec, params) if not plan.spec.latent), None)
        if odd is not None:
            raise MisuseError(f"{option_name(odd)} belongs to --architecture vhred; leave it out.")
        return plan

    def read(self, plan: Plan, record: Record | None) -> Plan:
        """Read and encode the dialogues."""
        self.corpus = read_dialogue_corpus(self._session, self._order.source, plan.text, record, self._origin)
        return Plan(self.corpus.text, plan.spec, plan.run)

    def make(self, plan: Plan, draft: Draft) -> Made:
        """Make the training; dropout that was not given is fitted to how often the dialogues will be read."""
        corpus, record = self.corpus, draft.record
        from seqcli.dialogue.batches import DialogueBatches

        batches = DialogueBatches(corpus.train.exchanges(plan.text.turns, 0), plan.run.batch_size, plan.run.seed)
        if plan.spec.dropout is None:
            plan = self._fitted(plan, batches)
        training = self._training(plan, batches, record)
        latent = plan.spec.latent

        def best(event: Evaluated) -> tuple[dict[str, bytes], dict[str, Any]]:
            from seqcli.store import pack

            found = figures(event.nats, event.tokens, corpus.held_out.unknown_rate, latent)
            return {"weights": pack(training.weights())}, found

        entry = dialogues_entry(self._order.source, corpus) | origin_entry(self._origin, record)
        measure, sizes = bound_text if latent else nats_text, (len(corpus.vocabulary),)
        made = Made(plan, training, entry, corpus_files(corpus), best, measure, sizes)
        return replace(made, remark=lambda event: _alarm(plan.spec, event)) if latent else made

    def _fitted(self, plan: Plan, batches: DialogueBatches) -> Plan:
        """Return the plan with a dropout for as many passes as the budget allows, and say so."""
        import torch

        passes = plan.run.epochs
        if plan.run.minutes is not None:
            check_size(plan.run, self._table(plan))
            torch.manual_seed(plan.run.seed)
            count = min(batches.updates_per_epoch, UPDATES + 1)
            timed = (batches.batch(0, index) for index in range(count))
            seconds = mean(update_seconds(self._model(plan), timed, plan.run)) * batches.updates_per_epoch
            passes = min(60.0 * plan.run.minutes / seconds, passes or float("inf"))
        share = dropped(passes / UNDROPPED)["dropout"]
        self._session.note(f"The dialogues will be read about {passes:,.3g} times: --dropout {share:g}")
        return replace(plan, spec=replace(plan.spec, dropout=share))

    def _training(self, plan: Plan, batches: DialogueBatches, record: Record | None) -> Training:
        """Make the model and its training, from the start or where a record stands."""
        table = self._table(plan)
        begin_torch(self._session, plan.run, f"{plan.spec.architecture}, attention {plan.spec.attention}", table)
        from seqcli.dialogue.batches import HeldOutDialogues
        from seqcli.training.loop import Training

        noise = plan.spec.latent_size if plan.spec.latent else 0
        held_out = HeldOutDialogues(self.corpus.held_out.exchanges(plan.text.turns, 1), noise)
        model = self._model(plan)
        if record is None:
            self._begin(model)
        training = Training(model, batches, held_out, plan.run)
        if self._origin is not None and record is None:
            held = self._origin.results["held_out"]
            training.progress.learned = True
            training.progress.known_nats = held.get("nats_per_token", held.get("bound_nats_per_token"))
        if plan.spec.latent:
            training.figures = lambda: model.posteriors.figures("utterance")
            model.done = lambda: training.progress.done
        if record is not None:
            go_on(training, record, table, is_longer(record, plan.run))
        return training

    def _begin(self, model: DialogueModel) -> None:
        """Give a new model what it is to begin with."""
        if self._origin is not None:
            begin_from(self._origin, model)
        elif self._embeddings:
            count = begin_with_vectors(self._session, self._embeddings, self.corpus.vocabulary, model)
            size = len(self.corpus.vocabulary)
            self._session.note(
                f"Embeddings: {count:,} of {size:,} tokens begin with the vectors of {self._embeddings}."
            )

    @property
    def _embeddings(self) -> str:
        source = self._order.source
        return source.embeddings if isinstance(source, DialogueSource) else ""

    def _model(self, plan: Plan) -> DialogueModel:
        import torch

        from seqcli.dialogue.model import DialogueModel

        return DialogueModel(plan.spec, len(self.corpus.vocabulary), torch.from_numpy(self.corpus.counts()))

    def _table(self, plan: Plan) -> Any:
        return dialogue_table(plan.spec, len(self.corpus.vocabulary))


def _alarm(spec: DialogueSpec, event: Evaluated) -> str | None:
    """Return what is to be said of a latent variable that is ignored, once its KL has its full weight."""
    p = event.progress
    return alarm(event.parts) if p.share >= SETTLED and is_annealed(spec, p.share) else None
