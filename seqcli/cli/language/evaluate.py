"""The command that measures: evaluate."""

from __future__ import annotations

import math
import os
from typing import NamedTuple

import click

from seqcli.cli.completion import complete_model
from seqcli.cli.language.paired import compare_models
from seqcli.cli.options import Number, asked_models, command, mixing_options, option, output_options, reading_options
from seqcli.cli.session import Session
from seqcli.errors import DamagedError, MisuseError, quoted
from seqcli.language.figures import figures
from seqcli.language.load import language_record
from seqcli.language.mixture.blend import Blend
from seqcli.language.mixture.choice import blend_of
from seqcli.language.mixture.kept_shares import check_writable
from seqcli.language.mixture.kept_shares import keep as keep_shares
from seqcli.language.paired_comparison import Measured, tokens_seen
from seqcli.store.tokenizer import tokenizer_of
from seqcli.text.form import Form

MANY_UNKNOWN = 0.1  # share of unknown tokens from which a perplexity says little about the model


class Reading(NamedTuple):
    """What is read, and how."""

    test: tuple[str, ...]
    fit_on: tuple[str, ...]
    keep: bool
    form: Form
    threads: int | None
    paired: bool


@command(
    epilog="Examples: seqcli evaluate austen --test emma.txt --json;  seqcli evaluate a b --test emma.txt --paired;  "
    "seqcli evaluate austen --mix counts --cache neural --fit-on valid.txt --test emma.txt",
)
@click.argument("models", nargs=-1, metavar="[MODEL]...", shell_complete=complete_model)
@option("--test", multiple=True, required=True, metavar="FILE", help="The text to measure on.")
@reading_options
@option("--threads", type=Number(int), metavar="N", help="CPU threads.  [default: the processors that are free]")
@option("--paired", is_flag=True, help="Compare the first model with each other, line by line: how sure is it?")
@option("--per-character", is_flag=True, help="Compare bits per character, which models of any tokens have.")
@option("--fit-on", multiple=True, metavar="FILE", help="Fit weights and cache to this text.", panel="Mixture")
@option("--keep", "keep", is_flag=True, help="Keep what was fitted in the model.", panel="Mixture")
@mixing_options
@output_options
@click.pass_obj
def evaluate(
    session: Session,
    /,
    models: tuple[str, ...],
    test: tuple[str, ...],
    fit_on: tuple[str, ...],
    keep: bool,
    threads: int | None,
    paired: bool,
    per_character: bool,
) -> None:
    """Measure models on a text: perplexity, nats per token, bits per character.

    Every token is predicted, the end of every line (or paragraph) included, from all that stands before it up to some
    1,000 tokens. Figures do not depend on how the text is batched. Perplexities of models with different vocabularies
    cannot be compared; bits per character can.

    --mix, --cache and --dynamic are measured together with each model. --fit-on chooses their weights and settings on
    another text and says how to give them by hand; --keep puts them into the model, for every later answer.

    --paired tells how much less the first model costs than another on the same lines (or paragraphs), with a 95 %
    confidence interval, and p, the chance of such a difference between models that are equally good.
    """
    if threads is not None and not 1 <= threads <= 1024:
        raise MisuseError(f"--threads is {threads}; give a number from 1 to 1,024.")
    if keep and not fit_on:
        raise MisuseError("--keep keeps what --fit-on FILE has fitted; give both.")
    if per_character and not paired:
        raise MisuseError("--per-character belongs to --paired; bits per character are among the figures anyway.")
    if paired and len(models) < 2:
        raise MisuseError("--paired compares models; name two or more.")
    for name in asked_models(models):
        language_record(session, name)  # before the first is measured
    reading, seen = Reading(test, fit_on, keep, session.text_form, threads, paired), dict[bytes, str]()
    if paired:
        return compare_models(session, [_measured(session, name, reading, seen) for name in models], per_character)
    columns = ("model", "tokens", "unknown_rate", "nats_per_token", "perplexity", "bits_per_character")
    with session.terminal.results(*columns) as out:
        for name in asked_models(models):
            one = _measured(session, name, reading, seen)
            encoded, count = one.encoded, len(one.logs)
            row = figures(-float(one.logs.sum()) / count, count, encoded.unknown_rate, encoded.characters)
            out.add(one.name, *(row[column] for column in columns[1:]))
            out.flush()


def _measured(session: Session, name: str | None, reading: Reading, seen: dict[bytes, str]) -> Measured:
    """Measure the text under one model; `seen` holds a model for each vocabulary and cut of the text met so far."""
    from seqcli.language.mixture.token_logs import token_logs
    from seqcli.text.corpus import encode, read_pieces

    blend = blend_of(session, name, session.mixing, use_kept=not reading.fit_on)
    record = blend.records[0]
    vocabulary = record.vocabulary()
    pieces = read_pieces(reading.test, reading.form, folder=os.fspath(session.shelf.root))
    encoded = encode(pieces, tokenizer_of(record), vocabulary, record.text.unit)
    same = tokens_seen(vocabulary, encoded.ids)
    if seen and same not in seen and not reading.paired:
        session.note(
            f"Note: {quoted(record.name)} and {quoted(next(iter(seen.values())))} have different vocabularies: compare "
            "their bits per character, not their perplexities."
        )
    seen.setdefault(same, record.name)
    if encoded.unknown_rate > MANY_UNKNOWN:
        session.note(
            f"Note: {encoded.unknown_rate:.0%} of the tokens are unknown to {quoted(record.name)}, and all of them one "
            "easy guess: its figures flatter. Is the text of another kind, or --tokenizer "
            f"{record.text.tokenizer} wrong for it?"
        )
    if blend.free and reading.fit_on:
        blend = _fitted(session, blend, encoded.sha256, reading)
    elif "weights" in blend.free:
        session.note("Note: every model has the same weight; --fit-on FILE finds better ones.")
    with session.bar(len(encoded.ids) * len(blend.records), "measuring", "token") as bar:
        logs = token_logs(blend, encoded.ids, reading.threads or session.spare.count(), bar.to)
    if not math.isfinite(float(logs.sum())):
        raise DamagedError(
            f"The weights of {quoted(record.name)} are too large to compute with; train it anew with --replace."
        )
    return Measured(blend.name, vocabulary, encoded, logs, pieces, record.text.unit)


def _fitted(session: Session, blend: Blend, measured: str, reading: Reading) -> Blend:
    """Choose what --mix and --cache left open on the text of --fit-on; measured: sha256 of the text to measure."""
    from seqcli.language.mixture.token_logs import FIT_TOKENS, fitted
    from seqcli.text.corpus import encode, read_pieces

    record = blend.records[0]
    if reading.keep:
        check_writable(session, record.name)
    encoded = encode(
        read_pieces(reading.fit_on, reading.form), tokenizer_of(record), record.vocabulary(), record.text.unit
    )
    if encoded.sha256 == measured:
        raise MisuseError("--fit-on is the very text that is measured, which flatters; fit on another.")
    if any(encoded.sha256 == other.corpus.get("sha256") for other in blend.records):
        session.note("Note: --fit-on is a text that a model learned from; shares that suit new text differ.")
    ids = encoded.ids[:FIT_TOKENS]
    with session.bar(len(ids) * len(blend.records), "fitting", "token") as bar:
        blend = fitted(blend, ids, reading.threads or session.spare.count(), bar.to)
    session.note(f"Fitted on {len(ids):,} tokens; the same again: {blend.typed}")
    if reading.keep:
        keep_shares(session, blend)
    return blend
