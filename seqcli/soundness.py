"""Whether every command can open a model: each part of it is read as the command that needs it reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqcli.errors import DamagedError
from seqcli.language.load import stored_model
from seqcli.store.tokenizer import tokenizer_of

if TYPE_CHECKING:
    from seqcli.store import Record
    from seqcli.vectors.table import Table


def check_opens(record: Record) -> None:
    """Raise SeqcliError, naming the file or the key, for what a command could not open. Every byte of it was hashed."""
    if not record.progress.get("finished"):
        record.filename("state")  # from which its training goes on
    ways = {
        "lm": _language,
        "vectors": _vectors,
        "translation": _translation,
        "dialogue": _dialogue,
        "fill": _fill,
        "sentences": _sentences,
    }
    ways[record.task](record)


def _language(record: Record) -> None:
    from seqcli.language.arrays import carried_table, language_table
    from seqcli.language.mixture.kept_shares import check_kept
    from seqcli.language.settings import LanguageSpec
    from seqcli.training.state import training_state

    size = len(record.vocabulary())
    tokenizer_of(record)
    stored_model(record, size)
    check_kept(record)
    if "state" in record.files and isinstance(record.spec, LanguageSpec):
        training_state(record, language_table(record.spec, size), carried_table(record))


def _vectors(record: Record) -> None:
    from seqcli.vectors.load import outputs_of, table_of
    from seqcli.vectors.settings import VectorsSpec

    table = table_of(record)
    tokenizer_of(record)
    if "index" in record.files:
        _check_index(record, table)
    if isinstance(record.spec, VectorsSpec):
        outputs_of(record, len(table))
        rows = len(table) + (record.spec.buckets if record.spec.subwords else 0)
        shapes = {"inputs": rows, "outputs": len(table)}
        if "state" in record.files:
            record.arrays("state", {name: ("F32", (n, record.spec.embedding_size)) for name, n in shapes.items()})


def _check_index(record: Record, table: Table) -> None:
    """Raise DamagedError for an index that is not one of a model's table; the library is not asked."""
    from seqcli.vectors.graph_file import fault

    what = fault(record.load("index"), table)
    if what:
        raise DamagedError(f"{record.where('index')} cannot be used: {what}; build it again with index-vectors.")


def _translation(record: Record) -> None:
    from seqcli.training.state import training_state
    from seqcli.translation.arrays import translation_table
    from seqcli.translation.load import sides_of, translator_of

    translator_of(record)
    if "state" in record.files:
        source, target = sides_of(record)
        sizes = len(source.vocabulary), len(target.vocabulary)
        training_state(record, translation_table(record.spec, *sizes, record.text.joint))


def _dialogue(record: Record) -> None:
    from seqcli.dialogue.arrays import DialogueArrays
    from seqcli.dialogue.shapes import dialogue_table
    from seqcli.training.state import training_state

    size = len(record.vocabulary())
    tokenizer_of(record)
    DialogueArrays.stored(record, size)
    if "state" in record.files:
        training_state(record, dialogue_table(record.spec, size))


def _fill(record: Record) -> None:
    from seqcli.fill.arrays import fill_table
    from seqcli.fill.load import fill_of
    from seqcli.fill.proofreading.stored import calibration_of, confusions_of
    from seqcli.training.state import training_state

    asked = fill_of(record)
    if "words" in record.files:
        confusions_of(record, asked.vocabulary)
    if "calibration" in record.files:
        calibration_of(record)
    if "state" in record.files:
        training_state(record, fill_table(record.spec, len(record.vocabulary())))


def _sentences(record: Record) -> None:
    from seqcli.sentences.arrays import sentences_table
    from seqcli.sentences.load import Asked
    from seqcli.training.state import training_state

    asked = Asked(record)
    if "state" in record.files:
        training_state(record, sentences_table(record.spec, len(asked.vocabulary)))
