"""The command that trains word vectors: train-w2v."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli import tips
from seqcli.cli.completion import complete_file, complete_model_or_file
from seqcli.cli.fitting import (
    Fit,
    Source,
    Stop,
    check_corpus,
    check_memory,
    check_resume,
    check_trained,
    document_of,
    ends,
    is_longer,
    is_over,
    name_of,
    resume_line,
    say_finished,
    take_up,
    training_options,
)
from seqcli.cli.options import Session, check_given, command, option, spec_options
from seqcli.cli.preparing import Plan, checkpoint_of, corpus_entry, make_plan, read_corpus
from seqcli.cli.terminal import duration, size
from seqcli.cli.vectors.known import known_vectors
from seqcli.errors import CorpusError, MisuseError
from seqcli.spec import TextSpec, VectorsRunSpec, VectorsSpec, VectorsTextSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seqcli.progress import Evaluated
    from seqcli.store import Draft, Record
    from seqcli.text.corpus import Corpus
    from seqcli.text.vocabulary import Vocabulary
    from seqcli.vectors.train import VectorTraining

DEFAULT_EPOCHS = 5.0  # word2vec.c's and gensim's
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
        words = _read(session, source, plan, record)
        give_back()
        if record is not None and is_over(record) and not is_longer(record, plan.run):
            return say_finished(session, record)
        plan = Plan(words.text, plan.spec, plan.run)
        training = _make(session, plan, words, record)
        if known is not None:
            count = known.give_to(training, words.names)
            session.terminal.note(f"{count:,} of {len(words.names):,} words begin with known vectors.")
            known = None  # its matrices need not be held while the training runs
        training.ends = ends(session, plan.run.minutes, began)
        why = _fit(session, source, plan, words, training, draft)
        session.shelf.set_default(name, only_first=True)
        _report(session, training, draft, words, why, time.monotonic() - began, as_json)


def _read(session: Session, source: Source, plan: Plan, record: Record | None) -> Words:
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
        session.terminal.note(f"Phrases: {joined.phrases:,} pairs of words are joined, each a word of its own.")
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

    from seqcli.cli.vectors.tables import word_hash
    from seqcli.store import pack

    rare = np.flatnonzero((corpus.seen_counts > 0) & (corpus.seen_counts < (corpus.text.min_count or 1)))
    hashes = np.fromiter((word_hash(corpus.seen.text(i)) for i in rare.tolist()), np.int64, len(rare))
    order = np.argsort(hashes)
    rare_counts = corpus.seen_counts[rare].astype(np.int32)[order]
    arrays: dict[str, NDArray[Any]] = {"counts": counts, "rare_hashes": hashes[order], "rare_counts": rare_counts}
    files = {"vocabulary": vocabulary.to_bytes(), "counts": pack(arrays)}
    return files if corpus.tokenizer.model is None else {**files, "tokenizer": corpus.tokenizer.model}


def _make(session: Session, plan: Plan, words: Words, record: Record | None) -> VectorTraining:
    """Make the training, from the start or where a record stands."""
    rows = len(words.counts) + (plan.spec.buckets if plan.spec.subwords else 0)
    parameters = (rows + len(words.counts)) * plan.spec.embedding_size
    check_memory(4 * parameters)
    session.terminal.note(
        f"Vectors: {len(words.counts):,} words of {plan.spec.embedding_size} numbers, {plan.spec.architecture}, "
        f"{plan.spec.output}, {size(4 * parameters)}; threads: {plan.run.threads}, seed: {plan.run.seed}."
    )
    from seqcli.vectors.train import VectorTraining

    training = VectorTraining(words.train, words.held_out, words.names, words.counts, plan.spec, plan.run)
    if record is not None and is_over(record):
        training.go_longer(record.arrays("vectors"), record.arrays("weights")["outputs"], record.progress)
    elif record is not None:
        take_up(training, record, lambda: record.arrays("state", training.shapes()))
    return training


def _fit(
    session: Session,
    source: Source,
    plan: Plan,
    words: Words,
    training: VectorTraining,
    draft: Draft,
) -> str:
    """Run the training, saving as it goes; return why it ended."""
    from seqcli.store import pack

    checkpoint = checkpoint_of(draft, plan, words.corpus, words.files, ("vectors", "weights", "history"))

    def keep(event: Evaluated) -> None:
        for role in ("vectors", "weights"):
            checkpoint.files.pop(role, None)  # old and new are not held at a time
        checkpoint.files["vectors"] = pack(training.vectors())
        checkpoint.files["weights"] = pack({"outputs": training.outputs})
        checkpoint.results = {"held_out": {"pairs": event.tokens, "nats_per_pair": event.nats}}

    line = resume_line(session, "train-w2v", source, draft.name)
    with Stop() as stop:
        fit = Fit(session.terminal, checkpoint, stop, lambda: pack(training.state()), keep, line, _loss_text, "word")
        fit.keep_last = plan.run.patience is None
        return fit.follow(training.events(), training.progress)


def _loss_text(nats: float) -> str:
    return f"loss {nats:.4f} nats per pair"


def _report(
    session: Session, training: VectorTraining, draft: Draft, words: Words, why: str, seconds: float, as_json: bool
) -> None:
    from seqcli.cli.vectors.tables import note_few_words

    assert draft.record is not None
    p, held_out = training.progress, draft.record.results["held_out"]
    if as_json:
        session.terminal.document(document_of(draft, seconds, p.seconds, training.words_per_second, "word"))
    session.terminal.note(
        f"Done in {duration(p.seconds)} ({why}): {p.update:,} updates, {training.words_per_second:,.0f} words/s. "
        f"Held-out {_loss_text(held_out['nats_per_pair'])} over {held_out['pairs']:,} pairs."
    )
    note_few_words(session, draft.record)
    where = os.path.relpath(draft.directory)
    tip = ["seqcli", "neighbors", tips.content_word(words.names), "-m", draft.name]
    session.terminal.note(f"Model: {where}. Try:", tip)
