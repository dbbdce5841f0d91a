"""A translator trained, and measured at the end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from seqcli.training.checkpoint import checkpoint_of, take_up
from seqcli.training.follow import Done, Fit, ends
from seqcli.training.memory import begin_torch
from seqcli.training.plan import Plan
from seqcli.training.resumption import is_longer, is_over, say_finished
from seqcli.training.stop import Stop
from seqcli.translation.figures import bleu_tokenizer, figures, nats_text, quality_figures
from seqcli.translation.fit_to_time import fit_dropout
from seqcli.translation.load import translations_of, translator_of
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


def train_direction(
    session: Session, source: PairSource, draft: Draft, plan: Plan, line: list[str]
) -> tuple[Done, PairCorpus] | None:
    """Train one direction; return what came of it, None where nothing was left to do.

    line: the words of the command that goes on with it.
    """
    began, record = time.monotonic(), draft.record
    corpus = read_pair_corpus(session, source, plan.text, record)
    plan = Plan(corpus.text, plan.spec, plan.run)
    longer = is_longer(record, plan.run)
    if record is not None and is_over(record) and not longer:
        say_finished(session, record)
        return None
    batches = _batches(plan, corpus)
    plan = fit_dropout(session, plan, corpus, batches)
    training = _make(session, plan, corpus, batches, record, longer)
    after = _measuring_seconds(plan, corpus, training) if plan.run.minutes is not None else 0.0
    training.ends = ends(session, plan.run.minutes, began, after)
    why = _fit(session, source, plan, corpus, training, draft, line)
    session.shelf.set_default(draft.name, only_first=True)
    return _done(training, why), corpus


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
    from seqcli.training.progress import Progress
    from seqcli.training.state import training_state
    from seqcli.translation.batches import HeldOutPairs
    from seqcli.translation.model import Translator

    model = Translator(plan.spec, *sizes, plan.text.joint)
    training = Training(model, batches, HeldOutPairs(corpus.held_out.source, corpus.held_out.target), plan.run)
    if record is not None and longer:
        training.go_longer(record.arrays("weights", table), record.progress)
    elif record is not None and "state" not in record.files:
        training.progress = Progress(**record.progress)  # stopped while its translations were measured
    elif record is not None:
        take_up(training, record, lambda: training_state(record, table))
    return training


def _fit(
    session: Session,
    source: PairSource,
    plan: Plan,
    corpus: PairCorpus,
    training: Training,
    draft: Draft,
    line: list[str],
) -> str:
    """Run the training, saving as it goes, then measure the best weights; return why it ended."""
    from seqcli.store import pack

    entry = pairs_entry(source, corpus)
    checkpoint = checkpoint_of(draft, plan, entry, files_of_sides(corpus), ("weights", "history"))

    def keep_best(event: Evaluated) -> None:
        checkpoint.files["weights"] = pack(training.weights())
        checkpoint.results = {"held_out": figures(event.nats, event.tokens, corpus.held_out.unknown_rate)}

    with Stop() as stop:
        training.stop = stop.asked
        fit = Fit(session, checkpoint, stop, lambda: pack(training.state()), keep_best, line, nats_text)
        why = fit.follow(training.events(), training.progress)
        if stop.asked():
            fit.leave(training.progress)
    try:
        checkpoint.results["held_out"] |= _measured(session, corpus, draft)
    except (KeyboardInterrupt, SystemExit):
        session.note(f"The weights are saved, their translations not measured. Go on with: {line}")
        raise
    checkpoint.save(training.progress, None)
    return why


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


def _measured(session: Session, corpus: PairCorpus, draft: Draft) -> dict[str, Any]:
    """Translate the held-out sources with the weights that are kept, as `translate` would, and score them."""
    from seqcli.translation.metrics import quality
    from seqcli.translation.search import Searching

    assert draft.record is not None
    pairs = corpus.held_out_pairs.part(corpus.held_out.places)
    translations = translations_of(session, translator_of(draft.record), pairs.source, Searching())
    scores = quality(translations, pairs.target, bleu_tokenizer(pairs.target))
    return quality_figures(scores, len(pairs))


def _done(training: Training, why: str) -> Done:
    p = training.progress
    done = Done(p.seconds, p.tokens, why, "")
    what = f"{p.update:,} updates, {done.speed:,.0f} target tokens/s. Best at update {p.best_update:,}"
    return done._replace(what=what)
