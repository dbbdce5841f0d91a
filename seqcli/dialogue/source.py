"""The text of a training of dialogues: read and encoded, and what is said of it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seqcli.training.source import Source, check_corpus, tokenizer_note

if TYPE_CHECKING:
    from seqcli.dialogue.corpus import DialogueCorpus
    from seqcli.session import Session
    from seqcli.store import Record


@dataclass(frozen=True)
class DialogueSource(Source):
    """Where dialogues come from: also the word vectors that a training begins with."""

    embeddings: str = field(default="", metadata={"asked": True})


TOO_FEW = 20  # dialogues to hold one out of; long ones are cut
FEW_DIALOGUES = 1_000  # below this a model learns its own dialogues by heart, little else


def read_dialogue_corpus(
    session: Session, source: Source, text: Any, record: Record | None, origin: Record | None = None
) -> DialogueCorpus:
    """Read and encode the dialogues, and say what they are.

    record: the training that goes on. origin: the model whose tokens come first, and those of the text behind them.
    """
    from seqcli.dialogue.corpus import build
    from seqcli.dialogue.dialogues import cut_held_out, in_parts
    from seqcli.dialogue.reading import read_dialogues
    from seqcli.store.tokenizer import tokenizer_of

    found = read_dialogues(source.texts, source.form)
    if source.valid:
        train, held_out = found, read_dialogues(source.valid, source.form)
    else:
        if len(found) < TOO_FEW and any(len(one) > text.turns for one in found):
            found = in_parts(found, text.turns)
            session.note(
                f"Note: the dialogues are few and long; they are cut into {len(found):,} of {text.turns} turns."
            )
        train, held_out = cut_held_out(found, text.held_out)
    first = record or origin
    known = (tokenizer_of(first), first.vocabulary()) if first is not None else None
    corpus = build(train, held_out, text, known, extend=record is None)
    if record is not None:
        check_corpus(record.corpus, corpus.train.sha256, corpus.held_out.sha256, record.name)
    _describe(session, source, corpus)
    return corpus


def _describe(session: Session, source: Source, corpus: DialogueCorpus) -> None:
    note, train, held_out = session.note, corpus.train, corpus.held_out
    if corpus.why:
        note(tokenizer_note(corpus.text.tokenizer, corpus.why))
    held = ", ".join(source.valid) if source.valid else "cut from them"
    note(
        f"Dialogues: {len(train.dialogues):,}, {train.utterances:,} utterances, {train.tokens:,} tokens, to learn "
        f"from; {len(held_out.dialogues):,} held out ({held})."
    )
    note(
        f"Vocabulary: {len(corpus.vocabulary):,} tokens seen at least {corpus.text.min_count} times; unknown: "
        f"{train.unknown_rate:.2%} of the text, {held_out.unknown_rate:.2%} of the held-out part."
    )
    if len(train.dialogues) < FEW_DIALOGUES:
        note(f"Note: {len(train.dialogues):,} dialogues are very few; expect the dialogues themselves, little else.")


def dialogues_entry(source: Source, corpus: DialogueCorpus) -> dict[str, Any]:
    """Return what a record says of the dialogues: no path of them."""
    first, valid = source.texts[0], source.valid
    return {
        "name": "-" if first == "-" else os.path.basename(os.path.abspath(first)),
        "sha256": corpus.train.sha256,
        "lines": corpus.train.utterances,
        "tokens": corpus.train.tokens,
        "unknown_rate": corpus.train.unknown_rate,
        "held_out": os.path.basename(valid[0]) if valid else "cut from the dialogues",
        "held_out_sha256": corpus.held_out.sha256,
        "held_out_tokens": corpus.held_out.tokens,
    }
