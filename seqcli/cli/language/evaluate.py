"""The command that measures: evaluate."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from seqcli.cli.language.outcome import figures
from seqcli.cli.opening import language_record, tokenizer_of
from seqcli.cli.options import Number, Session, asked_models, command, complete_model, option, output_options
from seqcli.errors import DamagedError, MisuseError, quoted
from seqcli.spec import LanguageSpec, NgramSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seqcli.store import Record

    Ids = NDArray[np.int32]
    Report = Callable[[int], None]

MANY_UNKNOWN = 0.2  # share of unknown tokens from which a perplexity says little about the model


@command(epilog="Example: seqcli evaluate austen --test emma.txt --json")
@click.argument("models", nargs=-1, metavar="[MODEL]...", shell_complete=complete_model)
@option("--test", multiple=True, required=True, metavar="FILE", help="The text to measure on.")
@option("--encoding", default="utf-8", metavar="NAME", help="Encoding of the text.  [default: utf-8]")
@option("--threads", type=Number(int), metavar="N", help="CPU threads.  [default: all that this process may use]")
@output_options
@click.pass_obj
def evaluate(
    session: Session, /, models: tuple[str, ...], test: tuple[str, ...], encoding: str, threads: int | None
) -> None:
    """Measure models on a text: perplexity, nats per token, bits per character.

    Every token is predicted, the end of every line (or paragraph) included, from all that stands before it up to some
    1,000 tokens. Figures do not depend on how the text is batched. Perplexities of models with different vocabularies
    cannot be compared; bits per character can.
    """
    if threads is not None and not 1 <= threads <= 1024:
        raise MisuseError(f"--threads is {threads}; give a number from 1 to 1,024.")
    columns = ("model", "tokens", "unknown_rate", "nats_per_token", "perplexity", "bits_per_character")
    seen: dict[int, str] = {}
    with session.terminal.results(*columns) as out:
        for name in asked_models(models):
            row = _measure(session, name, test, encoding, threads, seen)
            out.add(*(row[column] for column in columns))
            out.flush()


def _measure(
    session: Session,
    name: str | None,
    test: tuple[str, ...],
    encoding: str,
    threads: int | None,
    seen: dict[int, str],
) -> dict[str, str | int | float]:
    """Return the figures of one model; `seen` holds a model for each size of vocabulary met so far."""
    from seqcli.text.corpus import encode, read_pieces

    record = language_record(session, name)
    vocabulary = record.vocabulary()
    pieces = read_pieces(test, encoding, folder=os.fspath(session.shelf.root))
    encoded = encode(pieces, tokenizer_of(record), vocabulary, record.text.unit)
    if seen and len(vocabulary) not in seen:
        session.terminal.note(
            f"Note: {quoted(record.name)} and {quoted(next(iter(seen.values())))} have different vocabularies: compare "
            "their bits per character, not their perplexities."
        )
    seen.setdefault(len(vocabulary), record.name)
    if encoded.unknown_rate > MANY_UNKNOWN:
        session.terminal.note(
            f"Note: {encoded.unknown_rate:.0%} of the tokens are unknown to {quoted(record.name)}; is --tokenizer "
            f"{record.text.tokenizer} right for this text?"
        )
    with session.terminal.bar(len(encoded.ids), "measuring", "token") as bar:
        nats = MEASURES[type(record.spec)](record, len(vocabulary), encoded.ids, threads, bar.to)
    if not math.isfinite(nats):
        raise DamagedError(
            f"The weights of {quoted(record.name)} are too large to compute with; train it anew with --replace."
        )
    count = len(encoded.ids)
    return {"model": record.name, **figures(nats / count, count, encoded.unknown_rate, encoded.characters)}


def _by_network(record: Record, vocabulary_size: int, ids: Ids, threads: int | None, report: Report) -> float:
    """Return the nats that a recurrent model needs for a text."""
    import torch

    from seqcli.inference import language_table
    from seqcli.models.language import LanguageModel
    from seqcli.text.batches import Segments
    from seqcli.training import evaluate as measure

    torch.set_num_threads(threads or len(os.sched_getaffinity(0)))
    arrays = record.arrays("weights", language_table(record.spec, vocabulary_size))
    model = LanguageModel(record.spec, vocabulary_size)
    model.load_state_dict({key: torch.from_numpy(value.copy()) for key, value in arrays.items()})
    return measure(model, Segments(ids), report=report)[0]


def _by_counts(record: Record, vocabulary_size: int, ids: Ids, threads: int | None, report: Report) -> float:
    """Return the nats that an n-gram model needs for a text; one thread is all it uses."""
    from seqcli.ngram.arrays import NgramArrays

    return NgramArrays.stored(record, vocabulary_size).nats(ids, report)


MEASURES = {LanguageSpec: _by_network, NgramSpec: _by_counts}
