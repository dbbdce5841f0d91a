"""train-lm with an n-gram model: counted, measured on held-out text, and saved, in one go."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from seqcli.language.figures import figures
from seqcli.quantities import size
from seqcli.training.driver import Done
from seqcli.training.plan import Plan
from seqcli.training.source import Source, corpus_entry, corpus_files, memory_of

if TYPE_CHECKING:
    from seqcli.language.ngram.counting import Workplace
    from seqcli.session import Session
    from seqcli.store import Draft
    from seqcli.text.corpus import Corpus

BYTES_SORTED = 80  # of an n-gram that is sorted with others, its places and copies of them
BYTES_PER_TOKEN = 26  # of the text, for each order: 130 in all were measured at order 5, where most n-grams are new


def count_ngrams(session: Session, source: Source, plan: Plan, corpus: Corpus, draft: Draft) -> Done:
    """Count a text, save the model, and say what came of it."""
    from seqcli.language.ngram.arrays import NgramArrays
    from seqcli.language.ngram.smoothing import FALLBACK, train
    from seqcli.store import pack
    from seqcli.training.progress import Progress

    began, order, vocabulary = time.monotonic(), plan.spec.order, len(corpus.vocabulary)
    place = _place(session, source, order, len(corpus.train.ids))
    with session.bar(None, "counting", "token"):
        found = train(corpus.train.ids, order, vocabulary, (1, 1, plan.spec.ngram_min_count), place=place)
    if found.guessed:
        orders, used = ", ".join(map(str, found.guessed)), ", ".join(map(str, FALLBACK))
        session.note(f"Note: too few n-grams to estimate the discounts of order {orders}: {used} are used.")
    held_out = corpus.held_out
    with session.bar(len(held_out.ids), "measuring", "token") as bar:
        nats = NgramArrays(order, found.arrays).nats(held_out.ids, bar.to) / len(held_out.ids)
    seconds = time.monotonic() - began
    files = {**corpus_files(corpus), "counts": pack(found.arrays)}
    progress = Progress(tokens=len(corpus.train.ids), seconds=seconds, best_nats=nats, finished="the text is counted")
    draft.save(
        task="lm",
        architecture=plan.spec.architecture,
        text=plan.text,
        spec=plan.spec,
        run=plan.run,
        corpus=corpus_entry(source, corpus),
        results={"held_out": figures(nats, len(held_out.ids), held_out.unknown_rate, held_out.characters)},
        progress=asdict(progress),
        files=files,
    )
    ngrams = sum(len(array) for name, array in found.arrays.items() if name.startswith("log_probabilities"))
    what = f"{ngrams:,} n-grams of 1 to {order} tokens, {size(len(files['counts']))}"
    return Done(seconds, progress.tokens / max(seconds, 1e-9), progress.finished, what)


def _place(session: Session, source: Source, order: int, tokens: int) -> Workplace:
    """Return where n-grams are sorted: on the disk where --memory, or half of what is free, does not suffice."""
    from seqcli.language.ngram.counting import IN_MEMORY, Workplace

    memory, needed = memory_of(source), BYTES_PER_TOKEN * order * tokens
    if memory is None or needed <= memory:
        return IN_MEMORY
    most = max(memory // BYTES_SORTED, 1)
    session.note(
        f"Counting takes {size(needed)} of memory, and {size(memory)} may be used (--memory): "
        f"{most:,} n-grams are sorted at a time, the rest is kept in files."
    )
    return Workplace(os.fspath(session.shelf.root), most)
