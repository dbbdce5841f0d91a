"""The model of sentences that a command asks, and how a sentence is written for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seqcli.cli.inputs import batches_of_texts, note_joined
from seqcli.cli.questions import add_empty, answer_each
from seqcli.cli.session import Session

if TYPE_CHECKING:
    from seqcli.cli.terminal import Results
    from seqcli.sentences.answers import Sentences


def asked_sentences(session: Session, model: str | None) -> Sentences:
    """Return the model of sentences of the shelf by a name."""
    from seqcli.sentences.answers import open_sentences

    return open_sentences(session, model)


def answer_each_sentence(
    session: Session, column: str, text: tuple[str, ...], model: str | None, file: str | None, answer: Any
) -> None:
    """Write a sentence for each sentence: plain lines, or records of both."""
    note_joined(session, text)

    def add(out: Results, asked: Sentences, lines: Sequence[str], first: int) -> None:
        full = [line for line in lines if line.strip()]
        found = iter(answer(full, asked) if full else [])
        rows = [next(found) if line.strip() else "" for line in lines]
        if not session.terminal.output:
            session.terminal.texts(rows)
            return
        for line, row in zip(lines, rows, strict=True):
            if line.strip():
                out.add(line, row)
            else:
                add_empty(out, line)

    answer_each(
        session, ("sentence", column), batches_of_texts(text, file), lambda: asked_sentences(session, model), add
    )
