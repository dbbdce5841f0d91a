"""The command that trains a translator: train-translate."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace as replaced
from typing import TYPE_CHECKING, Any

import click

from seqcli.cli import tips
from seqcli.cli.completion import complete_file, complete_model
from seqcli.cli.fitting import (
    Done,
    Fit,
    Stop,
    check_resume,
    ends,
    is_longer,
    is_over,
    name_of,
    say_finished,
    take_up,
    training_options,
)
from seqcli.cli.options import Session, check_given, command, option, spec_options
from seqcli.cli.preparing import Plan, begin_torch, checkpoint_of, make_plan
from seqcli.cli.translation.fitted import fit_dropout
from seqcli.cli.translation.opening import translation_record, translations_of, translator_of
from seqcli.cli.translation.outcome import bleu_tokenizer, figures, nats_text, quality_figures, report
from seqcli.cli.translation.reading import REVERSE, PairSource, files_of_sides, pairs_entry, read_pair_corpus
from seqcli.errors import MisuseError
from seqcli.spec import PairsTextSpec, TranslationRunSpec, TranslationSpec

if TYPE_CHECKING:
    from seqcli.progress import Evaluated
    from seqcli.store import Draft, Record
    from seqcli.text.bucketed import PairBatches
    from seqcli.text.parallel import PairCorpus
    from seqcli.training import Training

BUDGET = {"minutes": 15.0, "epochs": 30.0}  # where neither is given: 29,000 pairs still gained at the 20th


@command(
    epilog="Examples: seqcli train-translate train.en train.de --minutes 15;  seqcli train-translate pairs.tsv, "
    "then: seqcli translate 'A man is walking his dog.'",
)
@click.argument("texts", nargs=-1, required=True, metavar="SOURCE [TARGET]", shell_complete=complete_file)
@training_options
@option(
    "--monolingual", multiple=True, metavar="FILE", help="Target text without translations: --reverse-model makes them."
)
@option(
    "--reverse",
    is_flag=True,
    help="Train the other direction too, afterwards and as long, as NAME-reverse; in --json it is `reverse`.",
)
@option(
    "--reverse-model",
    metavar="NAME",
    shell_complete=complete_model,
    help="A translator from target to source, for --monolingual.",
)
@spec_options(PairsTextSpec)
@spec_options(TranslationSpec, leave_out=("architecture",))
@spec_options(TranslationRunSpec, leave_out=("unroll",))
@click.pass_obj
def train_translate(
    session: Session,
    /,
    texts: tuple[str, ...],
    name: str | None,
    valid: tuple[str, ...],
    like: str | None,
    resume: bool,
    replace: bool,
    as_json: bool,
    monolingual: tuple[str, ...],
    reverse: bool,
    reverse_model: str | None,
    **params: Any,
) -> None:
    """Train a translator on pairs: two files, line by line, or one whose lines are source, TAB, target.

    --valid is given twice for two files. It stops by itself when held-out pairs get no better, keeps the best weights,
    and measures them by BLEU and chrF. Text of the target language alone helps too, once a translator of the other
    direction has made sources for it (--monolingual).
    """
    check_resume(resume, replace=replace, like=like)
    check_given(params, PairsTextSpec, TranslationSpec, TranslationRunSpec)
    if bool(monolingual) != bool(reverse_model):
        raise MisuseError("--monolingual and --reverse-model go together; give both.")
    if reverse and monolingual:
        raise MisuseError("--reverse trains both directions on pairs; leave out --monolingual.")
    name = name or name_of(texts)
    if reverse_model:
        translation_record(session, reverse_model)  # before the pairs are read
    source = PairSource(texts, valid, session.text_form, monolingual, reverse_model or "", reverse)
    sources = {name: source} | ({name + REVERSE: replaced(source, turned=True)} if reverse else {})
    plan = None if resume else _plan(session, None, like, params)
    shelf = session.shelf
    with ExitStack() as opened:  # both names from the start: what is refused of the second is refused before the first
        drafts, plans = [], []
        for one in sources:
            going = resume and (one == name or one in shelf.names())
            drafts.append(opened.enter_context(shelf.open(one, replace=replace, resume=going, task="translation")))
            pattern = name if resume and not going else like  # who goes on does not repeat the settings
            plans.append(plan or _plan(session, drafts[-1].record, pattern, params))
        found = [_train(session, sources[d.name], d, p) for d, p in zip(drafts, plans, strict=True)]
    documents = [document for document in found if document is not None]
    if as_json and documents:
        more = {"reverse": documents[1]} if len(documents) > 1 else {}
        session.terminal.document({**documents[0], **more})


def _plan(session: Session, record: Record | None, like: str | None, params: dict[str, Any]) -> Plan:
    """Return the settings of the training that is asked for."""
    plan = make_plan(session, record, like, params, "seq2seq", BUDGET)
    if plan.run.subword_regularisation and plan.text.tokenizer != "subwords":
        raise MisuseError(
            f"--subword-regularisation cuts subwords, and --tokenizer {plan.text.tokenizer} has none; "
            "give --subword-regularisation 0."
        )
    return plan


def _train(session: Session, source: PairSource, draft: Draft, plan: Plan) -> dict[str, Any] | None:
    """Train one direction, and say what came of it; return its object of --json, None where nothing was left to do."""
    began, name, record = time.monotonic(), draft.name, draft.record
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
    why = _fit(session, source, plan, corpus, training, draft)
    session.shelf.set_default(name, only_first=True)
    example = tips.sentence(corpus.held_out_pairs.source[place] for place in corpus.held_out.places)
    return report(session, draft, _done(training, why), time.monotonic() - began, example)


def _batches(plan: Plan, corpus: PairCorpus) -> PairBatches:
    """Return the batches of a training, cut anew at every update where that is asked for."""
    from seqcli.text.bucketed import PairBatches
    from seqcli.text.recutting import Recutting

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
    from seqcli.models.seq2seq import Translator
    from seqcli.progress import Progress
    from seqcli.store.training_state import training_state
    from seqcli.text.bucketed import HeldOutPairs
    from seqcli.training import Training

    model = Translator(plan.spec, *sizes, plan.text.joint)
    training = Training(model, batches, HeldOutPairs(corpus.held_out.source, corpus.held_out.target), plan.run)
    if record is not None and longer:
        training.go_longer(record.arrays("weights", table), record.progress)
    elif record is not None and "state" not in record.files:
        training.progress = Progress(**record.progress)  # stopped while its translations were measured
    elif record is not None:
        take_up(training, record, lambda: training_state(record, table))
    return training


def _fit(session: Session, source: PairSource, plan: Plan, corpus: PairCorpus, training: Training, draft: Draft) -> str:
    """Run the training, saving as it goes, then measure the best weights; return why it ended."""
    from seqcli.store import pack

    entry = pairs_entry(source, corpus)
    checkpoint = checkpoint_of(draft, plan, entry, files_of_sides(corpus), ("weights", "history"))

    def keep_best(event: Evaluated) -> None:
        checkpoint.files["weights"] = pack(training.weights())
        checkpoint.results = {"held_out": figures(event.nats, event.tokens, corpus.held_out.unknown_rate)}

    line = source.resume_line(session, draft.name)
    with Stop() as stop:
        training.stop = stop.asked
        fit = Fit(session.terminal, checkpoint, stop, lambda: pack(training.state()), keep_best, line, nats_text)
        why = fit.follow(training.events(), training.progress)
        if stop.asked():
            fit.leave(training.progress)
    try:
        checkpoint.results["held_out"] |= _measured(session, corpus, draft)
    except (KeyboardInterrupt, SystemExit):
        session.terminal.note(f"The weights are saved, their translations not measured. Go on with: {line}")
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
    began = time.perf_counter()
    search(model, some, how, best_only=True)
    tokens = sum(map(len, corpus.held_out.target)) / len(sources)
    return (time.perf_counter() - began) * tokens / MORE * len(sources) / len(some)


def _measured(session: Session, corpus: PairCorpus, draft: Draft) -> dict[str, Any]:
    """Translate the held-out sources with the weights that are kept, as `translate` would, and score them."""
    from seqcli.metrics import quality
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
