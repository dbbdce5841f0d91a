"""A text measured under a language model, and what was left open of a mixture fitted to another."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqcli.errors import DamagedError, MisuseError, quoted
from seqcli.language.answer_settings import Measuring
from seqcli.language.paired_comparison import Measured

if TYPE_CHECKING:
    from seqcli.language.mixture.blend import Blend
    from seqcli.session import Session
    from seqcli.text.corpus import Encoded
    from seqcli.text.form import Form
    from seqcli.text.pieces import Pieces

MANY_UNKNOWN = 0.1  # share of unknown tokens from which a perplexity says little about the model


@dataclass(frozen=True)
class Reading:
    """What is read, and how: files, or lines that are here already."""

    files: Sequence[str]
    lines: Iterable[str] | None
    form: Form
    how: Measuring


def measured(session: Session, blend: Blend, reading: Reading) -> Measured:
    """Measure a text under a model: the log-probability of every token. Raises DamagedError for weights too large."""
    from seqcli.language.mixture.token_logs import token_logs

    record = blend.records[0]
    pieces, encoded = _read(session, blend, reading)
    if encoded.unknown_rate > MANY_UNKNOWN:
        session.note(
            f"Note: {encoded.unknown_rate:.0%} of the tokens are unknown to {quoted(record.name)}, and all of them one "
            "easy guess: its figures flatter. Is the text of another kind, or --tokenizer "
            f"{record.text.tokenizer} wrong for it?"
        )
    if blend.free and reading.how.fit_on:
        blend = _fitted(session, blend, encoded.sha256, reading)
    elif "weights" in blend.free:
        session.note("Note: every model has the same weight; --fit-on FILE finds better ones.")
    with session.bar(len(encoded.ids) * len(blend.records), "measuring", "token") as bar:
        logs = token_logs(blend, encoded.ids, reading.how.threads or session.spare.count(), bar.to)
    if not math.isfinite(float(logs.sum())):
        raise DamagedError(
            f"The weights of {quoted(record.name)} are too large to compute with; train it anew with --replace."
        )
    return Measured(blend.name, record.vocabulary(), encoded, logs, pieces, record.text.unit)


def _read(session: Session, blend: Blend, reading: Reading) -> tuple[Pieces, Encoded]:
    """Read the text and write it in the ids of a model."""
    from seqcli.store.tokenizer import tokenizer_of
    from seqcli.text.corpus import encode, pieces_of_lines, read_pieces

    record = blend.records[0]
    if reading.lines is None:
        pieces = read_pieces(reading.files, reading.form, folder=os.fspath(session.shelf.root))
    else:
        pieces = pieces_of_lines(reading.lines)
    return pieces, encode(pieces, tokenizer_of(record), record.vocabulary(), record.text.unit)


def _fitted(session: Session, blend: Blend, measured: str, reading: Reading) -> Blend:
    """Choose what --mix and --cache left open on the text of --fit-on; measured: sha256 of the text to measure."""
    from seqcli.language.mixture.kept_shares import check_writable, keep
    from seqcli.language.mixture.token_logs import FIT_TOKENS, fitted

    if reading.how.keep:
        check_writable(session, blend.records[0].name)
    _, encoded = _read(session, blend, Reading(reading.how.fit_on, None, reading.form, reading.how))
    if encoded.sha256 == measured:
        raise MisuseError("--fit-on is the very text that is measured, which flatters; fit on another.")
    if any(encoded.sha256 == other.corpus.get("sha256") for other in blend.records):
        session.note("Note: --fit-on is a text that a model learned from; shares that suit new text differ.")
    ids = encoded.ids[:FIT_TOKENS]
    with session.bar(len(ids) * len(blend.records), "fitting", "token") as bar:
        blend = fitted(blend, ids, reading.how.threads or session.spare.count(), bar.to)
    session.note(f"Fitted on {len(ids):,} tokens; the same again: {blend.typed}")
    if reading.how.keep:
        keep(session, blend)
    return blend
