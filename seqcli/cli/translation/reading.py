"""Pairs read for a command, and what is said of them; a stored translator's two sides."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from seqcli.cli.fitting import Source, check_corpus
from seqcli.cli.options import Session
from seqcli.errors import MisuseError, quoted
from seqcli.spec import TASKS

if TYPE_CHECKING:
    from seqcli.store import Record
    from seqcli.text.pairs import Pairs
    from seqcli.text.parallel import PairCorpus
    from seqcli.text.sides import Side

FEW_PAIRS = 2_000  # below this a model learns its own pairs by heart, little else


def translation_record(session: Session, name: str | None) -> Record:
    """Return the record of a translator. Raises MisuseError for a model that answers other questions."""
    record = session.shelf.read(name)
    if record.task != "translation":
        raise MisuseError(f"{quoted(record.name)} {TASKS[record.task]}; name a translator, made by train-translate.")
    return record


def sides_of(record: Record) -> tuple[Side, Side]:
    """Return source and target side of a model; one and the same where they were learned together."""
    if record.text.joint:
        both = _side(record, "")
        return both, both
    return _side(record, "source-"), _side(record, "target-")


def _side(record: Record, which: str) -> Side:
    from seqcli.text import tokens
    from seqcli.text.sides import Side

    role = f"{which}tokenizer"
    learned = record.load(role) if role in record.files else None
    tokenizer = tokens.make(record.text.tokenizer, record.text.lowercase, learned)
    return Side(tokenizer, record.vocabulary(f"{which}vocabulary"))


def files_of_sides(corpus: PairCorpus) -> dict[str, bytes]:
    """Return what a model stores of its sides, by role."""
    sides = {"": corpus.source} if corpus.text.joint else {"source-": corpus.source, "target-": corpus.target}
    files = {f"{which}vocabulary": side.vocabulary.to_bytes() for which, side in sides.items()}
    models = {f"{which}tokenizer": side.tokenizer.model for which, side in sides.items()}
    return files | {role: model for role, model in models.items() if model is not None}


def read_pair_corpus(session: Session, source: Source, text: Any, record: Record | None) -> PairCorpus:
    """Read and encode the pairs, and say what they are. record: the training that goes on."""
    from seqcli.text.pairs import cut_held_out, read_pairs
    from seqcli.text.parallel import build

    pairs = read_pairs(source.texts, source.encoding)
    if source.valid:
        train, held_out = pairs, read_pairs(source.valid, source.encoding)
    else:
        train, held_out = cut_held_out(pairs, text.held_out)
    if record is not None:
        check_corpus(record.corpus, train.sha256, held_out.sha256, record.name)
    corpus = build(train, held_out, text, sides_of(record) if record is not None else None)
    _describe(session, source, pairs, train, corpus)
    return corpus


def _describe(session: Session, source: Source, pairs: Pairs, train: Pairs, corpus: PairCorpus) -> None:
    note = session.terminal.note
    learned, held_out = len(corpus.train.source), len(corpus.held_out.source)
    held = ", ".join(source.valid) if source.valid else "cut from them"
    note(f"Pairs: {learned:,}, {corpus.train.tokens:,} tokens, to learn from; {held_out:,} held out ({held}).")
    if pairs.empty:
        note(f"Note: {pairs.empty:,} of {pairs.lines:,} lines have an empty side and are left out.")
    if len(train) > learned:
        note(f"Note: {len(train) - learned:,} pairs of over {corpus.text.longest} tokens (--longest) are left out.")
    sizes = [len(side.vocabulary) for side in (corpus.source, corpus.target)]
    shown = f"{sizes[0]:,} tokens for both" if corpus.text.joint else f"{sizes[0]:,} and {sizes[1]:,} tokens"
    note(f"Vocabulary: {shown}; unknown: {corpus.held_out.unknown_rate:.2%} of the held-out target.")
    if learned < FEW_PAIRS:
        note(f"Note: {learned:,} pairs are very few; expect the pairs themselves, little else.")


def pairs_entry(source: Source, corpus: PairCorpus) -> dict[str, Any]:
    """Return what a record says of the pairs: no path of them."""
    names = [os.path.basename(os.path.abspath(path)) if path != "-" else "-" for path in source.texts]
    return {
        "name": names[0],
        "target_name": names[-1],
        "sha256": corpus.train.sha256,
        "lines": len(corpus.train.source),
        "tokens": corpus.train.tokens,
        "usual_source": corpus.train.usual_source,
        "held_out": os.path.basename(source.valid[0]) if source.valid else "cut from the pairs",
        "held_out_sha256": corpus.held_out.sha256,
        "held_out_tokens": sum(map(len, corpus.held_out.target)),
    }
