"""Word vectors that become a model: read from another program's file, or made smaller; and what they leave it with."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from seqcli.errors import ModelError
from seqcli.quantities import size
from seqcli.vectors.formats import Learned, VectorsFile, read
from seqcli.vectors.load import outputs_of, save_table
from seqcli.vectors.quantise import measure, quantise
from seqcli.vectors.settings import VectorsSpec
from seqcli.vectors.table import Table

if TYPE_CHECKING:
    from seqcli.session import Session
    from seqcli.store import Draft, Record
    from seqcli.vectors.answers import WordVectors


def import_table(
    session: Session,
    draft: Draft,
    file: str,
    reading: tuple[str | None, int | None, str, str | None],
    subwords: bool,
    quantize: str,
) -> VectorsFile:
    """Take in a file of vectors, and return what was kept of it; reading: how, as `vectors.formats.read` takes it."""
    found = read(file, *reading)
    if not subwords:
        found.subwords = None
    _fit_shelf(found)
    for note in found.notes:
        session.note(f"Note: {note}.")
    arrays = _quantised(session, found, quantize)
    save_table(draft, found, quantize, corpus=_corpus(file, found), arrays=arrays)
    return found


def make_smaller(session: Session, vectors: WordVectors, draft: Draft, method: str) -> None:
    """Save word vectors as a smaller model, having said what that costs. method: int8 or pq."""
    table, record = vectors.table, vectors.record
    found = VectorsFile("seqcli", list(table.words), table.matrix, table.subwords, table.counts)
    save_table(draft, found, method, corpus=record.corpus, arrays=_quantised(session, found, method), source=record)


def _fit_shelf(found: VectorsFile) -> None:
    """Change what a vocabulary on the shelf cannot hold: spaces in a word become _, and <unk> has no vector."""
    spaced = sum(" " in word or "\t" in word for word in found.words)
    if spaced:
        found.notes.append(f"{spaced} words with a space in them were joined with _")
    index: dict[str, int] = {}
    for row, word in enumerate(found.words):
        index.setdefault(word.replace(" ", "_").replace("\t", "_"), row)
    if index.pop("<unk>", None) is not None:
        found.notes.append("the word <unk> was left out: it stands for unknown words")
    lost = len(found.words) - len(index) - ("<unk>" in found.words)
    if lost:
        found.notes.append(f"{lost} words became equal by that: of each the first was kept")
    if not index:
        raise ModelError("Only <unk> is in the file; give one with words.")
    if len(index) < len(found.words):
        kept = np.fromiter(index.values(), np.int64, len(index))
        found.matrix = found.matrix[kept]
        found.counts = None if found.counts is None else found.counts[kept]
    found.words = list(index)


def _corpus(file: str, found: VectorsFile) -> dict[str, Any]:
    with open(file, "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    tokens = 0 if found.counts is None else int(found.counts.sum())
    return {"name": os.path.basename(file), "sha256": digest, "lines": len(found.words), "tokens": tokens}


def _quantised(session: Session, found: VectorsFile, method: str) -> dict[str, Any] | None:
    """Return the quantised arrays, having said what they cost; None where nothing is to be quantised."""
    if method == "none":
        return None
    arrays = quantise(found.matrix, method)
    loss = measure(Table(found.words, found.matrix), arrays)
    session.note(
        f"{method}: {size(loss.bytes_before)} become {size(loss.bytes_after)}. On {loss.words:,} words, similarities "
        f"to their ten nearest words change by {loss.similarity_error:.5f} on average, and {loss.neighbors_kept:.1%} "
        "of those stay among the ten."
    )
    return arrays


def learned_of(record: Record, table: Table) -> Learned:
    """Return what a model knows beside its words' vectors."""
    learned = Learned(table.subwords, table.counts)
    if not isinstance(record.spec, VectorsSpec):
        return learned
    spec, sampled = record.spec, record.spec.output == "negative-sampling"
    return replace(
        learned,
        outputs=outputs_of(record, len(table)) if sampled and "weights" in record.files else None,
        skip_gram=spec.architecture == "skip-gram",
        window=spec.window,
        negatives=spec.negatives,
        subsample=spec.subsample,
        epochs=max(round(record.run.epochs or 5), 1),
        min_count=record.text.min_count or 1,
    )
