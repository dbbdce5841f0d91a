"""Word vectors trained on a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seqcli import launch
from seqcli.errors import CorpusError, MisuseError
from seqcli.quantities import size
from seqcli.text.settings import TextSpec
from seqcli.training.checkpoint import take_up
from seqcli.training.driver import Made, Order
from seqcli.training.memory import check_memory
from seqcli.training.plan import Plan, make_plan
from seqcli.training.resumption import is_over
from seqcli.training.source import Source, check_corpus, corpus_entry, read_corpus
from seqcli.vectors.initial import Known, known_vectors
from seqcli.vectors.settings import VectorsRunSpec, VectorsSpec, VectorsTextSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seqcli.session import Session
    from seqcli.store import Draft, Record
    from seqcli.text.corpus import Corpus
    from seqcli.text.vocabulary import Vocabulary
    from seqcli.training.events import Evaluated
    from seqcli.vectors.loop import VectorTraining

DEFAULT_EPOCHS = 5.0  # word2vec.c's and gensim's
COPIES = 2  # of both matrices in each of several processes: now, and when they were last equal
RARE_MOST = 1_000_000  # words too rare for a vector whose counts are kept
FEWEST = 2  # words that can be told apart


@dataclass(frozen=True)
class Words:
    """What is trained on: the words that get a vector, how often each occurs, and both parts of the text as ids.

    With what is saved of the text; the text itself is let go before the training.
    """

    text: TextSpec
    vocabulary: Vocabulary
    counts: NDArray[np.int64]
    train: NDArray[np.int32]
    held_out: NDArray[np.int32]
    corpus: dict[str, Any]
    files: dict[str, bytes]  # by role

    @property
    def names(self) -> list[str]:
        """The words, in the order of their rows."""
        from seqcli.text.vocabulary import SPECIALS

        return self.vocabulary.tokens[len(SPECIALS) :]


def read_words(session: Session, source: Source, plan: Plan, record: Record | None) -> Words:
    """Read the text, and join its phrases where that is asked for."""
    from seqcli.text.vocabulary import SPECIALS, Vocabulary

    phrases = plan.text.phrases
    # a vocabulary with phrases joined cannot cut the text that they are found in: they are found anew
    corpus = read_corpus(session, source, plan.text, None if phrases else record)
    vocabulary, train, held_out = corpus.vocabulary, corpus.train.ids, corpus.held_out.ids
    counts = corpus.train.counts(len(vocabulary))[len(SPECIALS) :]
    if phrases:
        from seqcli.vectors.phrases import join_phrases

        names, least = vocabulary.tokens[len(SPECIALS) :], corpus.text.min_count or 1
        joined = join_phrases(names, counts, train, held_out, least, plan.text.phrase_threshold)
        vocabulary, counts, train, held_out = Vocabulary(joined.words), joined.counts, joined.train, joined.held_out
        session.note(f"Phrases: {joined.phrases:,} pairs of words are joined, each a word of its own.")
        if record is not None:
            check_corpus(record.corpus, corpus.train.sha256, corpus.held_out.sha256, record.name)
    if len(counts) < FEWEST:
        raise CorpusError("There are not two words to tell apart; give more text or a lower --min-count.")
    files = _files(corpus, vocabulary, counts)
    return Words(corpus.text, vocabulary, counts, train, held_out, corpus_entry(source, corpus), files)


def _files(corpus: Corpus, vocabulary: Vocabulary, counts: NDArray[np.int64]) -> dict[str, bytes]:
    """Return the files of a model that the training does not change, by role.

    Among the counts, by their hashes, are those of rare words: why a word is unknown can be said.
    """
    import numpy as np

    from seqcli.store import pack
    from seqcli.text.vocabulary import select
    from seqcli.vectors.load import word_hash

    often = int(np.count_nonzero(corpus.seen_counts >= (corpus.text.min_count or 1)))
    rare = select(corpus.seen_counts, -1, 1, often + RARE_MOST)[often:]  # the commonest come first
    hashes = np.fromiter((word_hash(corpus.seen.text(i)) for i in rare.tolist()), np.int64, len(rare))
    order = np.argsort(hashes)
    rare_counts = corpus.seen_counts[rare].astype(np.int32)[order]
    arrays: dict[str, NDArray[Any]] = {"counts": counts, "rare_hashes": hashes[order], "rare_counts": rare_counts}
    files = {"vocabulary": vocabulary.to_bytes(), "counts": pack(arrays)}
    return files if corpus.tokenizer.model is None else {**files, "tokenizer": corpus.tokenizer.model}


def make_training(session: Session, plan: Plan, words: Words, record: Record | None) -> VectorTraining:
    """Make the training, from the start or where a record stands."""
    rows = len(words.counts) + (plan.spec.buckets if plan.spec.subwords else 0)
    parameters = (rows + len(words.counts)) * plan.spec.embedding_size
    count = launch.processes()
    check_memory(4 * parameters * (1 if count == 1 else COPIES * launch.processes_here()))
    processes = f"processes: {count}, " if count > 1 else ""
    session.note(
        f"Vectors: {len(words.counts):,} words of {plan.spec.embedding_size} numbers, {plan.spec.architecture}, "
        f"{plan.spec.output}, {size(4 * parameters)}; {processes}threads: {plan.run.threads}, seed: {plan.run.seed}."
    )
    from seqcli.vectors.loop import VectorTraining

    training = VectorTraining(words.train, words.held_out, words.names, words.counts, plan.spec, plan.run)
    if record is not None and is_over(record):
        training.go_longer(record.arrays("vectors"), record.arrays("weights")["outputs"], record.progress)
    elif record is not None:
        take_up(training, record, lambda: record.arrays("state", training.shapes()))
    return training


class VectorsTrainer:
    """What the driver asks of the training of word vectors."""

    task, unit = "vectors", "word"
    settings, source = (VectorsTextSpec, VectorsSpec, VectorsRunSpec), Source
    begins = ("begin_from",)

    def __init__(self, session: Session, order: Order) -> None:
        self._session, self._order = session, order
        self._known: Known | None = None
        self.words: Words  # once they are read

    def plan(self, record: Record | None) -> Plan:
        """Return the settings of the training."""
        order = self._order
        known = self._known.settings(dict(order.params)) if self._known else {}
        params = {**order.params, **known}
        plan = make_plan(self._session, record, order.like, params, "skip-gram", {"epochs": DEFAULT_EPOCHS})
        if plan.spec.min_ngram > plan.spec.max_ngram:
            least, most = plan.spec.min_ngram, plan.spec.max_ngram
            raise MisuseError(f"--min-ngram {least} is above --max-ngram {most}; give a lower one.")
        return plan

    def read(self, plan: Plan, record: Record | None) -> Plan:
        """Read what is known of words, if anything, and the text, which is let go once its words are ids."""
        from seqcli.text.spool import give_back

        if self._order.begin:
            self._known = known_vectors(self._session, self._order.begin)
            plan = self.plan(record)
        self.words = read_words(self._session, self._order.source, plan, record)
        give_back()
        return Plan(self.words.text, plan.spec, plan.run)

    def make(self, plan: Plan, draft: Draft) -> Made:
        """Make the training."""
        words = self.words
        training = make_training(self._session, plan, words, draft.record)
        if self._known is not None:
            count = self._known.give_to(training, words.names)
            self._session.note(f"{count:,} of {len(words.names):,} words begin with known vectors.")
            self._known = None  # its matrices need not be held while the training runs

        def best(event: Evaluated) -> tuple[dict[str, bytes], dict[str, Any]]:
            from seqcli.store import pack

            files = {"vectors": pack(training.vectors()), "weights": pack({"outputs": training.outputs})}
            return files, {"pairs": event.tokens, "nats_per_pair": event.nats}

        kept, last = ("vectors", "weights"), plan.run.patience is None
        parts = plan, training, words.corpus, words.files, best, loss_text
        return Made(*parts, kept=kept, keep_last=last, speed=_speed, what=_what)


def _speed(training: VectorTraining) -> float:
    """Return words trained on per second, evaluations and saves left out."""
    return training.words_per_second


def _what(training: VectorTraining) -> str:
    did = f"{training.progress.update:,} updates, {_speed(training):,.0f} words/s"
    if training.progress.processes == 1:
        return did
    sent, least = training.network
    return f"{did}; each process sent {sent:,.0f} bytes a word: below {least:,.0f} Mbit/s one alone is as quick"


def loss_text(nats: float) -> str:
    """Return a held-out figure as a person reads it."""
    return f"loss {nats:.4f} nats per pair"
