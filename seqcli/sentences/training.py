"""A model of sentences trained: from the start, from an autoencoder, or where a training was interrupted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from seqcli.errors import MisuseError, ModelError, quoted
from seqcli.sentences.corpus import read_sentence_corpus
from seqcli.sentences.figures import cost_text, figures
from seqcli.sentences.fit_to_time import fit
from seqcli.sentences.settings import CodedSpec, SentencesRunSpec, SentencesTextSpec, VaeSpec
from seqcli.training.checkpoint import take_up
from seqcli.training.driver import Made, Order
from seqcli.training.memory import begin_torch
from seqcli.training.origin import origin_entry
from seqcli.training.plan import Plan, architecture_of, check_belongs, make_plan
from seqcli.training.resumption import is_longer
from seqcli.training.source import Source, corpus_entry, corpus_files

if TYPE_CHECKING:
    from seqcli.sentences.batches import SentenceBatches
    from seqcli.session import Session
    from seqcli.store import Draft, Record
    from seqcli.text.corpus import Corpus
    from seqcli.training.events import Evaluated
    from seqcli.training.loop import Training

EARLY = 0.4  # share of a training before which a code that says nothing may just not have been learned yet
BUDGET = {"minutes": 20.0, "epochs": 30.0}  # where neither is given


class SentencesTrainer:
    """What the driver asks of the training of a model of sentences."""

    task, unit = "sentences", "token"
    settings, source = (SentencesTextSpec, VaeSpec, SentencesRunSpec), Source
    begins = ("begin_from",)

    def __init__(self, session: Session, order: Order) -> None:
        self._session, self._order = session, order
        self._origin = session.shelf.read(order.begin, self.task) if order.begin else None
        self.corpus: Corpus  # once it is read

    def plan(self, record: Record | None) -> Plan:
        """Return the settings of the training; of another model's weights, its sizes."""
        session, order = self._session, self._order
        architecture = architecture_of(session, record, order.like, order.params, "vae")
        check_belongs(architecture, order.params)
        if self._origin is not None and not isinstance(self._origin.spec, CodedSpec):
            raise MisuseError(f"{quoted(self._origin.name)} has no code to begin with; --from wants an autoencoder.")
        plan = make_plan(session, record, order.like, order.params, architecture, BUDGET, _sizes(self._origin))
        if isinstance(plan.spec, CodedSpec) and plan.spec.rotary and plan.spec.latent_size % 2:
            raise MisuseError(
                f"--latent-size {plan.spec.latent_size} is odd; with --rotary the code's numbers are pairs."
            )
        return plan

    def read(self, plan: Plan, record: Record | None) -> Plan:
        """Read and encode the sentences."""
        self.corpus = read_sentence_corpus(self._session, self._order.source, plan.text, record)
        return Plan(self.corpus.text, plan.spec, plan.run)

    def make(self, plan: Plan, draft: Draft) -> Made:
        """Make the training; what was not given is fitted to how often the sentences will be read."""
        from seqcli.sentences.batches import SentenceBatches, Sentences

        corpus, record = self.corpus, draft.record
        train, held_out = Sentences(corpus.train.ids), Sentences(corpus.held_out.ids)
        batches = SentenceBatches(train, plan.run.batch_size, plan.text.longest, plan.run.seed)
        plan = fit(self._session, plan, batches, len(corpus.vocabulary))
        training = self._training(plan, batches, held_out, record)
        architecture, tokens = plan.spec.architecture, int(held_out.lengths.sum())

        def best(event: Evaluated) -> tuple[dict[str, bytes], dict[str, Any]]:
            from seqcli.store import pack

            found = figures(architecture, event.nats, event.tokens, len(held_out), corpus.held_out.unknown_rate)
            return {"weights": pack(training.weights())}, found

        def measure(nats: float) -> str:
            return cost_text(architecture, nats * tokens / len(held_out))

        entry = {**corpus_entry(self._order.source, corpus), **origin_entry(self._origin, record)}
        sizes, remark = (len(corpus.vocabulary),), _remark(training)
        return Made(plan, training, entry, corpus_files(corpus), best, measure, sizes, remark=remark)

    def _training(self, plan: Plan, batches: SentenceBatches, held_out: Any, record: Record | None) -> Training:
        """Make the model and its training, from the start, from another model's weights, or where a record stands."""
        from seqcli.sentences.arrays import sentences_table

        size = len(self.corpus.vocabulary)
        table = sentences_table(plan.spec, size)
        begin_torch(self._session, plan.run, plan.spec.architecture, table)
        from seqcli.sentences.batches import HeldOutSentences
        from seqcli.sentences.model import SentenceModel
        from seqcli.training.loop import Training
        from seqcli.training.state import training_state

        model = SentenceModel(plan.spec, size)
        training = Training(model, batches, HeldOutSentences(held_out), plan.run)
        training.figures = lambda: model.posteriors.figures("sentence")
        if isinstance(plan.spec, VaeSpec):  # the weights that are kept have the rate that is asked for
            free, a_token = (plan.spec.free_bits, plan.spec.minimum_rate), len(held_out) / held_out.lengths.sum()
            training.surcharge = lambda: float(model.posteriors.unused(*free) * a_token)
        model.done = lambda: training.progress.done
        if record is not None and is_longer(record, plan.run):
            training.go_longer(record.arrays("weights", table), record.progress)
        elif record is not None:
            take_up(training, record, lambda: training_state(record, table))
        elif self._origin is not None:
            _begin_from(self._origin, model, self.corpus)
            training.progress.learned = True
        return training


def _remark(training: Training) -> Any:
    """Return what says of an evaluation how the code is used, and the alarm where it is not."""
    from seqcli.latent.collapse import alarm

    def remark(event: Evaluated) -> str | None:
        if "active_units" not in event.parts:
            return None
        kl, units, nats = (event.parts[name] for name in ("kl_per_sentence", "active_units", "mutual_information"))
        used = f"      KL {kl:.2f}, active units {units}, mutual information {nats:.2f}"
        sure = training.model.annealed and training.model.done() >= EARLY
        said = alarm(event.parts) if sure and event.progress.update else None
        return f"{used}\n{said}" if said else used

    return remark


def _sizes(origin: Record | None) -> Mapping[str, Any]:
    """Return the settings that a model must have whose weights are another's."""
    if origin is None:
        return {}
    same = ("embedding_size", "hidden_size", "encoder_size", "latent_size", "rotary")
    return {name: getattr(origin.spec, name) for name in same}


def _begin_from(origin: Record, model: Any, corpus: Corpus) -> None:
    """Give a model the weights of another that has a code of the same size. Raises ModelError where they do not fit."""
    import torch

    if origin.vocabulary().tokens != corpus.vocabulary.tokens:
        raise ModelError(f"{quoted(origin.name)} knows other tokens than this text; train both on the same text.")
    arrays = origin.arrays("weights")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in arrays:
                if arrays[name].shape != tuple(parameter.shape):
                    raise ModelError(f"{quoted(origin.name)} has another size of {quoted(name)}; leave out the sizes.")
                parameter.copy_(torch.tensor(arrays[name]))
